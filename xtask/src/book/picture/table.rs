//! What the pictures show.

use super::bars::{Bar, Bars};
use super::sequence::Sequence;
use super::sequence::Step::{Fails, Note, Says};
use super::timeline::{Row, Span, Timeline};
use super::{Picture, Shape};

/// Every picture, sorted by name.
pub(super) const PICTURES: &[Picture] = &[
    Picture {
        name: "affinity",
        title: "Three replicas: the id is minted by B, and only B knows it",
        shape: Shape::Sequence(Sequence {
            actors: &["client", "proxy", "replica A", "replica B"],
            steps: &[
                Says(0, 1, "POST initialize, no session id"),
                Says(1, 3, "nothing to hash: any replica"),
                Says(3, 0, "200, Mcp-Session-Id: 7f3…"),
                Note("A hash of 7f3… names a replica at random: in two sessions of three, not B"),
                Says(0, 1, "POST tools/call, 7f3…"),
                Fails(1, 2, "hash(7f3…) is A"),
                Fails(2, 0, "404: A never saw this session"),
                Note("A proxy that learned the id from B's answer sends it to B"),
            ],
        }),
    },
    Picture {
        name: "chain-timeouts",
        title: "A silent tool call through a chain: the shortest limit ends it, whoever set it",
        shape: Shape::Bars(Bars {
            mark: (75, "a 75 s tool call"),
            rows: &[
                Bar {
                    name: "Envoy route, default",
                    seconds: 15,
                    class: "short",
                    text: "15 s",
                },
                Bar {
                    name: "HAProxy in Debian, default",
                    seconds: 50,
                    class: "short",
                    text: "50 s",
                },
                Bar {
                    name: "nginx read, default",
                    seconds: 60,
                    class: "short",
                    text: "60 s",
                },
                Bar {
                    name: "AWS ALB idle, default",
                    seconds: 60,
                    class: "short",
                    text: "60 s",
                },
                Bar {
                    name: "Cloudflare read, default",
                    seconds: 120,
                    class: "long",
                    text: "120 s",
                },
                Bar {
                    name: "AWS ALB idle, at most",
                    seconds: 4000,
                    class: "long",
                    text: "4000 s",
                },
                Bar {
                    name: "Propylon head, default",
                    seconds: 600,
                    class: "long",
                    text: "10 min",
                },
            ],
        }),
    },
    Picture {
        name: "http-sse",
        title: "2024-11-05, HTTP with SSE: two addresses, and the first event names the second",
        shape: Shape::Sequence(Sequence {
            actors: &["client", "proxy", "server"],
            steps: &[
                Says(0, 2, "GET /sse"),
                Says(2, 0, "event: endpoint, data: /messages?session_id=7f3…"),
                Note(
                    "Behind a prefix this address must be rewritten, and it must reach the same replica",
                ),
                Says(0, 2, "POST /messages?session_id=7f3…   tools/call"),
                Says(2, 0, "202"),
                Says(2, 0, "on the GET stream: event: message, the result"),
            ],
        }),
    },
    Picture {
        name: "legacy-session",
        title: "2025-03-26 to 2025-11-25: a session, a stream of its own, calls that may stream",
        shape: Shape::Sequence(Sequence {
            actors: &["client", "proxy", "server"],
            steps: &[
                Says(0, 2, "POST initialize"),
                Says(2, 0, "200, Mcp-Session-Id: 7f3…"),
                Note("From here on every request carries Mcp-Session-Id and MCP-Protocol-Version"),
                Says(0, 2, "POST notifications/initialized"),
                Says(2, 0, "202"),
                Says(0, 2, "GET, Accept: text/event-stream"),
                Says(2, 0, "200 text/event-stream, quiet for hours"),
                Says(0, 2, "POST tools/call"),
                Says(2, 0, "200 text/event-stream: progress, progress, result"),
                Note("A dropped stream is not a cancellation: GET with Last-Event-ID resumes it"),
                Says(0, 2, "DELETE"),
            ],
        }),
    },
    Picture {
        name: "modern-call",
        title: "2026-07-28: no session; headers repeat the body; closing the stream cancels",
        shape: Shape::Sequence(Sequence {
            actors: &["client", "proxy", "server"],
            steps: &[
                Says(0, 2, "POST  Mcp-Method: tools/call  Mcp-Name: get_weather"),
                Note(
                    "A proxy may route by these headers; the server refuses them when the body says otherwise",
                ),
                Says(2, 0, "200 text/event-stream: progress, progress, result"),
                Says(0, 2, "POST  Mcp-Method: subscriptions/listen"),
                Says(
                    2,
                    0,
                    "200 text/event-stream: acknowledged, then quiet for hours",
                ),
                Says(0, 2, "POST  Mcp-Method: tools/call  Mcp-Name: slow_report"),
                Fails(0, 1, "client closes the stream"),
                Says(1, 2, "closes too: the cancellation"),
            ],
        }),
    },
    Picture {
        name: "quiet-stream",
        title: "A quiet event stream and the idle limits over it: a comment now and then keeps all of them away",
        shape: Shape::Timeline(Timeline {
            end: 180,
            ticks: &[0, 60, 120, 180],
            rows: &[
                Row {
                    name: "no comments",
                    spans: &[
                        Span {
                            from: 0,
                            to: 60,
                            class: "long",
                            text: "quiet",
                        },
                        Span {
                            from: 60,
                            to: 180,
                            class: "short",
                            text: "cut by the first 60 s idle limit",
                        },
                    ],
                },
                Row {
                    name: "one every 45 s",
                    spans: &[
                        Span {
                            from: 0,
                            to: 45,
                            class: "long",
                            text: ":",
                        },
                        Span {
                            from: 46,
                            to: 90,
                            class: "long",
                            text: ":",
                        },
                        Span {
                            from: 91,
                            to: 135,
                            class: "long",
                            text: ":",
                        },
                        Span {
                            from: 136,
                            to: 180,
                            class: "long",
                            text: ":",
                        },
                    ],
                },
                Row {
                    name: "one every 15 s",
                    spans: &[
                        Span {
                            from: 0,
                            to: 15,
                            class: "long",
                            text: "",
                        },
                        Span {
                            from: 16,
                            to: 30,
                            class: "long",
                            text: "",
                        },
                        Span {
                            from: 31,
                            to: 45,
                            class: "long",
                            text: "",
                        },
                        Span {
                            from: 46,
                            to: 60,
                            class: "long",
                            text: "",
                        },
                        Span {
                            from: 61,
                            to: 75,
                            class: "long",
                            text: "",
                        },
                        Span {
                            from: 76,
                            to: 90,
                            class: "long",
                            text: "",
                        },
                        Span {
                            from: 91,
                            to: 105,
                            class: "long",
                            text: "",
                        },
                        Span {
                            from: 106,
                            to: 120,
                            class: "long",
                            text: "",
                        },
                        Span {
                            from: 121,
                            to: 135,
                            class: "long",
                            text: "",
                        },
                        Span {
                            from: 136,
                            to: 150,
                            class: "long",
                            text: "",
                        },
                        Span {
                            from: 151,
                            to: 165,
                            class: "long",
                            text: "",
                        },
                        Span {
                            from: 166,
                            to: 180,
                            class: "long",
                            text: "",
                        },
                    ],
                },
            ],
        }),
    },
    Picture {
        name: "tool-call",
        title: "A 90 s tool call that reports progress every 20 s, seen through three proxies",
        shape: Shape::Timeline(Timeline {
            end: 120,
            ticks: &[0, 20, 40, 60, 80, 100, 120],
            rows: &[
                Row {
                    name: "passed on",
                    spans: &[
                        Span {
                            from: 0,
                            to: 20,
                            class: "long",
                            text: "",
                        },
                        Span {
                            from: 20,
                            to: 40,
                            class: "long",
                            text: "20 %",
                        },
                        Span {
                            from: 40,
                            to: 60,
                            class: "long",
                            text: "40 %",
                        },
                        Span {
                            from: 60,
                            to: 80,
                            class: "long",
                            text: "60 %",
                        },
                        Span {
                            from: 80,
                            to: 90,
                            class: "long",
                            text: "80 %",
                        },
                    ],
                },
                Row {
                    name: "buffered",
                    spans: &[Span {
                        from: 0,
                        to: 90,
                        class: "short",
                        text: "nothing, then all at once",
                    }],
                },
                Row {
                    name: "silent, 60 s limit",
                    spans: &[Span {
                        from: 0,
                        to: 60,
                        class: "short",
                        text: "cut at 60 s; the tool goes on",
                    }],
                },
            ],
        }),
    },
];

//! How servers refuse what a proxy on the way did to a request: one table for the log, the metric and the reference.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// One answer that gives a known fault away.
#[derive(Clone, Copy, Debug)]
pub struct Sign {
    /// Its stable id.
    pub id: &'static str,
    /// The practice that was broken, by the id that every form of Propylon has for it.
    pub practice: &'static str,
    /// The statuses it comes with.
    pub statuses: &'static [u16],
    pub(crate) clue: Clue,
    pub(crate) arrived: Arrived,
    /// What has happened.
    pub words: &'static str,
    /// The setting that cures it, where it is one of ours.
    pub key: Option<&'static str>,
    /// What to do.
    pub cure: &'static str,
}

/// What is looked for in an answer besides its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clue {
    /// Nothing: the status says it.
    Status,
    /// One of these words at the beginning of the body, in any case.
    Says(&'static [&'static str]),
    /// A redirect to the same path with, or without, a slash at its end.
    Slash,
    /// A page for people.
    Page,
    /// No body, where a response is due.
    Nothing,
    /// A body that is no JSON-RPC message.
    NotRpc,
}

/// What the request had when it arrived here: it tells whether the fault is in front of us or behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// Whatever it had.
    Anyhow,
    /// `Accept` with both types that a POST must have,
    WithAccept,
    /// or without one of them.
    WithoutAccept,
    /// A legacy request with `Mcp-Session-Id`,
    WithSession,
    /// or one without, and no `initialize`.
    WithoutSession,
    /// `MCP-Protocol-Version`,
    WithVersion,
    /// or none, and no `initialize`.
    WithoutVersion,
    /// A modern request.
    Modern,
}

const ACCEPT: &str = "the server wants application/json and text/event-stream in Accept";
const NO_SESSION: &str = "the server asks for a session id";
const HOST: &[&str] = &[
    "invalid host",
    "host header",
    "host is not allowed",
    "host not allowed",
];
const NOT_THERE: &[&str] = &[
    "session id required",
    "session-id header is required",
    "missing session",
];
const HEADERS: &[&str] = &[
    "header or cookie too large",
    "header fields too large",
    "request header too large",
];
const NO_ENDPOINT: &str = "there is no MCP endpoint at the path that the server is asked for";

/// Every sign. Of those that fit an answer the first counts.
pub const SIGNS: &[Sign] = &[
    Sign {
        id: "host-misdirected",
        practice: "host-rewritten",
        statuses: &[421],
        clue: Clue::Status,
        arrived: Arrived::Anyhow,
        words: "the server does not know the Host it is sent",
        key: Some("upstreams.<name>.host"),
        cure: "`host: upstream` sends the one in its URL, `host: NAME` a fixed one; or allow the outside name at the server",
    },
    Sign {
        id: "host-forbidden",
        practice: "host-rewritten",
        statuses: &[400, 403],
        clue: Clue::Says(HOST),
        arrived: Arrived::Anyhow,
        words: "the server does not know the Host it is sent",
        key: Some("upstreams.<name>.host"),
        cure: "`host: upstream` sends the one in its URL, `host: NAME` a fixed one; or allow the outside name at the server",
    },
    Sign {
        id: "accept-lost-in-front",
        practice: "accept-rewritten",
        statuses: &[406],
        clue: Clue::Status,
        arrived: Arrived::WithoutAccept,
        words: ACCEPT,
        key: None,
        cure: "the request came here without one of them: mend the client, or the proxy in front that sets Accept",
    },
    Sign {
        id: "accept-lost-behind",
        practice: "accept-rewritten",
        statuses: &[406],
        clue: Clue::Status,
        arrived: Arrived::WithAccept,
        words: ACCEPT,
        key: None,
        cure: "the request left here with both: look for what sets Accept between here and the server",
    },
    Sign {
        id: "redirect-to-slash",
        practice: "redirect-drops-body",
        statuses: &[301, 302, 303, 307, 308],
        clue: Clue::Slash,
        arrived: Arrived::Anyhow,
        words: "the server's endpoint is at the same path with a slash at its end, or without",
        key: Some("upstreams.<name>.url"),
        cure: "it is asked there from now on; write the URL that way to spare the first client the redirect",
    },
    Sign {
        id: "session-lost-in-front",
        practice: "session-header-lost",
        statuses: &[400],
        clue: Clue::Says(&["session", "not initialized"]),
        arrived: Arrived::WithoutSession,
        words: NO_SESSION,
        key: None,
        cure: "the request came here without Mcp-Session-Id: mend the client, or let the proxy in front pass the header both ways",
    },
    Sign {
        id: "session-lost-behind",
        practice: "session-header-lost",
        statuses: &[400],
        clue: Clue::Says(NOT_THERE),
        arrived: Arrived::WithSession,
        words: NO_SESSION,
        key: None,
        cure: "the request left here with Mcp-Session-Id: look for what drops it between here and the server",
    },
    Sign {
        id: "session-unknown",
        practice: "dead-session-status",
        statuses: &[400],
        clue: Clue::Says(&["session"]),
        arrived: Arrived::WithSession,
        words: "the server answers 400 where the session is over; only 404 makes clients begin a new one",
        key: Some("upstreams.<name>.affinity.lost_status"),
        cure: "have the server answer 404, or write `lost_status: [400]` so that its clients see one",
    },
    Sign {
        id: "version-lost-in-front",
        practice: "version-header-lost",
        statuses: &[400],
        // A server of both eras takes a modern request without the header for a legacy one.
        clue: Clue::Says(&[
            "protocol-version",
            "protocol version",
            "session",
            "not initialized",
        ]),
        arrived: Arrived::WithoutVersion,
        words: "the server asks for MCP-Protocol-Version",
        key: None,
        cure: "the request came here without it: mend the client, or let the proxy in front pass the header",
    },
    Sign {
        id: "version-lost-behind",
        practice: "version-header-lost",
        statuses: &[400],
        clue: Clue::Says(&[
            "missing mcp-protocol-version",
            "mcp-protocol-version header is missing",
            "mcp-protocol-version header is required",
            "mcp-protocol-version is missing",
        ]),
        arrived: Arrived::WithVersion,
        words: "the server asks for MCP-Protocol-Version",
        key: None,
        cure: "the request left here with it: look for what drops it between here and the server",
    },
    Sign {
        id: "params-lost",
        practice: "param-headers-lost",
        statuses: &[400],
        clue: Clue::Says(&["mcp-param"]),
        arrived: Arrived::Modern,
        words: "the server misses an Mcp-Param-* header, or does not find the argument in it",
        key: Some("upstreams.<name>.mirror"),
        cure: "every one that comes here leaves here: mend the client, or look for what drops or rewrites headers on either side",
    },
    Sign {
        id: "names-lost",
        practice: "method-headers-lost",
        statuses: &[400],
        clue: Clue::Says(&["mcp-method", "mcp-name"]),
        arrived: Arrived::Modern,
        words: "the server misses Mcp-Method or Mcp-Name, or does not find in it what the body says",
        key: Some("upstreams.<name>.mirror"),
        cure: "under `mirror: enforce` requests leave here with both: look for what drops or rewrites them behind",
    },
    Sign {
        id: "body-too-large",
        practice: "body-limit-small",
        statuses: &[413],
        clue: Clue::Status,
        arrived: Arrived::Anyhow,
        words: "the server, or what stands before it, takes no body of that size",
        key: Some("limits.body_bytes"),
        cure: "raise its limit (nginx: client_max_body_size; express: the limit of json()), or lower limits.body_bytes to it, so that the refusal is ours and says why",
    },
    Sign {
        id: "head-too-large",
        practice: "header-limit-small",
        statuses: &[431],
        clue: Clue::Status,
        arrived: Arrived::Anyhow,
        words: "the server, or what stands before it, takes no headers of that size",
        key: Some("limits.header_bytes"),
        cure: "raise its limit (Node: --max-http-header-size; nginx: large_client_header_buffers), or lower limits.header_bytes to it",
    },
    Sign {
        id: "head-too-large-400",
        practice: "header-limit-small",
        statuses: &[400],
        clue: Clue::Says(HEADERS),
        arrived: Arrived::Anyhow,
        words: "the server, or what stands before it, takes no headers of that size",
        key: Some("limits.header_bytes"),
        cure: "raise its limit (Node: --max-http-header-size; nginx: large_client_header_buffers), or lower limits.header_bytes to it",
    },
    Sign {
        id: "page-for-response",
        practice: "endpoint-unrouted",
        statuses: &[200],
        clue: Clue::Page,
        arrived: Arrived::Anyhow,
        words: NO_ENDPOINT,
        key: Some("upstreams.<name>.url"),
        cure: "it answers with a page for people: the path of the URL is another application's, or a login stands before the server",
    },
    Sign {
        id: "nothing-for-response",
        practice: "endpoint-unrouted",
        statuses: &[200],
        clue: Clue::Nothing,
        arrived: Arrived::Anyhow,
        words: NO_ENDPOINT,
        key: Some("upstreams.<name>.url"),
        cure: "it answers 200 with nothing in it: a default route took the request; check the path of the URL",
    },
    Sign {
        id: "endpoint-not-found",
        practice: "endpoint-unrouted",
        statuses: &[404],
        clue: Clue::NotRpc,
        arrived: Arrived::Anyhow,
        words: NO_ENDPOINT,
        key: Some("upstreams.<name>.url"),
        cure: "it answers 404, and not as an MCP server does: the path of the URL takes the place of routes[].path; check both",
    },
];

/// How often each sign was seen in the answers of one upstream.
#[derive(Debug, Default)]
pub(crate) struct Diagnosed {
    /// Carried over reloads.
    counts: Arc<Counts>,
    /// Said once for each description: whoever changed it wants to know whether that was a cure.
    said: Flags,
}

type Counts = [AtomicU64; SIGNS.len()];
type Flags = [AtomicBool; SIGNS.len()];

impl Diagnosed {
    /// The same counts under a new description.
    pub(crate) fn carried_over(&self) -> Self {
        Self {
            counts: Arc::clone(&self.counts),
            said: Flags::default(),
        }
    }

    /// Counts a sign. True the first time.
    pub(crate) fn note(&self, sign: &'static Sign) -> bool {
        let index = SIGNS.iter().position(|known| known.id == sign.id);
        let Some((count, said)) =
            index.and_then(|index| self.counts.get(index).zip(self.said.get(index)))
        else {
            return false;
        };
        count.fetch_add(1, Ordering::Relaxed);
        !said.swap(true, Ordering::Relaxed)
    }

    /// How often each was seen.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static Sign, u64)> {
        let counts = self.counts.iter();
        SIGNS
            .iter()
            .zip(counts.map(|count| count.load(Ordering::Relaxed)))
    }
}

/// The table as a Markdown document, for the reference.
pub fn diagnosis_markdown() -> String {
    let mut text = String::from(
        "What a server's answer to a POST at its endpoint gives away about the way there. The answer itself is passed on \
         as it came.\nEach sign is counted in `propylon_diagnosed_total`, named in the access log, and explained in the \
         log the first time an\nupstream shows it. `propylon explain PRACTICE` says more, with the fix for other \
         products.\n\n| sign | practice | status | what has happened | what to do | setting |\n|---|---|---|---|---|---|\n",
    );
    for sign in SIGNS {
        let statuses: Vec<_> = sign.statuses.iter().map(u16::to_string).collect();
        let key = sign.key.map(|key| format!("`{key}`"));
        text.push_str(&format!(
            "| `{}` | `{}` | {} | {} | {} | {} |\n",
            sign.id,
            sign.practice,
            statuses.join(", "),
            sign.words,
            sign.cure,
            key.unwrap_or_default()
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Diagnosed, SIGNS};

    #[test]
    fn ids_are_unique_and_keys_are_settings() {
        for (index, sign) in SIGNS.iter().enumerate() {
            assert!(
                SIGNS[..index].iter().all(|other| other.id != sign.id),
                "{}",
                sign.id
            );
            let key = sign
                .key
                .is_none_or(|key| propylon_config::setting(key).is_some());
            assert!(key, "{}", sign.id);
        }
    }

    #[test]
    fn a_sign_is_said_once_for_each_description_and_counted_always() {
        let diagnosed = Diagnosed::default();
        let [first, second, ..] = SIGNS else {
            panic!("there are some")
        };
        assert!(diagnosed.note(first));
        assert!(!diagnosed.note(first));
        assert!(diagnosed.note(second));
        let reloaded = diagnosed.carried_over();
        assert!(reloaded.note(first));
        let counts: Vec<_> = reloaded.counts().map(|(_, count)| count).collect();
        assert_eq!(counts[..3], [3, 1, 0]);
    }
}

//! The draft deployment guide's own examples, made loadable, and what is known to be wrong with each.

use crate::chain::{Chain, Software};

/// One example at one of the paths a user would try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example {
    pub(crate) chain: Chain,
    /// What must be found.
    pub(crate) wrong: &'static [&'static str],
    /// What may be found besides: true of the example, and not among the defects that were measured by hand.
    pub(crate) also: &'static [&'static str],
}

const fn chain(
    name: &'static str,
    software: Software,
    path: &'static str,
    files: &'static [(&'static str, &'static str)],
) -> Chain {
    Chain {
        path,
        ..Chain::plain(name, software, files)
    }
}

const NGINX: &[(&str, &str)] = &[("nginx.conf", include_str!("guide/nginx.conf"))];
const CADDY: &[(&str, &str)] = &[("Caddyfile", include_str!("guide/Caddyfile"))];
const TRAEFIK: &[(&str, &str)] = &[
    ("traefik.yaml", include_str!("guide/traefik.yaml")),
    (
        "traefik-routes.yaml",
        include_str!("guide/traefik-routes.yaml"),
    ),
];

/// Every example. The nginx and Caddy ones serve `/mcp/` only, so they are tried without the slash too.
pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        chain: chain("guide-nginx", Software::Nginx, "/mcp/", NGINX),
        wrong: &[
            "body-limit-small",
            "forwarded-spoofable",
            "header-limit-small",
            "host-rewritten",
            "param-headers-lost",
            "passive-ejection",
            "redirect-drops-body",
            "session-scattered",
        ],
        also: &[
            "auth-metadata-unreachable",
            "health-missing",
            "keepalive-race",
            "origin-unchecked",
            "session-resumed-elsewhere",
            "task-scattered",
        ],
    },
    Example {
        chain: chain("guide-nginx-no-slash", Software::Nginx, "/mcp", NGINX),
        wrong: &["redirect-drops-body"],
        also: &["health-missing"],
    },
    Example {
        chain: chain("guide-caddy", Software::Caddy, "/mcp/", CADDY),
        wrong: &[
            "endpoint-unrouted",
            "last-event-id-lost",
            "param-headers-lost",
            "session-header-lost",
            "session-scattered",
            "version-header-lost",
        ],
        also: &[
            "auth-metadata-unreachable",
            "dead-session-status",
            "disconnect-not-propagated",
            "forwarded-spoofable",
            "header-limit-small",
            "health-missing",
            "keepalive-race",
            "origin-unchecked",
            "session-resumed-elsewhere",
            "task-scattered",
        ],
    },
    Example {
        chain: chain("guide-caddy-no-slash", Software::Caddy, "/mcp", CADDY),
        wrong: &["endpoint-unrouted"],
        also: &["health-missing"],
    },
    Example {
        chain: chain("guide-traefik", Software::Traefik, "/mcp", TRAEFIK),
        wrong: &["forwarded-spoofable", "session-scattered", "sse-compressed"],
        also: &[
            "auth-metadata-unreachable",
            "cors-headers-hidden",
            "dead-session-status",
            "health-missing",
            "keepalive-race",
            "origin-unchecked",
            "session-resumed-elsewhere",
            "task-scattered",
        ],
    },
];

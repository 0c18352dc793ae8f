//! The good chains: real products configured as well as they can be, Propylon, and our own relay.

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Software {
    Nginx,
    Haproxy,
    Caddy,
    Traefik,
    Envoy,
    Propylon,
    /// The fault-injecting relay of these tests.
    Relay,
}

/// How clients reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) const fn is_tls(self) -> bool {
        matches!(self, Self::Https)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The certificate a chain serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    Good,
    /// Good, but for a week only.
    EndsSoon,
    /// Its last day was in 2020.
    Expired,
    /// For another host.
    WrongName,
    /// Signed by nobody else.
    SelfSigned,
}

/// One chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    pub(crate) name: &'static str,
    pub(crate) software: Software,
    pub(crate) scheme: Scheme,
    pub(crate) certificate: Certificate,
    /// The path of the endpoint outside.
    pub(crate) path: &'static str,
    /// Configuration files: name and text, in which `{{listen}}`, `{{a}}` and so on are filled in.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// More arguments for the check.
    pub(crate) arguments: &'static [&'static str],
}

impl Chain {
    pub(crate) const fn plain(
        name: &'static str,
        software: Software,
        files: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            name,
            software,
            scheme: Scheme::Http,
            certificate: Certificate::Good,
            path: "/mcp",
            files,
            arguments: &[],
        }
    }
}

pub(crate) const NGINX: Chain = Chain::plain(
    "nginx",
    Software::Nginx,
    &[("nginx.conf", include_str!("good/nginx.conf"))],
);

pub(crate) const NGINX_TLS: Chain = Chain {
    scheme: Scheme::Https,
    ..Chain::plain(
        "nginx-tls",
        Software::Nginx,
        &[("nginx.conf", include_str!("good/nginx-tls.conf"))],
    )
};

pub(crate) const HAPROXY: Chain = Chain::plain(
    "haproxy",
    Software::Haproxy,
    &[("haproxy.cfg", include_str!("good/haproxy.cfg"))],
);

pub(crate) const HAPROXY_AUTH: Chain = Chain {
    arguments: &[
        "--header",
        "Authorization: Bearer alice",
        "--second-header",
        "Authorization: Bearer bob",
    ],
    ..Chain::plain(
        "haproxy-auth",
        Software::Haproxy,
        &[("haproxy.cfg", include_str!("good/haproxy-auth.cfg"))],
    )
};

pub(crate) const CADDY: Chain = Chain::plain(
    "caddy",
    Software::Caddy,
    &[("Caddyfile", include_str!("good/Caddyfile"))],
);

pub(crate) const TRAEFIK: Chain = Chain::plain(
    "traefik",
    Software::Traefik,
    &[
        ("traefik.yaml", include_str!("good/traefik.yaml")),
        (
            "traefik-routes.yaml",
            include_str!("good/traefik-routes.yaml"),
        ),
    ],
);

pub(crate) const ENVOY: Chain = Chain::plain(
    "envoy",
    Software::Envoy,
    &[("envoy.yaml", include_str!("good/envoy.yaml"))],
);

pub(crate) const PROPYLON: Chain = Chain::plain(
    "propylon",
    Software::Propylon,
    &[("propylon.yaml", include_str!("good/propylon.yaml"))],
);

/// Propylon with a limit of streams that the check is told of.
pub(crate) const PROPYLON_LIMITED: Chain = Chain {
    arguments: &["--streams-limit", "200"],
    ..Chain::plain(
        "propylon-limited",
        Software::Propylon,
        &[("propylon.yaml", include_str!("good/propylon-limited.yaml"))],
    )
};

pub(crate) const RELAY: Chain = Chain::plain("relay", Software::Relay, &[]);

/// Every good chain.
pub(crate) const GOOD: &[Chain] = &[
    NGINX,
    NGINX_TLS,
    HAPROXY,
    HAPROXY_AUTH,
    CADDY,
    TRAEFIK,
    ENVOY,
    PROPYLON,
    PROPYLON_LIMITED,
    RELAY,
];

//! The table of peers: how each is started, and what it has switched on.

use anyhow::Context;

/// One product in the comparison.
pub(super) struct Peer {
    /// Its name on the command line and in peers.json.
    pub(super) name: &'static str,
    /// Its name in the report.
    pub(super) label: &'static str,
    /// Files of bench/peers, rendered into the peer's folder.
    pub(super) templates: &'static [&'static str],
    /// Arguments, which name the rendered files.
    pub(super) arguments: &'static [&'static str],
    pub(super) environment: &'static [(&'static str, &'static str)],
    /// Arguments that make it print its version; empty for the bench's own.
    pub(super) version_arguments: &'static [&'static str],
    /// File of the peer's folder with a line per request, where it can write one.
    pub(super) access_log: Option<&'static str>,
    /// The share of its lines that may be missing.
    pub(super) log_loss_max: f64,
    /// Whether a session must stay with the instance that minted it.
    pub(super) sticky: bool,
    /// Whether its templates have a TLS listener.
    pub(super) tls: bool,
    /// What was switched on, for the report.
    pub(super) setup: &'static str,
}

pub(super) const DEFAULT: &str =
    "direct,floor,propylon,propylon-features,haproxy,nginx,envoy,traefik,caddy";
/// No proxy at all: what the bench itself costs in delay.
pub(super) const DIRECT: &str = "direct";
pub(super) const FLOOR: &str = "floor";

/// The Go products take as many threads as there are cores, unless told.
const GO: &[(&str, &str)] = &[
    ("GOMAXPROCS", "2"),
    ("HOME", "."),
    ("XDG_DATA_HOME", "."),
    ("XDG_CONFIG_HOME", "."),
];

const PEERS: &[Peer] = &[
    Peer {
        name: "caddy",
        label: "Caddy",
        templates: &["Caddyfile"],
        arguments: &["run", "--config", "Caddyfile", "--adapter", "caddyfile"],
        environment: GO,
        version_arguments: &["version"],
        access_log: Some("access.log"),
        log_loss_max: 0.0,
        sticky: false,
        tls: false,
        setup: "JSON access log to a file; no affinity; GOMAXPROCS=2",
    },
    Peer {
        name: DIRECT,
        label: "no proxy",
        templates: &[],
        arguments: &[],
        environment: &[],
        version_arguments: &[],
        access_log: None,
        log_loss_max: 0.0,
        sticky: true,
        tls: false,
        setup: "the load talks to one instance: the delay of the bench itself",
    },
    Peer {
        name: "envoy",
        label: "Envoy",
        templates: &["envoy.yaml"],
        arguments: &[
            "-c",
            "envoy.yaml",
            "--concurrency",
            "2",
            "--disable-hot-restart",
            "--log-level",
            "error",
        ],
        environment: &[],
        version_arguments: &["--version"],
        access_log: Some("access.log"),
        log_loss_max: 0.0,
        sticky: false,
        tls: true,
        setup: "JSON access log to a file; no affinity; 2 workers",
    },
    Peer {
        name: FLOOR,
        label: "raw TCP copy (the floor)",
        templates: &[],
        arguments: &[],
        environment: &[],
        version_arguments: &[],
        access_log: None,
        log_loss_max: 0.0,
        sticky: true,
        tls: false,
        setup: "copies bytes, one upstream connection per client connection; no log; 2 workers",
    },
    Peer {
        name: "haproxy",
        label: "HAProxy",
        templates: &["haproxy.cfg"],
        arguments: &["-db", "-f", "haproxy.cfg"],
        environment: &[],
        version_arguments: &["-v"],
        access_log: Some("stdout"),
        // Its threads share one output, and one that does not get it after many attempts drops its line and counts it.
        log_loss_max: 0.001,
        sticky: true,
        tls: true,
        setup: "HTTP access log to a file (its standard output, unbuffered); stick table; 2 threads",
    },
    Peer {
        name: "haproxy-quiet",
        label: "HAProxy without a log",
        templates: &["haproxy-quiet.cfg"],
        arguments: &["-db", "-f", "haproxy-quiet.cfg"],
        environment: &[],
        version_arguments: &["-v"],
        access_log: None,
        log_loss_max: 0.0,
        sticky: true,
        tls: true,
        setup: "no log; stick table; 2 threads",
    },
    Peer {
        name: "nginx",
        label: "nginx",
        templates: &["nginx.conf"],
        arguments: &["-p", ".", "-e", "error.log", "-c", "nginx.conf"],
        environment: &[],
        version_arguments: &["-v"],
        access_log: Some("access.log"),
        log_loss_max: 0.0,
        sticky: true,
        tls: true,
        setup: "access log to a file, buffered 64 KiB; sticky learn; 2 workers",
    },
    Peer {
        name: "propylon",
        label: "Propylon",
        templates: &["propylon.yaml"],
        arguments: &["serve", "-c", "propylon.yaml"],
        environment: &[],
        version_arguments: &["--version"],
        access_log: Some("access.log"),
        log_loss_max: 0.0,
        sticky: true,
        tls: true,
        setup: "JSON access log to a file; affinity, body peek and metrics; 2 workers",
    },
    Peer {
        name: "propylon-features",
        label: "Propylon with every feature on",
        templates: &["propylon-features.yaml"],
        arguments: &["serve", "-c", "propylon-features.yaml"],
        environment: &[],
        version_arguments: &["--version"],
        access_log: Some("access.log"),
        log_loss_max: 0.0,
        sticky: true,
        tls: true,
        setup: "as Propylon, with cache, CORS, rewritten metadata and a fixed Host; 2 workers",
    },
    Peer {
        name: "traefik",
        label: "Traefik",
        templates: &["traefik.yaml", "traefik-routes.yaml"],
        arguments: &["--configFile=traefik.yaml"],
        environment: GO,
        version_arguments: &["version"],
        access_log: Some("access.log"),
        log_loss_max: 0.0,
        sticky: false,
        tls: false,
        setup: "JSON access log to a file, buffered; no affinity; GOMAXPROCS=2",
    },
];

pub(super) fn find(name: &str) -> anyhow::Result<&'static Peer> {
    PEERS
        .iter()
        .find(|peer| peer.name == name)
        .with_context(|| {
            let known: Vec<&str> = names().collect();
            format!("no peer is called {name}; there are {}", known.join(", "))
        })
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PEERS.iter().map(|peer| peer.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::machine::workspace_root;

    #[test]
    fn the_table_is_sorted_and_its_templates_exist() {
        assert!(PEERS.is_sorted_by_key(|peer| peer.name));
        let folder = workspace_root().expect("a root").join("bench/peers");
        for template in PEERS.iter().flat_map(|peer| peer.templates) {
            assert!(
                folder.join(template).is_file(),
                "bench/peers/{template} is missing"
            );
        }
    }

    #[test]
    fn the_default_names_peers() {
        for name in DEFAULT.split(',') {
            assert!(find(name).is_ok(), "{name}");
        }
        assert!(find("apache").is_err());
    }
}

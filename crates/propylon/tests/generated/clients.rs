//! Real clients and the official conformance suite, through a product on generated files.

use std::net::SocketAddr;
use std::sync::OnceLock;

use crate::product::Product;
use crate::real::rmcp_client::{self, Abilities, Era};
use crate::real::scripts;
use crate::real::servers::{Kind, Server, replicas};
use crate::real::suite::counts;
use crate::real::walks::{check_calls, check_legacy, check_sessions, check_stayed, name};
use crate::stand::{SIMPLE, Stand};

/// The suite's scenarios come out as they do without the product, with one instance.
pub(crate) fn check_suite(product: &Product) {
    for (peer, args, scenarios_min) in [
        ("conformance-0.1", &["--suite", "all"][..], 30),
        ("conformance-0.2", &["--requirements", "2026-07-28"][..], 40),
    ] {
        let direct = {
            let server = Server::start(Kind::Conformance, "alpha");
            counts(peer, &server.url(), args)
        };
        assert!(direct.len() >= scenarios_min, "{direct:?}");
        let server = Server::start(Kind::Conformance, "alpha");
        let stand = Stand::start(product, &one_instance(), &[server.address()], "/mcp", None);
        let through = counts(peer, &stand.url("/mcp"), args);
        let differing = direct
            .iter()
            .filter(|(name, counts)| through.get(*name) != Some(counts));
        let differing: Vec<_> = differing
            .map(|(name, counts)| (name, counts, through.get(name)))
            .collect();
        assert!(
            differing.is_empty(),
            "{}: {peer}: scenario, direct, through: {differing:#?}\n{}",
            product.name,
            stand.output()
        );
    }
}

/// The clients of the Python, TypeScript and Rust SDKs, with three replicas, in both eras.
pub(crate) fn check_sdks(product: &Product) {
    let kind = Kind::PythonSdk;
    let addresses: Vec<SocketAddr> = servers().iter().map(Server::address).collect();
    let stand = Stand::start(product, SIMPLE, &addresses, "/mcp", None);
    let url = stand.url("/mcp");
    let python = scripts::python(&url, &["all", "--kind", name(kind)]);
    check_legacy(kind, &python);
    assert_eq!(python.at("resume")["text"], "resumed", "{}", product.name);
    // A product that chooses by the client's address gives all sessions of this machine to one instance.
    let spreads = !stand.gaps().contains(&"session-scattered");
    let check_sessions = if spreads {
        check_sessions
    } else {
        check_stayed
    };
    check_sessions(&scripts::python(&url, &["sessions", "--kind", name(kind)]));
    check_legacy(
        kind,
        &scripts::typescript(&url, &["all", "--kind", name(kind)]),
    );
    check_sessions(&scripts::typescript(
        &url,
        &["sessions", "--kind", name(kind)],
    ));
    rmcp_client::walk(&url, Era::Legacy, Abilities { listens: false });
    check_calls(&scripts::python(&url, &["all", "--era", "modern"]));
    check_calls(&scripts::typescript_modern(&url, &[]));
    rmcp_client::walk(&url, Era::Modern, Abilities { listens: true });
}

/// The replicas, shared by all products: they run until this process ends.
fn servers() -> &'static [Server] {
    static SERVERS: OnceLock<Vec<Server>> = OnceLock::new();
    SERVERS.get_or_init(|| replicas(Kind::PythonSdk))
}

/// The simple description with its first instance alone.
fn one_instance() -> String {
    let lines = SIMPLE
        .lines()
        .filter(|line| !line.contains(":9102/") && !line.contains(":9103/"));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

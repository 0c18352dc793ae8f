//! Chains that speak HTTP/2, towards clients by ALPN over TLS, and towards the server by prior knowledge.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use propylon_testkit::{Judgement, post_json};
use serde_json::json;

use crate::chain::{CADDY, Chain, ENVOY, HAPROXY, NGINX_TLS, Scheme, TRAEFIK};
use crate::judge::{QUICK, Scope, judge};
use crate::stand::Stand;
use crate::unheld::unheld;

/// A text of a chain's files, and what takes its place.
type Edits = &'static [(&'static str, &'static str)];

/// How many checks run at one time.
const AT_ONCE: usize = 2;

/// A good chain, with the edits that have it offer both versions over TLS.
struct Variant {
    chain: &'static Chain,
    edits: Edits,
    /// What may be found besides what the chain cannot hold over plain TCP.
    also: &'static [&'static str],
    /// The edit that lets a connection carry eight streams and no more.
    few_streams: (&'static str, &'static str),
}

const VARIANTS: &[Variant] = &[
    Variant {
        chain: &NGINX_TLS,
        edits: &[],
        also: &[],
        few_streams: (
            "http2_max_concurrent_streams 512;",
            "http2_max_concurrent_streams 8;",
        ),
    },
    Variant {
        chain: &HAPROXY,
        edits: HAPROXY_TLS,
        also: &[],
        few_streams: (
            "tune.h2.max-concurrent-streams 512",
            "tune.h2.max-concurrent-streams 8",
        ),
    },
    Variant {
        chain: &TRAEFIK,
        edits: &[
            ("http://{{listen}}", "https://{{listen}}"),
            (
                "      service: mcp\n",
                "      service: mcp\n      tls: {}\n",
            ),
            (
                "http:\n  routers:\n",
                "tls:\n  certificates:\n    - { certFile: \"{{dir}}/chain.pem\", keyFile: \"{{dir}}/key.pem\" }\n  \
                 stores:\n    default:\n      defaultCertificate: { certFile: \"{{dir}}/chain.pem\", keyFile: \"{{dir}}/key.pem\" }\n\
                 http:\n  routers:\n",
            ),
        ],
        // Traefik 3.7 loses the body of one small answer in some hundreds.
        also: &["error-body-replaced"],
        few_streams: (
            "    transport:\n      lifeCycle:",
            "    http2: { maxConcurrentStreams: 8 }\n    transport:\n      lifeCycle:",
        ),
    },
    Variant {
        chain: &ENVOY,
        edits: &[
            ("http://{{listen}}", "https://{{listen}}"),
            (
                "        - filters:\n",
                "        - transport_socket:\n            name: envoy.transport_sockets.tls\n            typed_config:\n              \
                 \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext\n              \
                 common_tls_context:\n                alpn_protocols: [h2, http/1.1]\n                \
                 tls_params: { tls_minimum_protocol_version: TLSv1_2, tls_maximum_protocol_version: TLSv1_3 }\n                \
                 tls_certificates:\n                  - certificate_chain: { filename: \"{{dir}}/chain.pem\" }\n                    \
                 private_key: { filename: \"{{dir}}/key.pem\" }\n          filters:\n",
            ),
        ],
        also: &[],
        few_streams: (
            "                stat_prefix: mcp\n",
            "                stat_prefix: mcp\n                http2_protocol_options: { max_concurrent_streams: 8 }\n",
        ),
    },
    Variant {
        chain: &CADDY,
        edits: CADDY_TLS,
        also: &[],
        // Caddy's 250 cannot be changed.
        few_streams: ("", ""),
    },
];

const HAPROXY_TLS: Edits = &[
    ("http://{{listen}}", "https://{{listen}}"),
    (
        "    bind {{listen}}\n",
        "    bind {{listen}} ssl crt {{dir}}/both.pem alpn h2,http/1.1 ssl-min-ver TLSv1.2\n",
    ),
];

const CADDY_TLS: Edits = &[
    ("http://{{listen}}", "https://{{listen}}"),
    (
        "https://{{listen}} {\n",
        "https://{{listen}} {\n\ttls {{dir}}/chain.pem {{dir}}/key.pem\n",
    ),
];

/// Chains whose own client speaks HTTP/2 to the server.
const UPSTREAM: &[(&Chain, Edits)] = &[
    (
        &CADDY,
        &[(
            "\ttransport http {\n",
            "\ttransport http {\n\t\tversions h2c\n",
        )],
    ),
    (
        &ENVOY,
        &[(
            "explicit_http_config: { http_protocol_options: {} }",
            "explicit_http_config: { http2_protocol_options: {} }",
        )],
    ),
];

const STREAMS: Scope = Scope {
    select: &["http2-stream-limit"],
    ..QUICK
};

fn over_tls(variant: &Variant) -> Chain {
    Chain {
        scheme: Scheme::Https,
        ..*variant.chain
    }
}

/// Does `one` for each of `all`, a few at a time, and gives what they complain of.
fn each<T: Sync>(all: &[T], one: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let complaints = Mutex::new(Vec::new());
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(item) =
                    all.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                {
                    let complaint = one(item);
                    complaints
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .extend(complaint);
                }
            });
        }
    });
    complaints
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
}

/// What is wrong with a run in front of a good chain, but for what the product cannot hold.
fn unclean(
    chain: &Chain,
    also: &[&'static str],
    judgement: &Judgement,
    stand: &Stand,
) -> Option<String> {
    let allowed: BTreeSet<&str> = unheld(chain.name)
        .into_iter()
        .chain(also.iter().copied())
        .collect();
    let failed = judgement.failed();
    let extra: Vec<String> = failed
        .iter()
        .filter(|id| !allowed.contains(*id))
        .map(|id| format!("{id}: {}", judgement.text(id)))
        .collect();
    let is_bad = judgement.trouble.is_some() || !extra.is_empty();
    is_bad.then(|| {
        format!(
            "{}: {:?}\n{}\n{}",
            chain.name,
            judgement.trouble,
            extra.join("\n"),
            stand.output()
        )
    })
}

/// The row that is measured over both versions says so when both were spoken.
fn unspoken(judgement: &Judgement) -> Option<String> {
    let text = judgement.text("version-header-lost");
    let is_both = text.contains("over HTTP/1.1 and HTTP/2");
    (!is_both).then(|| format!("not measured over both versions: {text}"))
}

#[test]
#[ignore = "a minute behind real products: cargo xtask matrix runs it"]
fn good_chains_over_tls_are_clean_over_both_versions() {
    let wrong = each(VARIANTS, |variant| {
        let chain = over_tls(variant);
        let stand = Stand::start(&chain, variant.edits, &[]);
        let judgement = judge(&stand, &QUICK);
        let spoken = unspoken(&judgement).map(|why| format!("{}: {why}", chain.name));
        unclean(&chain, variant.also, &judgement, &stand).or(spoken)
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
#[ignore = "a minute behind real products: cargo xtask matrix runs it"]
fn a_connection_of_eight_streams_is_found_and_one_of_hundreds_is_not() {
    let wrong = each(VARIANTS, |variant| {
        let chain = over_tls(variant);
        let good = judge(&Stand::start(&chain, variant.edits, &[]), &STREAMS);
        if good.with_verdict("pass") != ["http2-stream-limit"] {
            return Some(format!("{}: {:?}", chain.name, good));
        }
        if variant.few_streams.0.is_empty() {
            return None;
        }
        let mut edits = variant.edits.to_vec();
        edits.push(variant.few_streams);
        let broken = judge(&Stand::start(&chain, &edits, &[]), &STREAMS);
        let text = broken.text("http2-stream-limit");
        let is_found = broken.failed() == ["http2-stream-limit"]
            && text.starts_with("over HTTP/2: ")
            && text.contains("over HTTP/1.1 it holds")
            && text.contains("found \"8\"");
        (!is_found).then(|| format!("{}: {:?} {text}", chain.name, broken.trouble))
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
#[ignore = "a minute behind real products: cargo xtask matrix runs it"]
fn chains_that_speak_http_2_to_the_server_are_judged_as_well() {
    let wrong = each(UPSTREAM, |(chain, edits)| {
        let stand = Stand::start(chain, edits, &[]);
        let seen = seen_version(&stand.url);
        if seen != "2" {
            return Some(format!("{}: the probe saw HTTP/{seen}", chain.name));
        }
        unclean(chain, &[], &judge(&stand, &QUICK), &stand)
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The HTTP version in which a request of HTTP/1.1 reached the probe.
fn seen_version(url: &str) -> String {
    let address = url.trim_start_matches("http://").trim_end_matches("/mcp");
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "echo_request",
        "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "propylon-test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    }});
    let headers = [
        "MCP-Protocol-Version: 2026-07-28",
        "Mcp-Method: tools/call",
        "Mcp-Name: echo_request",
    ];
    let address = address.parse().expect("the chain's address");
    let (_, body) = post_json(address, "/mcp", &headers, &call);
    let version = &body.json()["result"]["structuredContent"]["request"]["version"];
    version.as_str().unwrap_or("?").to_owned()
}

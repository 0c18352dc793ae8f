//! `check` behind a product on generated files finds the gaps that were declared, and nothing else.

use serde_json::json;

use crate::product::Product;
use crate::stand::{FULL, Stand, probe};

/// How long the check waits in silence: `cargo xtask matrix` asks for `standard`.
fn profile() -> String {
    std::env::var("GENERATED_PROFILE").unwrap_or_else(|_| "quick".into())
}

/// The check's findings are the gaps of the report: none more, and none fewer but for those it cannot see.
pub(crate) fn check(product: &Product, description: &str, path: &str) {
    let probe = probe();
    let stand = Stand::start(product, description, probe.addresses(), path, None);
    let judgement = stand.judge(path, &profile(), &[]);
    assert_eq!(
        judgement.trouble,
        None,
        "{}: {}",
        product.name,
        stand.output()
    );
    let gaps = stand.gaps();
    let failed = judgement.failed();
    let undeclared = failed.iter().filter(|id| !gaps.contains(id));
    let undeclared: Vec<String> = undeclared
        .map(|id| format!("{id}: {}", judgement.text(id)))
        .collect();
    let is_unseen = |id: &&str| product.unseen.iter().any(|(unseen, _)| unseen == id);
    let passed = judgement.with_verdict("pass");
    let held = gaps
        .iter()
        .copied()
        .filter(|id| passed.contains(id) && !is_unseen(id));
    let held: Vec<&str> = held.collect();
    assert!(
        undeclared.is_empty() && held.is_empty(),
        "{}: found and not declared:\n{}\ndeclared, and held: {held:?}\n{}",
        product.name,
        undeclared.join("\n"),
        stand.output()
    );
}

/// Each route of the full description reaches its upstream with the path it should have there.
pub(crate) fn check_routes(product: &Product) {
    let probe = probe();
    let stand = Stand::start(product, FULL, probe.addresses(), "/weather", None);
    let notes = probe.addresses()[1].to_string();
    let keeps_host = !stand.gaps().contains(&"host-rewritten");
    let cases = [
        ("/weather", None, Some(("/mcp", stand.address.to_string()))),
        ("/weather/", None, Some(("/mcp", stand.address.to_string()))),
        (
            "/weather/deep?q=1",
            None,
            Some(("/mcp/deep?q=1", stand.address.to_string())),
        ),
        ("/weatherman", None, None),
        ("/notes", None, Some(("/notes", notes.clone()))),
        ("/notes/x", None, Some(("/notes/x", notes.clone()))),
        (
            "/any/thing",
            Some("tools.example.com"),
            Some(("/notes/any/thing", notes)),
        ),
        ("/nowhere", None, None),
    ];
    let mut wrong = Vec::new();
    for (path, host, expected) in cases {
        let seen = seen_by_instance(&stand, path, host);
        let expected = expected.map(|(path, host)| (path.to_owned(), host));
        let (seen, expected) = if keeps_host {
            (seen, expected)
        } else {
            (without_host(seen), without_host(expected))
        };
        if seen != expected {
            wrong.push(format!("{host:?} {path}: {seen:?}, not {expected:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}:\n{}\n{}",
        product.name,
        wrong.join("\n"),
        stand.output()
    );
}

fn without_host(seen: Option<(String, String)>) -> Option<(String, String)> {
    seen.map(|(target, _)| (target, String::new()))
}

/// The target and `Host` with which a request reached an instance; none where it reached none.
fn seen_by_instance(stand: &Stand, path: &str, host: Option<&str>) -> Option<(String, String)> {
    let params = json!({
        "name": "echo_request",
        "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    });
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let address = stand.address.to_string();
    let body = call.to_string();
    let mut client = propylon_testkit::RawClient::connect(stand.address);
    client.send(format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\n\
         MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: echo_request\r\nContent-Length: {}\r\n\r\n{body}",
        host.unwrap_or(&address),
        body.len()
    ));
    let (answer, body) = client.read();
    let report = &body.json()["result"]["structuredContent"]["request"];
    let target = report["target"].as_str()?.to_owned();
    let headers = report["headers"].as_array().into_iter().flatten();
    let host = headers
        .filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?)))
        .find(|(name, _)| name.eq_ignore_ascii_case("host"));
    (answer.status == 200).then(|| (target, host.map_or("", |(_, host)| host).to_owned()))
}

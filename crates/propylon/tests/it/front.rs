//! What stands in front in every test: the built binary, its configuration, and what its refusals look like.

use propylon_testkit::{Body, Launch, McpScript, Propylon, Response, Upstream, mcp_script};
use serde_json::Value;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_propylon");

/// A configuration with one route `/mcp` to `urls`. `upstream` holds more keys of the upstream, `root` more keys of the
/// file, each one a line in flow style.
pub(crate) fn yaml(urls: &[String], upstream: &[&str], root: &[&str]) -> String {
    let mut text =
        String::from("listeners:\n  - address: \"{listen}\"\nadmin: { address: \"{admin}\" }\n");
    text.push_str("routes:\n  - { path: /mcp, upstream: it }\nupstreams:\n  it:\n    urls:\n");
    for url in urls {
        text.push_str(&format!("      - {url}\n"));
    }
    for line in upstream {
        text.push_str(&format!("    {line}\n"));
    }
    for line in root {
        text.push_str(&format!("{line}\n"));
    }
    text
}

/// Serves `/mcp` from `urls` with every default.
pub(crate) fn serve(urls: &[String]) -> Propylon {
    serve_with(urls, &[], &[])
}

/// Serves `/mcp` from `urls` with more keys, as [`yaml`] takes them.
pub(crate) fn serve_with(urls: &[String], upstream: &[&str], root: &[&str]) -> Propylon {
    Launch::new(BINARY).config(&yaml(urls, upstream, root))
}

/// Serves `/mcp` from `urls` for the whole run: ended with this process, since what is kept in a `static` is not dropped.
pub(crate) fn serve_leashed(urls: &[String]) -> Propylon {
    Launch::new(BINARY).leashed().config(&yaml(urls, &[], &[]))
}

/// Serves `/mcp` from one scripted upstream whose endpoint is `/mcp`.
pub(crate) fn serve_one(upstream: &Upstream) -> Propylon {
    serve(&[upstream.url("/mcp")])
}

/// Scripted MCP servers, one for each name, with what each knows.
pub(crate) fn scripted(names: &[&str]) -> Vec<(McpScript, Upstream)> {
    let start = |name: &&str| {
        let script = mcp_script(name);
        let answering = script.clone();
        (
            script,
            Upstream::start(move |exchange| answering.answer(exchange)),
        )
    };
    names.iter().map(start).collect()
}

/// The endpoint of each.
pub(crate) fn urls(servers: &[(McpScript, Upstream)]) -> Vec<String> {
    servers
        .iter()
        .map(|(_, upstream)| upstream.url("/mcp"))
        .collect()
}

/// Asserts that the proxy itself refused: status, reason, and a JSON-RPC error with the request's id (`Null` where it
/// cannot be known).
pub(crate) fn assert_refused(answer: &(Response, Body), status: u16, reason: &str, id: &Value) {
    let (response, body) = answer;
    assert_eq!(response.status, status, "{}{}", response.head, body.text());
    assert_eq!(
        response.header("propylon-reason"),
        Some(reason),
        "{}",
        response.head
    );
    let error = body.json();
    assert_eq!(error["jsonrpc"], "2.0", "{}", body.text());
    assert_eq!(&error["id"], id, "{}", body.text());
    assert!(
        error["error"]["code"].is_i64() && error["error"]["message"].is_string(),
        "{}",
        body.text()
    );
}

/// The value of a metric in the text that `/metrics` gives: the sum over its lines with all these labels.
pub(crate) fn metric(proxy: &Propylon, name: &str, labels: &[&str]) -> f64 {
    let (response, body) = get(proxy.admin(), "/metrics");
    assert_eq!(response.status, 200);
    let text = body.text();
    let lines = text
        .lines()
        .filter(|line| line.split(['{', ' ']).next() == Some(name));
    let lines = lines.filter(|line| labels.iter().all(|label| line.contains(label)));
    lines
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

/// A plain GET on a connection of its own.
pub(crate) fn get(address: std::net::SocketAddr, target: &str) -> (Response, Body) {
    let mut client = propylon_testkit::RawClient::connect(address);
    client
        .send(format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n"))
        .read()
}

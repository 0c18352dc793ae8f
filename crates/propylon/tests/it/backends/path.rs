//! The data path: a registered server is served like any other.

use std::time::Duration;

use propylon_testkit::{
    Answer, Scratch, Upstream, delete, get_sse, initialize, mcp_script, post_json, rpc,
};
use serde_json::json;

use super::stand::{Ground, Stand, at};
use crate::front::get;
use crate::tls::authority::{Authority, Leaf};

const SOON: Duration = Duration::from_secs(10);

/// An MCP server with a page beside it and metadata.
fn server() -> Upstream {
    let script = mcp_script("alpha");
    Upstream::start(move |exchange| {
        let line = exchange.line();
        match line.contains("/below") || line.contains("/.well-known/") {
            true => Answer::sized(200, &[], "{}"),
            false => script.answer(exchange),
        }
    })
}

#[test]
fn sessions_streams_and_paths_work_as_behind_any_route() {
    let upstream = server();
    let stand = Stand::local(&[upstream.address()], &[]);
    let headers = json!({ "Authorization": "Bearer of-the-backend", "X-Key": "k" });
    let body = json!({ "url": upstream.url("/mcp"), "headers": headers });
    stand.register("acme/weather", &body);
    let address = stand.proxy.address();
    let path = "/acme/weather/mcp";
    let (response, body) = post_json(
        address,
        path,
        &[
            "Authorization: Bearer of-the-client",
            "x-key: mine",
            "Cookie: a=b",
        ],
        &initialize(0),
    );
    assert_eq!(response.status, 200, "{}", body.text());
    let session = response
        .header("mcp-session-id")
        .expect("a session")
        .to_owned();
    let seen = upstream.wait_for(1, SOON).remove(0);
    assert_eq!(seen.line(), "POST /mcp HTTP/1.1");
    let own = upstream.address().to_string();
    assert_eq!(seen.header("host"), Some(own.as_str()));
    let head = String::from_utf8_lossy(&seen.head).into_owned();
    let values = |name| propylon_testkit::header_of(&head, name);
    assert_eq!(values("authorization"), ["Bearer of-the-backend"]);
    assert_eq!(values("x-key"), ["k"]);
    assert!(values("cookie").is_empty(), "{head}");

    let held = format!("Mcp-Session-Id: {session}");
    let call = rpc(1, "tools/call", &json!({ "name": "whoami" }));
    let (response, body) = post_json(address, path, &[&held], &call);
    assert_eq!(response.status, 200, "{}", body.text());
    let (response, _events) = get_sse(address, path, &[&held]);
    assert_eq!(response.header("x-accel-buffering"), Some("no"));
    assert_eq!(delete(address, path, &session).0.status, 200);
    let line = stand
        .proxy
        .logged(|line| line["rpc_method"] == "tools/call");
    assert_eq!(line["upstream"], "acme/weather", "{line}");
    assert_eq!(line["route"], "/{tenant}/{name}/mcp");
    assert!(!stand.proxy.output().contains("of-the-backend"));

    assert_paths(&stand, &upstream);
}

/// What is below the path is its own, as is its metadata, and nothing else is.
fn assert_paths(stand: &Stand, upstream: &Upstream) {
    let address = stand.proxy.address();
    get(address, "/acme/weather/mcp/below?x=1");
    get(
        address,
        "/.well-known/oauth-protected-resource/acme/weather/mcp",
    );
    let lines: Vec<_> = upstream
        .exchanges()
        .iter()
        .map(|seen| seen.line().to_owned())
        .collect();
    assert!(
        lines.contains(&"GET /mcp/below?x=1 HTTP/1.1".to_owned()),
        "{lines:?}"
    );
    let metadata = "GET /.well-known/oauth-protected-resource/mcp HTTP/1.1";
    assert!(lines.contains(&metadata.to_owned()), "{lines:?}");
    for path in [
        "/acme/weather",
        "/acme/missing/mcp",
        "/zeta/weather/mcp",
        "/acme/weather/mcpx",
    ] {
        let (answer, _) = get(address, path);
        assert_eq!(
            answer.header("propylon-reason"),
            Some("route-unknown"),
            "{path}"
        );
    }
    let (removed, _) = stand.call(
        "DELETE",
        "/v1/backends/acme/weather",
        super::stand::TOKEN,
        None,
    );
    let gone = get(address, "/acme/weather/mcp").0.status;
    assert_eq!((removed.status, gone), (204, 404));
}

#[test]
fn tenants_share_nothing_though_their_servers_are_one() {
    let script = mcp_script("alpha");
    let upstream = Upstream::start(move |exchange| script.answer(exchange));
    let stand = Stand::local(&[upstream.address()], &[]);
    for tenant in ["acme", "zeta"] {
        let headers = json!({ "Authorization": format!("Bearer of-{tenant}") });
        let body = json!({ "url": upstream.url("/mcp"), "headers": headers });
        stand.register(&format!("{tenant}/a"), &body);
    }
    let address = stand.proxy.address();
    for _ in 0..3 {
        for tenant in ["acme", "zeta"] {
            let (answer, _) = post_json(address, &format!("/{tenant}/a/mcp"), &[], &initialize(0));
            assert_eq!(answer.status, 200);
        }
    }
    // No connection ever carried the requests of both.
    let mut by_connection = std::collections::BTreeMap::<usize, Vec<String>>::new();
    for seen in upstream.exchanges() {
        let tenant = seen.header("authorization").expect("a token").to_owned();
        by_connection
            .entry(seen.connection)
            .or_default()
            .push(tenant);
    }
    for tenants in by_connection.values() {
        assert!(
            tenants.iter().all(|tenant| *tenant == tenants[0]),
            "{by_connection:?}"
        );
    }
}

#[test]
fn a_server_over_tls_is_verified_by_its_own_roots_or_pins() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("good", &Leaf::of(&["127.0.0.1"]));
    authority.issue("other", &Leaf::of(&["127.0.0.1"]));
    let behind = Upstream::start(|_| Answer::sized(200, &[], "ok"));
    let server = crate::tls::serve(
        &behind.url("/mcp"),
        &crate::tls::pair(scratch.path(), "good"),
        "",
    );
    let stand = Ground::local(&[server.address()], &[]).start(None);
    let url = format!("https://{}/mcp", server.address());
    let ca = std::fs::read_to_string(authority.file()).expect("a certificate");
    for (name, tls, status) in [
        ("roots", json!({ "ca": ca }), 200),
        ("pin", json!({ "pins": [authority.pin("good")] }), 200),
        (
            "both",
            json!({ "ca": ca, "pins": [authority.pin("good")] }),
            200,
        ),
        (
            "wrong",
            json!({ "ca": ca, "pins": [authority.pin("other")] }),
            502,
        ),
        ("unknown", json!({}), 502),
    ] {
        stand.register(&format!("acme/{name}"), &json!({ "url": url, "tls": tls }));
        let (answer, _) = get(stand.proxy.address(), &format!("/acme/{name}/mcp"));
        assert_eq!(answer.status, status, "{name}: {}", stand.proxy.output());
        if status == 502 {
            assert_eq!(answer.header("propylon-reason"), Some("upstream-tls"));
        }
    }
}

#[test]
fn the_operators_own_routes_come_first() {
    let [mine, theirs] =
        ["mine", "theirs"].map(|name| Upstream::start(move |_| Answer::sized(200, &[], name)));
    let ground = Ground::local(&[theirs.address()], &[]);
    let routes = format!(
        "routes:\n  - {{ path: /, upstream: it }}\n  - {{ path: /acme/taken/mcp, upstream: it }}\n\
         upstreams: {{ it: {{ url: {} }} }}\n",
        mine.url("/mcp")
    );
    let stand = ground.start_with(None, &routes);
    for name in ["taken", "free"] {
        stand.register(&format!("acme/{name}"), &at(theirs.url("/mcp")));
    }
    for (path, whose) in [
        ("/acme/taken/mcp", "mine"),
        ("/acme/free/mcp", "theirs"),
        ("/acme/free/mcp/x", "theirs"),
        ("/acme/other/mcp", "mine"),
    ] {
        assert_eq!(get(stand.proxy.address(), path).1.text(), whose, "{path}");
    }
}

//! What does not cross: redirects, cookies, and tools that may not be called.

use propylon_testkit::{Answer, RawClient, Upstream, post_json, rpc};
use serde_json::{Value, json};

use super::stand::{Stand, at};
use crate::front::{assert_refused, get};

#[test]
fn a_redirect_is_passed_on_only_within_its_own_path() {
    let trap = Upstream::start(|_| Answer::sized(200, &[], "inside"));
    let inside = trap.url("/secret");
    let bait = inside.clone();
    let upstream = Upstream::start(move |exchange| {
        let line = exchange.line().to_owned();
        let asked = line.split(' ').nth(1).unwrap_or_default();
        let location = asked.split("?to=").nth(1).unwrap_or_default();
        let location = location.replace("INSIDE", &bait).replace("%0", "\t");
        let location = format!("Location: {location}");
        Answer::sized(307, &[&location, "Set-Cookie: a=b", "X-Kept: c"], "")
    });
    let stand = Stand::local(&[upstream.address(), trap.address()], &[]);
    stand.register("acme/a", &at(upstream.url("/mcp")));
    let address = stand.proxy.address();
    let own = upstream.address();
    let port = own.port();
    for (to, shown) in [
        ("/mcp/x", Some("/acme/a/mcp/x")),
        ("/mcp", Some("/acme/a/mcp")),
        ("x", Some("/acme/a/mcp/x")),
        (
            &*format!("http://{own}/mcp/x?y=1"),
            Some("/acme/a/mcp/x?y=1"),
        ),
        (&*format!("//{own}/mcp/x"), Some("/acme/a/mcp/x")),
        ("INSIDE", None),
        ("http://169.254.169.254/latest/meta-data/", None),
        ("//169.254.169.254/", None),
        ("/login", None),
        ("/zeta/b/mcp", None),
        ("/mcp/../../zeta/b/mcp", None),
        ("/mcp/%2e%2e/zeta", None),
        ("../../zeta/b/mcp", None),
        ("/\\evil.example/mcp", None),
        ("/%0/evil.example/mcp", None),
        (&*format!("http://127.0.0.1:{port}@evil.example/mcp"), None),
        (&*format!("http://user@{own}/mcp"), None),
        (&*format!("https://{own}/mcp"), None),
        ("javascript:alert(1)", None),
    ] {
        let (answer, _) = get(address, &format!("/acme/a/mcp/y?to={to}"));
        match shown {
            Some(shown) => {
                let expected = format!("http://{address}{shown}");
                assert_eq!(answer.status, 307, "{to}: {}", answer.head);
                assert_eq!(answer.header("location"), Some(expected.as_str()), "{to}");
                assert_eq!(answer.header("set-cookie"), None, "{}", answer.head);
                assert_eq!(answer.header("x-kept"), Some("c"));
            }
            None => {
                assert_eq!(answer.status, 502, "{to}: {}", answer.head);
                assert_eq!(
                    answer.header("propylon-reason"),
                    Some("backend-redirect"),
                    "{to}"
                );
                assert_eq!(answer.header("location"), None);
            }
        }
    }
    assert!(trap.connections().is_empty(), "nobody followed");
}

#[test]
fn only_the_tools_that_were_named_are_called() {
    let upstream = Upstream::start(|exchange| Answer::result(&exchange.json()["id"], &json!({})));
    let stand = Stand::local(&[upstream.address()], &[]);
    let url = upstream.url("/mcp");
    stand.register("acme/some", &json!({ "url": url, "tools": ["echo"] }));
    stand.register("acme/none", &json!({ "url": url, "tools": [] }));
    stand.register("acme/all", &at(&*url));
    let address = stand.proxy.address();
    let call = |tool: &str| rpc(7, "tools/call", &json!({ "name": tool, "arguments": {} }));
    for (name, message, is_let) in [
        ("some", call("echo"), true),
        ("some", call("rm"), false),
        ("some", rpc(7, "tools/list", &json!({})), true),
        ("some", json!([call("echo"), call("rm")]), false),
        ("none", call("echo"), false),
        ("none", rpc(7, "ping", &json!({})), true),
        ("all", call("rm"), true),
    ] {
        let answer = post_json(address, &format!("/acme/{name}/mcp"), &[], &message);
        if is_let {
            assert_eq!(
                answer.0.status,
                200,
                "{name} {message}: {}",
                answer.1.text()
            );
        } else {
            let id = message.get("id").cloned().unwrap_or(Value::Null);
            assert_refused(&answer, 403, "tool-refused", &id);
        }
    }
    let asked = upstream.exchanges().len();
    assert_eq!(asked, 4, "what is refused is never sent");
    let tricks = [
        r#"{"id":7,"method":"tools/call","params":{"name":"echo"},"params":{"name":"rm"}}"#
            .to_owned(),
        r#"{"id":7,"method":"ping","METHOD":"tools/call","params":{"name":"rm"}}"#.to_owned(),
        format!(
            r#"{{"id":7,"pad":"{}","method":"tools/call","params":{{"name":"rm"}}}}"#,
            "x".repeat(80_000)
        ),
        "{\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"rm\"}}\0".to_owned(),
    ];
    for trick in &tricks {
        for lines in ["", "Content-Encoding: gzip\r\n", "Expect: 100-continue\r\n"] {
            let mut client = RawClient::connect(address);
            client.send(format!(
                "POST /acme/some/mcp HTTP/1.1\r\nHost: a\r\n{lines}Content-Length: {}\r\n\r\n{trick}",
                trick.len()
            ));
            let status = loop {
                let (answer, _) = client.read();
                if answer.status != 100 {
                    break answer.status;
                }
            };
            assert_eq!(status, 403, "{lines}{}", &trick[..60.min(trick.len())]);
        }
    }
    assert_eq!(
        upstream.exchanges().len(),
        asked,
        "nor is what hides a call"
    );
}

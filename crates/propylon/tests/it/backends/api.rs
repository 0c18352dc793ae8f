//! The API: who may use it, what it says, and what it never does.

use propylon_testkit::{Answer, Upstream};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::stand::{ACME_TOKEN, Stand, TOKEN, at, call, secret};
use crate::front::metric;

fn echo() -> Upstream {
    Upstream::start(|_| Answer::sized(200, &[], "ok"))
}

#[test]
fn a_backend_lives_from_put_to_delete_and_keeps_its_secrets() {
    let upstream = echo();
    let stand = Stand::local(&[upstream.address()], &[]);
    let body = json!({
        "url": upstream.url("/mcp"),
        "headers": { "Authorization": "Bearer s3cret-canary" },
        "tools": ["echo"],
    });
    let (created, first) = stand.put("acme/weather", &body);
    assert_eq!(created.status, 201, "{}", first.text());
    let tag = created.header("etag").expect("an ETag").to_owned();
    let shown = stand.show("acme/weather");
    assert_eq!(shown, first.json());
    assert_eq!(shown["headers"], json!({ "Authorization": "[redacted]" }));
    assert_eq!(shown["path"], "/acme/weather/mcp");
    assert_eq!(shown["tools"], json!(["echo"]));
    assert_eq!(shown["state"]["verdict"], "allowed");

    let path = "/v1/backends/acme/weather";
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let with = |line: &str, method: &str, body: Option<&Value>| {
        call(stand.ground.api, method, path, &[&bearer, line], body)
            .0
            .status
    };
    assert_eq!(with("If-None-Match: *", "PUT", Some(&body)), 412);
    assert_eq!(with("If-Match: \"99\"", "PUT", Some(&body)), 412);
    assert_eq!(with(&format!("If-Match: {tag}"), "PUT", Some(&body)), 200);
    assert_eq!(with(&format!("If-Match: {tag}"), "DELETE", None), 412);
    let redacted = json!({ "url": upstream.url("/mcp"), "headers": { "A": "[redacted]" } });
    assert_eq!(with("A: b", "PUT", Some(&redacted)), 422);
    assert_eq!(with("A: b", "DELETE", None), 204);
    assert_eq!(with("A: b", "GET", None), 404);
    assert_eq!(with("A: b", "DELETE", None), 404);
    let store = std::fs::read(stand.ground.files.path().join("backends.redb")).expect("a store");
    assert!(!String::from_utf8_lossy(&store).contains("s3cret-canary"));
    assert!(!stand.proxy.output().contains("s3cret-canary"));
}

#[test]
fn a_token_is_asked_for_and_one_tenant_sees_nothing_of_another() {
    let upstream = echo();
    let stand = Stand::local(&[upstream.address()], &[]);
    for id in ["acme/a", "acme/b", "zeta/a"] {
        stand.register(id, &at(upstream.url("/mcp")));
    }
    let api = stand.ground.api;
    for line in [
        "A: b",
        "Authorization: Bearer wrong",
        "Authorization: Basic eDp5",
    ] {
        let (refused, body) = call(api, "GET", "/v1/backends", &[line], None);
        assert_eq!(refused.status, 401);
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        assert_eq!(
            refused.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(body.json()["type"], "urn:propylon:problem:unauthorized");
    }
    let ids = |path: &str, token: &str| {
        let (_, body) = stand.call("GET", path, token, None);
        let page = body.json();
        let all = page["backends"].as_array().expect("a page").iter();
        let names = all.map(|one| format!("{}/{}", one["tenant"], one["name"]).replace('"', ""));
        (names.collect::<Vec<_>>(), page["next"].clone())
    };
    assert_eq!(ids("/v1/backends", TOKEN).0, ["acme/a", "acme/b", "zeta/a"]);
    let (first, next) = ids("/v1/backends?limit=2", TOKEN);
    assert_eq!((first.len(), &next), (2, &json!("acme/b")));
    let (rest, next) = ids("/v1/backends?limit=2&after=acme/b", TOKEN);
    assert_eq!((rest, next), (vec!["zeta/a".to_owned()], Value::Null));
    assert_eq!(ids("/v1/backends", ACME_TOKEN).0, ["acme/a", "acme/b"]);
    let status = |method: &str, path: &str| {
        let body = at(upstream.url("/mcp"));
        stand.call(method, path, ACME_TOKEN, Some(&body)).0.status
    };
    assert_eq!(status("GET", "/v1/backends?tenant=zeta"), 403);
    // What exists and what does not are told apart by nobody else.
    for name in ["a", "missing"] {
        for method in ["GET", "PUT", "DELETE"] {
            assert_eq!(status(method, &format!("/v1/backends/zeta/{name}")), 403);
        }
    }
    assert_eq!(status("GET", "/v1/backends/acme/a"), 200);
    assert_eq!(status("PATCH", "/v1/backends/acme/a"), 405);
    assert_eq!(status("GET", "/v1/nothing"), 404);
    let (document, body) = call(api, "GET", "/v1/openapi.json", &[], None);
    assert_eq!(document.status, 200);
    assert!(body.json()["paths"]["/v1/backends/{tenant}/{name}"]["put"].is_object());
}

/// What is wrong with each, and what is said of it.
fn wrong(url: &str) -> Vec<(&'static str, Value, u16, &'static str)> {
    let pin = json!({ "pins": ["sha256/AAAA"] });
    vec![
        ("acme/a", json!({}), 400, "missing field `url`"),
        (
            "acme/a",
            json!({ "url": url, "nonsense": 1 }),
            400,
            "unknown field `nonsense`",
        ),
        (
            "acme/a",
            at("http://10.0.0.1/mcp"),
            422,
            "port 80 is not one of",
        ),
        (
            "acme/a",
            at("https://10.0.0.1/mcp"),
            422,
            "10.0.0.1 is in 10.0.0.0/8",
        ),
        (
            "acme/a",
            at("https://a.internal/mcp"),
            422,
            "which has no public names",
        ),
        (
            "acme/a",
            at(format!("{url}?a=b")),
            422,
            "url: it carries a query",
        ),
        ("Acme/a", at(url), 422, "it is not TENANT/NAME"),
        (
            "acme/a",
            json!({ "url": url, "headers": { "Host": "a" } }),
            422,
            "headers.Host: ",
        ),
        (
            "acme/a",
            json!({ "url": url, "headers": { "A": "a\nb" } }),
            422,
            "headers.A: ",
        ),
        (
            "acme/a",
            json!({ "url": url, "tls": pin }),
            422,
            "tls.pins: sha256/AAAA",
        ),
        (
            "acme/a",
            json!({ "url": "https://8.8.8.8/", "tls": { "ca": "x" } }),
            422,
            "tls: ca: ",
        ),
    ]
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place() {
    let upstream = echo();
    let stand = Stand::local(&[upstream.address()], &[]);
    let url = upstream.url("/mcp");
    for (id, body, status, said) in wrong(&url) {
        let (refused, said_by_it) = stand.put(id, &body);
        let problem = said_by_it.json();
        assert_eq!(refused.status, status, "{body}: {problem}");
        assert_eq!(problem["status"], status);
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains(said), "{body}: {detail}");
    }
    let (refused, body) = stand.put("acme/a", &at("https://[::ffff:10.0.0.1]/mcp"));
    assert_eq!(
        (refused.status, &body.json()["rule"]),
        (422, &json!("embedded-ipv4"))
    );
    let own = format!("http://{}/mcp", stand.ground.api);
    let (refused, body) = stand.put("acme/a", &at(own));
    assert_eq!(
        (refused.status, &body.json()["rule"]),
        (422, &json!("own-listener")),
        "though its address is let through"
    );
    assert!(upstream.exchanges().is_empty(), "nobody was asked anything");
}

#[test]
fn a_reload_takes_other_tokens_and_rules_and_drops_kept_connections() {
    let upstream = echo();
    let stand = Stand::local(&[upstream.address()], &[]);
    stand.register("acme/a", &at(upstream.url("/mcp")));
    let ask = || crate::front::get(stand.proxy.address(), "/acme/a/mcp");
    assert_eq!(ask().0.status, 200);
    secret(
        &stand.ground.files,
        "api.tokens",
        "another-token-0123456789\n",
    );
    let yaml = stand.ground.yaml(None);
    let stricter = yaml.replace(
        "allow: [127.0.0.1]",
        "deny: [127.0.0.1], allow: [127.0.0.1]",
    );
    stand.proxy.rewrite(&stricter);
    stand.proxy.signal(Signal::HUP);
    propylon_testkit::eventually("the new rules", std::time::Duration::from_secs(10), || {
        ask().0.status == 502
    });
    let (answer, _) = ask();
    assert_eq!(answer.header("propylon-reason"), Some("backend-refused"));
    assert_eq!(stand.call("GET", "/v1/backends", TOKEN, None).0.status, 401);
    let fresh = "another-token-0123456789";
    let (_, body) = stand.call("GET", "/v1/backends/acme/a", fresh, None);
    assert_eq!(body.json()["state"]["rule"], "denied", "{}", body.text());
    let refused = metric(&stand.proxy, "propylon_refused_total", &["backend-refused"]);
    assert!(refused >= 2.0, "{refused}");
}

//! Requests reach the upstream of their route, at the path its URL names.

use propylon_testkit::{Answer, Launch, Propylon, RawClient, Upstream};

use crate::front::BINARY;

fn named(name: &'static str) -> Upstream {
    Upstream::start(move |exchange| {
        Answer::sized(200, &[&format!("X-Name: {name}")], exchange.target())
    })
}

/// Asks `host` for `target`; gives status, the upstream's name, and the target it saw.
fn ask(proxy: &Propylon, host: &str, target: &str) -> (u16, String, String) {
    let mut client = RawClient::connect(proxy.address());
    let (response, body) = client
        .send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
        .read();
    (
        response.status,
        response.header("x-name").unwrap_or_default().to_owned(),
        body.text(),
    )
}

fn start(routes: &str, upstreams: &[(&str, String)]) -> Propylon {
    let mut text = format!(
        "listeners: [{{ address: \"{{listen}}\" }}]\nadmin: off\nroutes:\n{routes}upstreams:\n"
    );
    for (name, url) in upstreams {
        text.push_str(&format!("  {name}: {{ url: \"{url}\" }}\n"));
    }
    Launch::new(BINARY).config(&text)
}

#[test]
fn the_prefix_is_replaced_by_the_path_of_the_url() {
    let upstream = named("weather");
    let proxy = start(
        "  - { path: /weather, upstream: weather }\n",
        &[("weather", upstream.url("/mcp"))],
    );
    let cases = [
        ("/weather", "/mcp"),
        ("/weather/", "/mcp"),
        ("/weather?a=1&b=%20", "/mcp?a=1&b=%20"),
        ("/weather/?a=1", "/mcp?a=1"),
        ("/weather/x/y", "/mcp/x/y"),
        ("/weather/x%2Fy;z", "/mcp/x%2Fy;z"),
        (
            "/.well-known/oauth-protected-resource/weather",
            "/.well-known/oauth-protected-resource/mcp",
        ),
    ];
    for (target, expected) in cases {
        assert_eq!(
            ask(&proxy, "h", target),
            (200, "weather".into(), expected.into()),
            "{target}"
        );
    }
    proxy.stop();
}

#[test]
fn the_endpoint_of_the_flags_is_reached_with_and_without_a_slash() {
    let upstream = named("one");
    let proxy = Launch::new(BINARY).flags(&[upstream.url("/mcp")]);
    for target in ["/mcp", "/mcp/"] {
        assert_eq!(
            ask(&proxy, "h", target),
            (200, "one".into(), "/mcp".into()),
            "{target}"
        );
    }
    proxy.stop();
}

#[test]
fn the_longest_prefix_wins_on_whole_segments() {
    let (short, long) = (named("short"), named("long"));
    let routes = "  - { path: /a, upstream: short }\n  - { path: /a/b, upstream: long }\n";
    let proxy = start(
        routes,
        &[("short", short.url("/s")), ("long", long.url("/l"))],
    );
    let cases = [
        ("/a", "short", "/s"),
        ("/a/c", "short", "/s/c"),
        ("/a/b", "long", "/l"),
        ("/a/b/c", "long", "/l/c"),
        ("/a/bc", "short", "/s/bc"),
    ];
    for (target, name, expected) in cases {
        assert_eq!(
            ask(&proxy, "h", target),
            (200, name.into(), expected.into()),
            "{target}"
        );
    }
    assert_eq!(ask(&proxy, "h", "/ab").0, 404);
    proxy.stop();
}

#[test]
fn hosts_choose_and_the_rest_is_404() {
    let (one, many) = (named("one"), named("many"));
    let routes = "  - { host: one.example.com, path: /mcp, upstream: one }\n  - { host: \"*.example.com\", path: /mcp, upstream: many }\n";
    let proxy = start(
        routes,
        &[("one", one.url("/mcp")), ("many", many.url("/mcp"))],
    );
    for (host, name) in [
        ("one.example.com", "one"),
        ("ONE.Example.com:8080", "one"),
        ("two.example.com", "many"),
    ] {
        assert_eq!(ask(&proxy, host, "/mcp").1, name, "{host}");
    }
    for host in ["example.com", "a.b.example.com", "other.test"] {
        let mut client = RawClient::connect(proxy.address());
        let (response, _) = client
            .send(format!("GET /mcp HTTP/1.1\r\nHost: {host}\r\n\r\n"))
            .read();
        assert_eq!(
            (response.status, response.header("propylon-reason")),
            (404, Some("route-unknown")),
            "{host}"
        );
    }
    assert_eq!(one.exchanges().len() + many.exchanges().len(), 3);
    proxy.stop();
}

#[test]
fn an_absolute_target_is_routed_by_its_own_host() {
    let upstream = named("one");
    let proxy = start(
        "  - { host: one.test, path: /mcp, upstream: one }\n",
        &[("one", upstream.url("/mcp"))],
    );
    assert_eq!(ask(&proxy, "one.test", "http://one.test/mcp").2, "/mcp");
    assert_eq!(ask(&proxy, "one.test", "http://other.test/mcp").0, 404);
    proxy.stop();
}

#[test]
fn the_listener_answers_its_health_path_itself() {
    let upstream = named("one");
    let proxy = start(
        "  - { path: /mcp, upstream: one }\n",
        &[("one", upstream.url("/mcp"))],
    );
    assert_eq!(ask(&proxy, "h", "/health").0, 200);
    assert_eq!(
        upstream.exchanges().len(),
        0,
        "no health question reaches the server"
    );
    proxy.stop();
}

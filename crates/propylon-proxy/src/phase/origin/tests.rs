//! Which pages are let in, by listener, host and list.

use std::net::SocketAddr;
use std::sync::Arc;

use super::*;
use crate::http1::head::HeadLimits;
use crate::phase::forwarded::Ends;
use crate::upstream::Upstream;

fn request(method: &str, host: &str, lines: &str) -> RequestHead {
    let limits = HeadLimits {
        bytes_max: 4096,
        count_max: 16,
    };
    let text = format!("{method} /mcp HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n");
    RequestHead::parse(&mut text.into_bytes(), limits)
        .unwrap()
        .unwrap()
}

fn route(host: Option<&str>, origins: &[&str]) -> Route {
    let endpoints =
        propylon_config::Endpoints::Urls(vec!["http://10.0.0.1:1/mcp".parse().unwrap()]);
    let upstream = Upstream::new(propylon_config::Upstream::new("a", endpoints), None);
    let origins: Vec<Origin> = origins.iter().map(|text| text.parse().unwrap()).collect();
    let config = propylon_config::Route {
        host: host.map(Into::into),
        cors: (!origins.is_empty()).then(|| Cors::of(origins)),
        ..propylon_config::Route::to("a", "/mcp")
    };
    Route::new(&config, Arc::new(upstream.unwrap()), Arc::default())
}

/// What a request of `origin` to `host` gets; `local` where the listener is this machine's alone.
fn judged(route: &Route, host: &str, origin: &str, local: bool) -> Option<Shown> {
    let request = request("POST", host, &format!("Origin: {origin}\r\n"));
    let here: SocketAddr = "127.0.0.1:8080".parse().unwrap();
    let client = Client::of(&request, &Ends::plain(here, here, here), &[]);
    let wanted = Wanted::of(&request).unwrap();
    match admit(&request, wanted, &client, route, || local) {
        Ok(shown) => shown,
        Err(error) => {
            assert_eq!(error.reason, Reason::OriginRefused);
            None
        }
    }
}

fn check(route: &Route, local: bool, cases: &[(&str, &str, bool)]) {
    for (host, origin, expected) in cases {
        let shown = judged(route, host, origin, local);
        let let_in = expected.then(|| Shown::To((*origin).into()));
        assert_eq!(shown, let_in, "{host} {origin} {local}");
    }
}

#[test]
fn a_page_of_this_machine_reaches_only_this_machine() {
    let cases = |local| {
        [
            ("localhost:8080", "http://localhost:5173", local),
            ("127.0.0.1:8080", "https://[::1]:1", local),
            ("[::1]:8080", "http://127.0.0.1", local),
            ("127.0.0.1:8080", "http://127.0.0.1:8080", true),
            ("rebound.example:8080", "http://localhost:5173", false),
            ("rebound.example:8080", "http://rebound.example:8080", false),
            ("localhost:8080", "http://rebound.example:8080", false),
            ("localhost:8080", "http://localhost.evil.example", false),
            ("localhost:8080", "http://evil-localhost", false),
            ("127.0.0.1:8080", "http://127.0.0.1.evil.example", false),
            ("127.0.0.1:8080", "http://127.0.0.1@evil.example", false),
            ("127.0.0.1:8080", "null", false),
            ("127.0.0.1:8080", "", false),
            ("127.0.0.1:8080", "file://", false),
        ]
    };
    check(&route(None, &[]), true, &cases(true));
    check(&route(None, &[]), false, &cases(false));
}

#[test]
fn a_name_is_its_own_origin_where_the_route_is_for_it() {
    let cases = [
        ("mcp.example.com", "http://mcp.example.com", true),
        ("mcp.example.com:80", "http://MCP.example.com", true),
        ("mcp.example.com", "https://mcp.example.com", false),
        ("mcp.example.com", "http://mcp.example.com:81", false),
        (
            "mcp.example.com",
            "http://mcp.example.com.evil.example",
            false,
        ),
        ("10.1.2.3:8080", "http://10.1.2.3:8080", true),
    ];
    check(&route(Some("mcp.example.com"), &[]), false, &cases);
    check(&route(Some("*.example.com"), &[]), false, &cases);
    check(
        &route(None, &[]),
        false,
        &[("mcp.example.com", "http://mcp.example.com", false)],
    );
}

#[test]
fn listed_pages_are_let_in_from_anywhere() {
    let listed = route(None, &["https://app.example.com", "null"]);
    check(
        &listed,
        false,
        &[
            ("x", "https://app.example.com", true),
            ("x", "null", true),
            ("x", "https://app.example.com.evil.example", false),
            ("x", "http://app.example.com", false),
        ],
    );
    let anyone = judged(&route(None, &["*"]), "x", "https://evil.example", false);
    assert_eq!(anyone, Some(Shown::ToAnyone));
    let twice = judged(
        &listed,
        "x",
        "https://app.example.com\r\nOrigin: https://app.example.com",
        false,
    );
    assert_eq!(twice, None, "which one would the server read?");
}

#[test]
fn no_origin_is_no_page() {
    let here: SocketAddr = "127.0.0.1:8080".parse().unwrap();
    let request = request("POST", "x", "");
    let client = Client::of(&request, &Ends::plain(here, here, here), &[]);
    let wanted = Wanted::of(&request).unwrap();
    let shown = |origins| {
        let route = route(None, origins);
        admit(&request, wanted, &client, &route, || false).unwrap()
    };
    assert_eq!(shown(&[]), None);
    assert_eq!(shown(&["*"]), None);
    assert_eq!(
        shown(&["https://a"]),
        Some(Shown::Varying),
        "a cache may answer a page later"
    );
}

#[test]
fn a_preflight_is_answered_with_what_was_asked() {
    let asking = "Access-Control-Request-Method: POST\r\n\
                  Access-Control-Request-Headers: mcp-param-region, x-api-key,x-forwarded-for, *, b@d\r\n";
    let route = route(None, &["https://a"]);
    let preflight = |method, lines: &str, shown| {
        Preflight::of(&request(method, "x", lines), &mut Some(shown), &route)
            .map(|preflight| String::from_utf8(preflight.lines()).unwrap())
    };
    let to = || Shown::To("https://a".into());
    let lines = preflight("OPTIONS", asking, to()).unwrap();
    assert!(
        lines.starts_with("Access-Control-Allow-Origin: https://a\r\n"),
        "{lines}"
    );
    assert!(
        lines.contains(", baggage, mcp-param-region, x-api-key\r\n"),
        "{lines}"
    );
    assert!(
        lines.contains("Access-Control-Max-Age: 7200\r\n"),
        "{lines}"
    );
    assert!(
        preflight("OPTIONS", "", to()).is_none(),
        "an OPTIONS for the server"
    );
    assert!(preflight("POST", asking, to()).is_none());
    assert!(preflight("OPTIONS", asking, Shown::Varying).is_none());
}

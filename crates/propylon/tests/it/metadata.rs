//! OAuth metadata behind a prefix: found under every well-known path, and shown with the outside's URLs on request.

use propylon_testkit::{Answer, Exchange, Launch, Propylon, RawClient, Upstream};

use crate::front::BINARY;

const KNOWN: &str = "/.well-known/oauth-protected-resource";

/// A server that knows itself by the address it listens on, and says so compressed to whoever takes that.
fn server(chunked: bool) -> Upstream {
    Upstream::start(move |exchange: &Exchange| {
        let own = format!("http://{}", exchange.header("host").unwrap_or_default());
        if exchange.target() == format!("{KNOWN}/mcp") {
            let body = format!("{{ \"resource\": \"{own}/mcp\",\n \"scopes_supported\": [1.0] }}");
            let kind = "Content-Type: application/json";
            return match chunked {
                false => Answer::sized(200, &[kind, "ETag: \"a\""], body),
                true => {
                    let head =
                        format!("HTTP/1.1 200 OK\r\n{kind}\r\nTransfer-Encoding: chunked\r\n\r\n");
                    let (one, two) = body.split_at(20);
                    Answer::raw(head).chunk(one).chunk(two).last_chunk()
                }
            };
        }
        if exchange.target() == "/mcp" {
            let challenge = format!(
                "WWW-Authenticate: Bearer error=\"invalid_token\", resource_metadata=\"{own}{KNOWN}/mcp\""
            );
            return Answer::sized(401, &[&challenge], "{}");
        }
        Answer::sized(200, &[], exchange.target())
    })
}

fn serve(upstream: &Upstream, more: &str) -> Propylon {
    let url = upstream.url("/mcp");
    Launch::new(BINARY).config(&format!(
        "listeners: [{{ address: \"{{listen}}\" }}]\nadmin: off\n\
         routes: [{{ path: /weather, upstream: it{more} }}]\nupstreams: {{ it: {{ url: \"{url}\" }} }}\n"
    ))
}

fn ask(proxy: &Propylon, target: &str) -> (propylon_testkit::Response, String) {
    let mut client = RawClient::connect(proxy.address());
    client.send(format!(
        "GET {target} HTTP/1.1\r\nHost: out.example\r\nAccept-Encoding: gzip\r\n\r\n"
    ));
    let (response, body) = client.read();
    (response, body.text())
}

#[test]
fn every_well_known_path_reaches_the_server() {
    let upstream = server(false);
    let proxy = serve(&upstream, "");
    for known in [
        "oauth-protected-resource",
        "oauth-authorization-server",
        "openid-configuration",
    ] {
        let known = format!("/.well-known/{known}");
        for (asked, reached) in [("/weather/a", "/mcp/a"), ("", "")] {
            let (response, seen) = ask(&proxy, &format!("{known}{asked}"));
            assert_eq!((response.status, seen), (200, format!("{known}{reached}")));
        }
        assert_eq!(ask(&proxy, &format!("{known}/other")).0.status, 404);
    }
    let appended = ask(&proxy, "/weather/.well-known/openid-configuration");
    assert_eq!(appended.1, "/mcp/.well-known/openid-configuration");
    proxy.stop();
}

#[test]
fn metadata_shows_the_outside_where_the_route_asks_for_it() {
    for chunked in [false, true] {
        let upstream = server(chunked);
        let proxy = serve(&upstream, ", rewrite_metadata: true");
        let (response, body) = ask(&proxy, &format!("{KNOWN}/weather"));
        let expected =
            "{ \"resource\": \"http://out.example/weather\",\n \"scopes_supported\": [1.0] }";
        assert_eq!(body, expected, "{}", response.head);
        assert_eq!(
            response.header("content-length"),
            Some(expected.len().to_string().as_str())
        );
        assert_eq!(
            (
                response.header("transfer-encoding"),
                response.header("etag")
            ),
            (None, None)
        );
        let seen = upstream.exchanges().pop().unwrap();
        assert_eq!(seen.values("accept-encoding"), ["identity"]);
        let (challenged, _) = ask(&proxy, "/weather");
        assert_eq!(
            challenged.values("www-authenticate"),
            [format!(
                "Bearer error=\"invalid_token\", resource_metadata=\"http://out.example{KNOWN}/weather\""
            )]
        );
        proxy.stop();
    }
}

#[test]
fn without_it_metadata_and_challenges_pass_as_they_are() {
    let upstream = server(false);
    let proxy = serve(&upstream, "");
    let (response, body) = ask(&proxy, &format!("{KNOWN}/weather"));
    assert_eq!(
        body,
        "{ \"resource\": \"http://out.example/mcp\",\n \"scopes_supported\": [1.0] }"
    );
    assert_eq!(response.header("etag"), Some("\"a\""));
    assert_eq!(
        upstream
            .exchanges()
            .pop()
            .unwrap()
            .values("accept-encoding"),
        ["gzip"]
    );
    let challenge = ask(&proxy, "/weather").0;
    assert!(
        challenge
            .header("www-authenticate")
            .unwrap()
            .contains(&format!("http://out.example{KNOWN}/mcp"))
    );
    proxy.stop();
}

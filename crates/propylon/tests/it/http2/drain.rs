//! A proxy that leaves tells its clients: new requests go elsewhere, and what is open ends as it should.

use std::time::Duration;

use h2::Reason;
use propylon_testkit::{Answer, Gate, Upstream};
use rustix::process::Signal;

use super::client::{Client, piece, rest, run};
use super::serve;

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}"#;

#[test]
fn streams_end_as_they_may_and_new_requests_are_sent_away() {
    let never = Gate::new();
    let upstream =
        Upstream::start(move |_| Answer::stream_head(&[]).chunk("data: 1\n\n").until(&never));
    let mut proxy = serve(&upstream.url("/mcp"), &[], &["drain: 1s"]);
    run(async {
        let mut client = Client::connect(proxy.address()).await;
        let mut bodies = Vec::new();
        for method in ["subscriptions/listen", "tools/call"] {
            let message = format!(
                r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{{"name":"t",{META}}}}}"#
            );
            let mut fields = vec![
                ("accept", "application/json, text/event-stream"),
                ("content-type", "application/json"),
                ("mcp-protocol-version", "2026-07-28"),
                ("mcp-method", method),
            ];
            if method == "tools/call" {
                fields.push(("mcp-name", "t"));
            }
            let request = client.request("POST", &fields);
            let response = client
                .send(request, Some(&message))
                .await
                .expect("a stream");
            assert_eq!(response.status(), 200, "{:?}", response.headers());
            bodies.push(response.into_body());
        }
        for body in &mut bodies {
            piece(body).await.expect("an event").expect("an event");
        }
        proxy.signal(Signal::TERM);
        let [listen, call] = &mut bodies[..] else {
            panic!("two streams")
        };
        let last = rest(listen).await.expect("a clean end");
        assert!(
            last.contains(r#""id":7,"result":{"resultType":"complete""#),
            "{last}"
        );
        let error = rest(call).await.expect_err("a call is owed its answer");
        assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR));
        let request = client.request("POST", &[]);
        let refused = client.send(request, Some("{}")).await;
        assert!(refused.is_err(), "the connection takes no more");
        let ended = tokio::time::timeout(Duration::from_secs(5), client.connection).await;
        ended
            .expect("the connection ends")
            .expect("it does not panic")
            .expect("cleanly");
    });
    let status = proxy.wait(Duration::from_secs(5));
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
}

#[test]
fn a_request_under_way_finishes_within_the_grace() {
    let upstream = Upstream::start(|_| {
        Answer::new()
            .wait(Duration::from_millis(700))
            .bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    });
    let mut proxy = serve(&upstream.url("/mcp"), &[], &["drain: 20s"]);
    run(async {
        let mut client = Client::connect(proxy.address()).await;
        let request = client.request("POST", &[]);
        let (response, _stream) = client.begin(request, Some("{}")).await.expect("sent");
        tokio::time::sleep(Duration::from_millis(200)).await;
        proxy.signal(Signal::TERM);
        let response = response.await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(rest(&mut response.into_body()).await.expect("a body"), "ok");
        let ended = tokio::time::timeout(Duration::from_secs(5), client.connection).await;
        ended
            .expect("the connection ends")
            .expect("it does not panic")
            .expect("cleanly");
    });
    let status = proxy.wait(Duration::from_secs(10));
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
}

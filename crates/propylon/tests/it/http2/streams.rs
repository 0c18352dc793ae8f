//! Many event streams on one connection: what each costs, what one does to the others, and who waits for whom.

use std::time::Duration;

use h2::client::Builder;
use propylon_testkit::{Answer, EventFeed, Gate, Greeting, RawClient, Upstream, eventually};

use super::client::{Client, piece, run};
use super::serve;
use crate::front::metric;

const SOON: Duration = Duration::from_secs(10);
const MANY: usize = 1_000;
const ACCEPT: (&str, &str) = ("accept", "text/event-stream");

#[test]
fn a_thousand_event_streams_share_a_connection() {
    let gates = [Gate::new(), Gate::new(), Gate::new()];
    let [first, second, last] = gates.clone();
    let upstream = Upstream::start(move |_| {
        let begun = Answer::stream_head(&[]).until(&first);
        let said = begun.chunk("data: all of you\n\n").until(&second);
        said.chunk("data: the rest of you\n\n").until(&last)
    });
    let proxy = serve(&upstream.url("/mcp"), &["keepalive: off"], &[]);
    run(async {
        // A thousand small events at once are more than this library expects of a server.
        let mut builder = Builder::new();
        builder.data_frame_budget(16 * 1024 * 1024);
        let mut client = Client::connect_with(proxy.address(), &builder).await;
        let request = client.request("GET", &[ACCEPT]);
        let warm = client.send(request, None).await.expect("a stream");
        let before = proxy.resident_bytes();
        let mut begun = Vec::new();
        for _ in 0..MANY {
            let request = client.request("GET", &[ACCEPT]);
            begun.push(client.begin(request, None).await.expect("a stream"));
        }
        let mut bodies = Vec::new();
        for (response, _) in begun {
            let response = response.await.expect("a stream");
            assert_eq!(response.status(), 200);
            bodies.push(response.into_body());
        }
        let each = (proxy.resident_bytes().saturating_sub(before)) / MANY as u64;
        println!("{each} bytes of memory for each of {MANY} idle streams");
        assert!(each < 40 * 1024, "{each} bytes a stream");
        assert_eq!(metric(&proxy, "propylon_http2_streams_open", &[]), 1001.0);
        assert_eq!(metric(&proxy, "propylon_connections_open", &[]), 1.0);
        gates[0].open();
        for body in &mut bodies {
            let event = piece(body).await.expect("an event").expect("an event");
            assert_eq!(event, "data: all of you\n\n");
        }
        // One leaves, and its upstream hears of it; the others stay.
        drop(bodies.pop());
        let has_one_ended = || {
            let connections = upstream.connections();
            let ended = connections.iter().filter(|known| known.end.is_some());
            ended.count() == 1
        };
        while !has_one_ended() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        gates[1].open();
        for body in &mut bodies {
            let event = piece(body).await.expect("an event").expect("an event");
            assert_eq!(event, "data: the rest of you\n\n");
        }
        drop(warm);
    });
    eventually("the streams to be over", SOON, || {
        metric(&proxy, "propylon_http2_streams_open", &[]) == 0.0
    });
    proxy.stop();
}

#[test]
fn streams_beyond_the_limit_are_refused_unread() {
    let feed = EventFeed::new();
    let feeding = feed.clone();
    let upstream = Upstream::start(move |_| Answer::stream(&feeding, &[]));
    let proxy = serve(
        &upstream.url("/mcp"),
        &[],
        &["limits: { streams_per_connection: 2 }"],
    );
    run(async {
        let mut client = Client::connect(proxy.address()).await;
        let mut held = Vec::new();
        for _ in 0..2 {
            let request = client.request("GET", &[ACCEPT]);
            held.push(client.send(request, None).await.expect("a stream"));
        }
        assert_eq!(
            client.send.current_max_send_streams(),
            2,
            "the client has been told"
        );
        drop(held.pop());
        let request = client.request("GET", &[ACCEPT]);
        let next = client.send(request, None).await.expect("a stream");
        assert_eq!(next.status(), 200, "one that ended makes room");
    });
    proxy.stop();
}

#[test]
fn a_stream_that_is_not_read_stops_its_upstream_and_nobody_else() {
    let upstream = Upstream::start(|exchange| {
        if exchange.method() == "GET" {
            let endless = vec![b'x'; 256 * 1024 * 1024];
            return Answer::sized(200, &[], endless);
        }
        Answer::sized(200, &[], "ok")
    });
    let proxy = serve(&upstream.url("/mcp"), &[], &[]);
    run(async {
        // Room on the connection for everybody: what holds a stream back is its own window.
        let mut builder = Builder::new();
        builder.initial_connection_window_size(64 * 1024 * 1024);
        let mut client = Client::connect_with(proxy.address(), &builder).await;
        let warm = client.request("POST", &[]);
        client.send(warm, Some("{}")).await.expect("an answer");
        let before = proxy.resident_bytes();
        let mut slow = Vec::new();
        for _ in 0..8 {
            let request = client.request("GET", &[]);
            slow.push(client.send(request, None).await.expect("an answer"));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let grown = proxy.resident_bytes().saturating_sub(before);
        assert!(
            grown < 8 * 1024 * 1024,
            "{grown} bytes for eight that are not read"
        );
        let request = client.request("POST", &[]);
        let response = client.send(request, Some("{}")).await.expect("an answer");
        assert_eq!(response.status(), 200);
        let mut body = slow.remove(0).into_body();
        let mut read = 0;
        while read < 4 * 1024 * 1024 {
            read += piece(&mut body).await.expect("more").expect("more").len();
        }
    });
    let mut other = RawClient::connect(proxy.address());
    other.post(proxy.address(), "/mcp", &[], &serde_json::json!({}));
    assert_eq!(other.read().0.status, 200);
    proxy.stop();
}

#[test]
fn an_upload_that_is_not_taken_stops_its_client() {
    let upstream = Upstream::start(|_| Answer::sized(200, &[], "ok"));
    upstream.greet(Greeting::Stall);
    let proxy = serve(&upstream.url("/mcp"), &[], &[]);
    run(async {
        let mut client = Client::connect(proxy.address()).await;
        let before = proxy.resident_bytes();
        let request = client.request("POST", &[]);
        let (_response, mut stream) = client.send.send_request(request, false).expect("sent");
        let mut sent = 0;
        let piece = vec![b' '; 16 * 1024];
        loop {
            stream.reserve_capacity(piece.len());
            let room = std::future::poll_fn(|cx| stream.poll_capacity(cx));
            match tokio::time::timeout(Duration::from_secs(2), room).await {
                Ok(Some(Ok(room))) => {
                    let room = room.min(piece.len());
                    let data = bytes::Bytes::copy_from_slice(&piece[..room]);
                    stream.send_data(data, false).expect("sent");
                    sent += room;
                }
                _ => break,
            }
        }
        let grown = proxy.resident_bytes().saturating_sub(before);
        // What is in flight stands in sockets' buffers, not in the proxy.
        assert!(
            sent < 32 * 1024 * 1024 && grown < 8 * 1024 * 1024,
            "{sent} sent, {grown} grown"
        );
    });
    proxy.stop();
}

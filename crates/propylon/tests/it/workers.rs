//! Connections are spread over the workers, whatever the kernel's hash made of them.

use propylon_testkit::{Answer, Propylon, RawClient, Upstream};

use crate::front::{metric, serve_with};

const CONNECTIONS: usize = 120;
const WORKERS: usize = 4;

/// The hash may happen to be even; it will not be every time.
const ROUNDS: usize = 10;

#[test]
fn a_worker_with_too_many_connections_hands_them_over() {
    let upstream = Upstream::start(|_| Answer::sized(200, &[], "{}"));
    let mut handed_over = 0.0;
    for _ in 0..ROUNDS {
        let proxy = serve_with(&[upstream.url("/mcp")], &[], &["workers: 4"]);
        let held: Vec<_> = (0..CONNECTIONS).map(|_| used(&proxy)).collect();
        let most = (0..WORKERS)
            .map(|worker| {
                let label = format!("worker=\"{worker}\"");
                metric(&proxy, "propylon_connections_open", &[&label])
            })
            .fold(0.0, f64::max);
        let mean = CONNECTIONS as f64 / WORKERS as f64;
        assert!(
            most <= mean * 1.125 + 2.0,
            "{most} of {CONNECTIONS} connections are on one of {WORKERS} workers"
        );
        handed_over += metric(&proxy, "propylon_handoffs_total", &[]);
        drop(held);
        proxy.stop();
        if handed_over > 0.0 {
            return;
        }
    }
    panic!("no connection was handed over in {ROUNDS} rounds");
}

/// A kept connection that has carried a request, so that a worker surely has it.
fn used(proxy: &Propylon) -> RawClient {
    let mut client = RawClient::connect(proxy.address());
    let (response, _) = client
        .post(
            proxy.address(),
            "/mcp",
            &[],
            &serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}),
        )
        .read();
    assert_eq!(response.status, 200);
    client
}

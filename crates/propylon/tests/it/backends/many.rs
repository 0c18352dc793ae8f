//! Ten thousand registrations: looked up as fast as one, and small.

use std::time::Instant;

use propylon_testkit::{Answer, RawClient, Upstream};
use serde_json::json;

use super::stand::{Ground, Stand, TOKEN, at, request};
use crate::front::{get, metric};

const COUNT: usize = 10_000;
/// As many are put on one connection before its time is over.
const ON_ONE_CONNECTION: usize = 100;

fn fill(stand: &Stand, url: &str) {
    let api = stand.ground.api;
    let bearer = format!("Authorization: Bearer {TOKEN}");
    for start in (0..COUNT).step_by(ON_ONE_CONNECTION) {
        let mut client = RawClient::connect(api);
        for number in start..start + ON_ONE_CONNECTION {
            let path = format!("/v1/backends/tenant-{}/n{number}", number % 100);
            let body = json!({ "url": url, "headers": { "X-Number": number.to_string() } });
            client.send(request(api, "PUT", &path, &[&bearer], Some(&body)));
            let (answer, body) = client.read();
            assert_eq!(answer.status, 201, "{}", body.text());
        }
    }
}

#[test]
fn ten_thousand_registrations_are_found_kept_and_small() {
    let upstream = Upstream::start(|exchange| {
        Answer::sized(200, &[], exchange.header("x-number").unwrap_or_default())
    });
    let stand = Stand::local(&[upstream.address()], &[]);
    stand.register("first/one", &at(upstream.url("/mcp")));
    let before = stand.proxy.resident_bytes();
    let began = Instant::now();
    fill(&stand, &upstream.url("/mcp"));
    let each = stand.proxy.resident_bytes().saturating_sub(before) / COUNT as u64;
    println!(
        "{COUNT} registrations in {:?}, {each} bytes each",
        began.elapsed()
    );
    assert!(each < 8 * 1024, "{each} bytes for each");
    for number in (0..COUNT).step_by(997) {
        let path = format!("/tenant-{}/n{number}/mcp", number % 100);
        let (answer, body) = get(stand.proxy.address(), &path);
        assert_eq!((answer.status, body.text()), (200, number.to_string()));
    }
    // They are one time series, whoever registers them.
    let served = metric(
        &stand.proxy,
        "propylon_requests_total",
        &["{tenant}/{name}"],
    );
    assert!(served >= 10.0, "{served}");
    let (ground, text) = (stand.ground, stand.proxy.stop());
    assert!(!text.contains("ERROR"), "{text}");

    let again: Stand = Ground::start(ground, None);
    let (answer, body) = get(again.proxy.address(), "/tenant-99/n9999/mcp");
    assert_eq!((answer.status, body.text()), (200, "9999".to_owned()));
    let mut seen = 0;
    let mut after = String::new();
    loop {
        let path = format!("/v1/backends?limit=1000{after}");
        let (_, body) = again.call("GET", &path, TOKEN, None);
        let page = body.json();
        seen += page["backends"].as_array().map_or(0, Vec::len);
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, COUNT + 1);
}

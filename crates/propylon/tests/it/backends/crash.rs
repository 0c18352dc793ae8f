//! A process that is killed in the middle of writes has lost nothing that it acknowledged.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use propylon_testkit::{Answer, Launch, Upstream, eventually};
use rustix::process::Signal;
use serde_json::json;

use super::stand::{Ground, Stand, TOKEN, request};
use crate::front::{BINARY, get};

const WRITES: usize = 1_000;

#[test]
fn killed_during_a_thousand_writes_it_has_lost_nothing_it_acknowledged() {
    let upstream = Upstream::start(|exchange| {
        Answer::sized(200, &[], exchange.header("x-number").unwrap_or_default())
    });
    let ground = Ground::local(&[upstream.address()], &[]);
    let mut stand = ground.start(None);
    let (api, url) = (stand.ground.api, upstream.url("/mcp"));
    // The last number that was acknowledged for each name, and how many were.
    let kept = Arc::new(Mutex::new(BTreeMap::<String, usize>::new()));
    let count = Arc::new(AtomicUsize::new(0));
    let (writing, counting) = (Arc::clone(&kept), Arc::clone(&count));
    let writer = std::thread::spawn(move || {
        for number in 0..WRITES {
            let name = format!("n{}", number % 50);
            let body = json!({ "url": url, "headers": { "X-Number": number.to_string() } });
            let path = format!("/v1/backends/acme/{name}");
            let bearer = format!("Authorization: Bearer {TOKEN}");
            let lines = [bearer.as_str(), "Connection: close"];
            let text = request(api, "PUT", &path, &lines, Some(&body));
            let Ok(mut stream) = TcpStream::connect_timeout(&api, Duration::from_secs(5)) else {
                return;
            };
            let mut answer = String::new();
            let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
            if stream.write_all(text.as_bytes()).is_err() {
                return;
            }
            let _ = stream.read_to_string(&mut answer);
            let is_taken = ["HTTP/1.1 200", "HTTP/1.1 201"]
                .iter()
                .any(|ok| answer.starts_with(ok));
            if !is_taken {
                return;
            }
            writing.lock().expect("whole").insert(name, number);
            counting.fetch_add(1, Ordering::SeqCst);
        }
    });
    eventually("half of the writes", Duration::from_secs(120), || {
        count.load(Ordering::SeqCst) >= WRITES / 2
    });
    stand.proxy.signal(Signal::KILL);
    stand
        .proxy
        .wait(Duration::from_secs(10))
        .expect("it is dead");
    writer.join().expect("the writer ends");
    let kept = kept.lock().expect("whole").clone();
    assert!(
        count.load(Ordering::SeqCst) < WRITES,
        "it was killed before the end"
    );

    let Stand { ground, .. } = stand;
    let proxy = Launch::new(BINARY).config(&ground.yaml(None));
    for (name, number) in kept {
        let (answer, body) = get(proxy.address(), &format!("/acme/{name}/mcp"));
        assert_eq!(answer.status, 200, "{name}: {}", proxy.output());
        let found: usize = body.text().parse().expect("the secret was opened");
        // The write that was under way may be there too.
        assert!(
            found == number || found == number + 50,
            "{name}: {found}, not {number}"
        );
    }
}

//! Whatever a URL says: who is connected to is counted at the other end.

use std::net::{Ipv4Addr, TcpListener};

use proptest::prelude::*;

use super::*;
use crate::dial::connect;

/// Ways to write 127.0.0.1 and its neighbour, the plain one first.
const SPELLINGS: [&str; 12] = [
    "127.0.0.1",
    "127.0.0.2",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "127.0.0.1.",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[::1]",
    "0.0.0.0",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn only_what_the_operator_let_through_is_ever_connected_to(
        turns in proptest::collection::vec((0..SPELLINGS.len(), any::<bool>(), any::<bool>()), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stub = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
            stub.set_nonblocking(true).unwrap();
            let port = stub.local_addr().unwrap().port();
            let mut expected = 0;
            for (spelling, is_allowed, is_denied) in turns {
                let list = |is: bool| {
                    let entries: &[&str] = if is { &["127.0.0.1"] } else { &[] };
                    super::super::judge::List::read(entries).unwrap()
                };
                let policy = Policy {
                    allow: list(is_allowed),
                    deny: list(is_denied),
                    ports: vec![port],
                    allow_http: true,
                    ..Policy::default()
                };
                let servers = [SocketAddr::from((Ipv4Addr::LOCALHOST, 9))];
                let guard = Guard::new(Resolver::new(&servers).unwrap(), policy);
                let url = format!("http://{}:{port}/mcp", SPELLINGS[spelling]);
                let vetted = guard.vet(&url).await;
                for target in vetted.iter().flatten() {
                    let _ = connect(*target, Duration::from_secs(1)).await;
                }
                expected += usize::from(spelling == 0 && is_allowed && !is_denied);
            }
            let mut counted = 0;
            while stub.accept().is_ok() {
                counted += 1;
            }
            prop_assert_eq!(counted, expected);
            Ok(())
        })?;
    }
}

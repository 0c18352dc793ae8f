//! Lost sessions whose instances are spoken to over HTTP/2: begun anew as over HTTP/1.1.
//!
//! Each scripted server stands behind a proxy of its own, which is what speaks HTTP/2 in its place.

use std::time::Duration;

use propylon_testkit::{Propylon, eventually};

use super::serve;
use crate::front::serve_with;
use crate::lost_sessions::{Server, Session, assert_begun_at, assert_told_once, repairs, trio};

const SOON: Duration = Duration::from_secs(10);

/// What speaks HTTP/2 for each server, and the proxy under test before them all.
fn renewing(servers: &[Server]) -> (Vec<Propylon>, Propylon) {
    let behind = servers
        .iter()
        .map(|server| serve(&server.upstream.url("/mcp"), &[], &[]));
    let behind: Vec<_> = behind.collect();
    let urls: Vec<_> = behind.iter().map(|proxy| proxy.url("/mcp")).collect();
    let keys = ["http2: true", "affinity: { on_lost: reinitialize }"];
    let front = serve_with(&urls, &keys, &[]);
    (behind, front)
}

/// Each exchange of the proxy under test came over HTTP/2.
fn assert_spoken(behind: &Propylon) {
    let lines = behind.access_log();
    assert!(!lines.is_empty());
    assert!(lines.iter().all(|line| line["http"] == "2"), "{lines:?}");
}

#[test]
fn a_session_goes_on_elsewhere() {
    let servers = trio();
    let (mut behind, front) = renewing(&servers);
    let session = Session::open(&front);
    assert_eq!(session.answered(1), session.owner);
    let place = servers
        .iter()
        .position(|server| server.script.name == session.owner);
    behind.remove(place.expect("one of them")).stop();
    let owner = session.answered(2);
    assert_ne!(owner, session.owner);
    assert_eq!(session.answered(3), owner);
    let heir = servers
        .iter()
        .find(|server| server.script.name == owner)
        .expect("one of them");
    assert_begun_at(heir);
    assert_told_once(&session, heir);
    assert_eq!(
        (repairs(&front, "reinitialized"), repairs(&front, "failed")),
        (1, 0)
    );
    behind
        .iter()
        .filter(|behind| !behind.access_log().is_empty())
        .for_each(assert_spoken);
    front.stop();
}

#[test]
fn a_server_that_forgot_is_mended_once_for_many() {
    let [server, ..] = trio();
    let servers = [server];
    let (behind, front) = renewing(&servers);
    let session = Session::open(&front);
    let owner = session.answered(1);
    servers[0].script.sessions.lock().unwrap().clear();
    assert_eq!(
        session.call(2).0.status,
        404,
        "it was sent, and is not sent again"
    );
    // Of several that find the session lost, one begins it anew.
    let owners = session.answered_at_once(3..11);
    assert_eq!(owners.into_iter().collect::<Vec<_>>(), [owner]);
    assert_eq!(repairs(&front, "reinitialized"), 1);
    eventually("every stream to be logged", SOON, || {
        behind[0].access_log().len() >= 14
    });
    assert_spoken(&behind[0]);
    front.stop();
}

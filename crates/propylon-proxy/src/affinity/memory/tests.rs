//! The table against a plain model, over seeds, in virtual time.

use std::collections::HashMap;

use propylon_mcp::SessionId;

use super::*;

const BOUNDS: Bounds = Bounds {
    entries_max: 100,
    bytes_max: u64::MAX,
    ttl: Duration::from_secs(60),
};

fn session(number: u64) -> SessionFingerprint {
    SessionId::parse(format!("session-{number}").as_bytes())
        .unwrap()
        .fingerprint()
}

#[test]
fn a_session_is_found_until_its_ttl_after_the_last_use() {
    let table = Memory::new();
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    table.learn(session(1), "a", at(0), BOUNDS);
    assert_eq!(table.find(&session(1), at(50), BOUNDS), Some("a"));
    assert_eq!(
        table.find(&session(1), at(110), BOUNDS),
        Some("a"),
        "the use at 50 s counts"
    );
    assert_eq!(table.find(&session(1), at(171), BOUNDS), None);
    assert_eq!(
        table.evicted(),
        Evicted {
            expired: 1,
            crowded: 0
        }
    );
    assert_eq!(table.len(), 0);
}

#[test]
fn only_the_holder_is_forgotten() {
    let table = Memory::new();
    let now = Instant::now();
    table.learn(session(1), "a", now, BOUNDS);
    table.learn(session(1), "b", now, BOUNDS);
    assert!(!table.forget(&session(1), &"a"));
    assert!(table.forget(&session(1), &"b"));
    assert_eq!(table.find(&session(1), now, BOUNDS), None);
}

#[test]
fn bytes_bound_the_table_as_entries_do() {
    let table = Memory::new();
    let bounds = Bounds {
        bytes_max: 32 * ENTRY_BYTES,
        ..BOUNDS
    };
    let now = Instant::now();
    (0..10_000).for_each(|number| table.learn(session(number), (), now, bounds));
    assert_eq!(table.len(), 32);
    assert_eq!(table.evicted().crowded, 10_000 - 32);
    assert_eq!(table.bytes(), 32 * ENTRY_BYTES);
    table.learn_more(session(1), ((), 8 * ENTRY_BYTES), now, bounds);
    assert_eq!(table.len(), 24, "one that takes more leaves less room");
    assert!(table.forget(&session(1), &()));
    assert_eq!((table.len(), table.bytes()), (23, 23 * ENTRY_BYTES));
}

/// Any run of learns, finds, forgets and passing time agrees with a map that is never bounded,
/// except where the bound or the TTL accounts for the difference.
#[test]
fn simulation() {
    let only = std::env::var("PROPYLON_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    for seed in only.map_or(0..256, |seed: u64| seed..seed + 1) {
        simulate(seed);
    }
}

fn simulate(seed: u64) {
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let table = Memory::new();
    let mut model: HashMap<u64, (u64, Instant)> = HashMap::new();
    let mut now = Instant::now();
    for _ in 0..400 {
        now += Duration::from_secs(next(5));
        let (number, instance) = (next(200), next(3));
        match next(4) {
            0 => {
                table.learn(session(number), instance, now, BOUNDS);
                model.insert(number, (instance, now));
            }
            1 => {
                let forgotten = table.forget(&session(number), &instance);
                let modelled = model.get(&number).is_some_and(|held| held.0 == instance);
                assert!(
                    modelled || !forgotten,
                    "seed {seed}: forgot what was not there"
                );
                if modelled {
                    model.remove(&number);
                }
            }
            _ => {
                let found = table.find(&session(number), now, BOUNDS);
                let alive = model
                    .get(&number)
                    .filter(|held| now - held.1 <= BOUNDS.ttl)
                    .map(|held| held.0);
                assert!(
                    found.is_none() || found == alive,
                    "seed {seed}: {found:?} but {alive:?}"
                );
                assert!(
                    found == alive || table.evicted().crowded > 0,
                    "seed {seed}: lost {number}"
                );
                match found {
                    Some(instance) => model.insert(number, (instance, now)),
                    None => model.remove(&number),
                };
            }
        }
        assert!(table.len() <= 100, "seed {seed}: unbounded");
    }
}

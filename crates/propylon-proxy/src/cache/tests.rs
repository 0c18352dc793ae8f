//! The cache against a plain model, over seeds, in virtual time; and what each rule comes to.

use propylon_mcp::cacheable::{Cacheable, Scope};

use super::*;

const BOUNDS: Bounds = Bounds {
    entries_max: 24,
    bytes_max: 24 * 600,
    entry_bytes_max: 400,
    ttl_max: Duration::from_secs(60),
    wait: Duration::from_secs(2),
};

/// The keys of question `question` asked by `who`; nobody is 0.
fn keys(question: u8, who: u8) -> Keys {
    let key = |last| {
        let mut key = Key::default();
        (key[0], key[1], key[31]) = (question, u8::from(who > 0), last);
        key
    };
    let topic = topic(question);
    Keys {
        shared: key(0),
        own: (who > 0).then(|| key(who)),
        topic,
        uri: (topic == Topic::Read).then(|| uri(question)),
    }
}

fn topic(question: u8) -> Topic {
    Topic::ALL[usize::from(question) % Topic::ALL.len()]
}

fn uri(question: u8) -> Box<str> {
    format!("note://{question}").into()
}

/// A message that carries `said`, and how long it holds.
fn message(said: &str, ttl_ms: u64, scope: &str) -> String {
    format!(r#"{{"id":1,"result":{{"said":"{said}","ttlMs":{ttl_ms},"cacheScope":"{scope}"}}}}"#)
}

fn keep(fetch: &mut Fetch, said: &str, ttl_ms: u64, scope: &str, now: Instant) {
    fetch.answer_begins(now);
    let message = message(said, ttl_ms, scope);
    if let Some(answer) = Cacheable::of(message.as_bytes(), "1") {
        fetch.keep(&answer, Scope::Public, now);
    }
}

fn fetch(found: Found) -> Box<Fetch> {
    match found {
        Found::Fetch(fetch) => fetch,
        other => panic!("expected to have to ask: {other:?}"),
    }
}

fn is_hit(found: &Found) -> bool {
    matches!(found, Found::Hit(..))
}

#[test]
fn what_is_left_of_its_time_is_told() {
    let (cache, now) = (Arc::new(Cache::new()), Instant::now());
    let at = |ms| now + Duration::from_millis(ms);
    let ask = |ms| cache.ask(&keys(0, 1), Mode::Any, at(ms), BOUNDS);
    keep(&mut fetch(ask(0)), "a", 5000, "public", at(100));
    let Found::Hit(stored, age) = ask(3100) else {
        panic!("it holds")
    };
    assert_eq!(age, Duration::from_secs(3));
    assert_eq!(
        stored.response("\"x\"", age),
        r#"{"jsonrpc":"2.0","id":"x","result":{"said":"a","ttlMs":2000,"cacheScope":"public"}}"#
    );
    assert!(is_hit(&ask(5099)));
    assert!(!is_hit(&ask(5100)));
    let (answers, bytes, evicted) = cache.holds();
    assert_eq!((answers, bytes, evicted.expired), (0, 0, 1));
}

#[test]
fn those_who_wait_go_on_when_the_flight_is_over_however_it_ends() {
    let (cache, now) = (Arc::new(Cache::new()), Instant::now());
    let ask = |who, now| cache.ask(&keys(0, who), Mode::Any, now, BOUNDS);
    let leader = fetch(ask(1, now));
    let Found::Wait(over, until) = ask(2, now) else {
        panic!("another is on its way")
    };
    assert_eq!(until, now + BOUNDS.wait);
    assert!(over.has_changed().is_ok());
    drop(leader);
    assert!(over.has_changed().is_err(), "its client left");
    // The next one leads. What it brings cannot be kept, so those behind it ask at once, for a while.
    let mut leader = fetch(ask(2, now));
    keep(&mut leader, "a", 0, "public", now);
    drop(leader);
    let both = [fetch(ask(1, now)), fetch(ask(2, now))];
    drop(both);
    let later = now + PASS;
    let _leader = fetch(ask(1, later));
    assert!(matches!(ask(2, later), Found::Wait(..)));
    // One that takes too long is not waited for.
    let late = later + BOUNDS.wait;
    let _leader = fetch(ask(2, late));
    assert!(matches!(ask(3, late), Found::Wait(..)));
}

#[test]
fn a_private_answer_is_given_to_its_own_and_makes_the_others_ask_apart() {
    let (cache, now) = (Arc::new(Cache::new()), Instant::now());
    let ask = |who| cache.ask(&keys(0, who), Mode::Any, now, BOUNDS);
    let mut leader = fetch(ask(1));
    assert!(matches!(ask(2), Found::Wait(..)), "nobody knows yet");
    keep(&mut leader, "alice's", 1000, "private", now);
    assert!(is_hit(&ask(1)));
    let mut other = fetch(ask(2));
    assert!(matches!(ask(2), Found::Wait(..)), "the same credentials");
    let third = fetch(ask(3));
    keep(&mut other, "bob's", 1000, "private", now);
    assert!(is_hit(&ask(2)) && is_hit(&ask(1)));
    drop(third);
    // Nobody's answers are for nobody else.
    let mut nobody = fetch(ask(0));
    keep(&mut nobody, "nobody's", 1000, "private", now);
    drop((fetch(ask(0)), fetch(ask(0))));
}

#[test]
fn an_answer_from_before_a_change_is_not_kept() {
    let (cache, now) = (Arc::new(Cache::new()), Instant::now());
    let ask = |mode| cache.ask(&keys(1, 1), mode, now, BOUNDS);
    let mut before = fetch(ask(Mode::Any));
    cache.tell(&Change::Topics(&[Topic::Tools]));
    let mut after = fetch(ask(Mode::Any));
    keep(&mut before, "old", 1000, "public", now);
    assert!(
        matches!(ask(Mode::Any), Found::Wait(..)),
        "the second still leads"
    );
    keep(&mut after, "new", 1000, "public", now);
    assert!(is_hit(&ask(Mode::Any)) && is_hit(&ask(Mode::Alone)));
    assert!(!is_hit(&ask(Mode::Refresh)));
    cache.tell(&Change::Topics(&[Topic::Prompts]));
    assert!(is_hit(&ask(Mode::Any)));
    cache.tell(&Change::Topics(&[Topic::Tools]));
    assert!(!is_hit(&ask(Mode::Any)));
    assert_eq!(cache.holds().2.invalidated, 1);
}

/// Any run of requests, answers, changes and passing time gives only answers that a client could have been given by the
/// server: to the same question, for the one who asks, within its time, and asked for after the last change.
#[test]
fn simulation() {
    let only = std::env::var("PROPYLON_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let mut seen = Seen::default();
    for seed in only.map_or(0..256, |seed: u64| seed..seed + 1) {
        World::new(seed).run(&mut seen);
    }
    if only.is_none() {
        let each = [
            seen.hits,
            seen.waits,
            seen.released,
            seen.private_hits,
            seen.crowded,
        ];
        assert!(
            each.iter().all(|count| *count > 100),
            "nothing is left out: {each:?}"
        );
    }
}

/// How often what is to be held against the model came about.
#[derive(Debug, Default)]
struct Seen {
    hits: u64,
    private_hits: u64,
    waits: u64,
    released: u64,
    crowded: u64,
}

/// A request under way, as the model knows it.
struct Flying {
    fetch: Box<Fetch>,
    question: u8,
    who: u8,
    asked: u64,
}

/// An answer that was given to the cache.
struct Given {
    question: u8,
    /// For whom alone, if for one.
    only: Option<u8>,
    asked: u64,
    received: Instant,
    fresh: Duration,
}

struct World {
    seed: u64,
    random: u64,
    cache: Arc<Cache>,
    now: Instant,
    /// Counts everything that happens.
    step: u64,
    flying: Vec<Flying>,
    given: Vec<Given>,
    /// When each question's answers last changed.
    changed: [u64; QUESTIONS as usize],
    waiting: Vec<(watch::Receiver<()>, u8)>,
}

const QUESTIONS: u8 = 20;
const PEOPLE: u8 = 4;

impl World {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            cache: Arc::new(Cache::new()),
            now: Instant::now(),
            step: 0,
            flying: Vec::new(),
            given: Vec::new(),
            changed: [0; QUESTIONS as usize],
            waiting: Vec::new(),
        }
    }

    fn next(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    fn run(mut self, seen: &mut Seen) {
        for _ in 0..400 {
            self.step += 1;
            let pause = self.next(400);
            self.now += Duration::from_millis(pause);
            match self.next(10) {
                0..5 => self.ask(seen),
                5..8 => self.answer(),
                8 => drop_one(&mut self.flying, self.random),
                _ => self.change(),
            }
            let (answers, bytes, evicted) = self.cache.holds();
            let slots = self.cache.lock().shelf.slots();
            assert!(
                slots <= BOUNDS.entries_max && bytes <= BOUNDS.bytes_max,
                "seed {}: unbounded",
                self.seed
            );
            assert!(
                answers <= slots && (slots > 0) == (bytes > 0),
                "seed {}",
                self.seed
            );
            seen.crowded += u64::from(evicted.crowded > 0);
        }
        self.flying.clear();
        assert!(
            self.cache.lock().flights.is_empty(),
            "seed {}: a flight without end",
            self.seed
        );
        for (over, question) in &self.waiting {
            assert!(
                over.has_changed().is_err(),
                "seed {}: {question} waits for ever",
                self.seed
            );
        }
        seen.released += self.waiting.len() as u64;
        self.now += BOUNDS.ttl_max + PASS;
        self.cache.sweep(self.now);
        assert_eq!(
            self.cache.holds().0,
            0,
            "seed {}: too old and still there",
            self.seed
        );
    }

    fn ask(&mut self, seen: &mut Seen) {
        // A few questions are asked most of the time.
        let question = (self
            .next(u64::from(QUESTIONS))
            .min(self.next(u64::from(QUESTIONS)))) as u8;
        let who = self.next(u64::from(PEOPLE)) as u8;
        let mode =
            [Mode::Any, Mode::Any, Mode::Any, Mode::Alone, Mode::Refresh][self.next(5) as usize];
        match self.cache.ask(&keys(question, who), mode, self.now, BOUNDS) {
            Found::Hit(stored, age) => {
                assert_ne!(mode, Mode::Refresh, "seed {}", self.seed);
                self.judge(question, who, &stored, age, seen);
            }
            Found::Wait(over, until) => {
                assert!(
                    mode == Mode::Any && self.now < until && until <= self.now + BOUNDS.wait,
                    "seed {}",
                    self.seed
                );
                let equal = |flying: &Flying| {
                    flying.question == question
                        && flying.asked > self.changed[usize::from(question)]
                };
                assert!(
                    self.flying.iter().any(equal),
                    "seed {}: waits for nothing",
                    self.seed
                );
                self.waiting.push((over, question));
                seen.waits += 1;
            }
            Found::Fetch(fetch) => self.flying.push(Flying {
                fetch,
                question,
                who,
                asked: self.step,
            }),
        }
    }

    fn judge(&self, question: u8, who: u8, stored: &Stored, age: Duration, seen: &mut Seen) {
        let seed = self.seed;
        let said = stored.result.split('"').nth(3).expect("what was said");
        let number: usize = said.trim_end_matches('x').parse().expect("a number");
        let given = &self.given[number];
        assert_eq!(given.question, question, "seed {seed}: another question's");
        assert!(
            given.only.is_none_or(|only| only == who && who > 0),
            "seed {seed}: another one's"
        );
        assert_eq!(age, self.now - given.received, "seed {seed}");
        assert!(age < given.fresh, "seed {seed}: too old");
        assert!(
            given.asked > self.changed[usize::from(question)],
            "seed {seed}: from before a change"
        );
        let left = (given.fresh - age).as_millis();
        assert!(
            stored
                .response("1", age)
                .contains(&format!("\"ttlMs\":{left},")),
            "seed {seed}"
        );
        seen.hits += 1;
        seen.private_hits += u64::from(given.only.is_some());
    }

    fn answer(&mut self) {
        if self.flying.is_empty() {
            return;
        }
        let index = self.next(self.flying.len() as u64) as usize;
        let mut flying = self.flying.swap_remove(index);
        let ttl_ms = [0, 500, 5_000, 20_000, 500_000][self.next(5) as usize];
        // Odd questions are private.
        let is_private = flying.question % 2 == 1;
        let padding = "x".repeat(self.next(500) as usize);
        let said = format!("{}{padding}", self.given.len());
        self.given.push(Given {
            question: flying.question,
            only: is_private.then_some(flying.who),
            asked: flying.asked,
            received: self.now,
            fresh: Duration::from_millis(ttl_ms).min(BOUNDS.ttl_max),
        });
        let scope = if is_private { "private" } else { "public" };
        keep(&mut flying.fetch, &said, ttl_ms, scope, self.now);
    }

    fn change(&mut self) {
        let question = self.next(u64::from(QUESTIONS)) as u8;
        let change = match topic(question) {
            Topic::Read => Change::Resource(uri(question)),
            Topic::Discover => return,
            topic => Change::Topics(match topic {
                Topic::Tools => &[Topic::Tools],
                Topic::Prompts => &[Topic::Prompts],
                _ => &[Topic::Resources, Topic::Read],
            }),
        };
        self.cache.tell(&change);
        for (question, changed) in (0..).zip(&mut self.changed) {
            if change.concerns(topic(question), Some(&uri(question))) {
                *changed = self.step;
            }
        }
    }
}

/// A client leaves in the middle.
fn drop_one(flying: &mut Vec<Flying>, random: u64) {
    if !flying.is_empty() {
        let index = random % flying.len() as u64;
        flying.swap_remove(index as usize);
    }
}

//! The events of one stream, kept so that a client may come back for those it missed, or handed to the one that follows.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;

use super::budget::{Budget, Held};
use super::wire::{Ending, Gone, Wire};

/// Bytes a queue lets wait for its reader before it makes the writer wait.
const QUEUE_BYTES_MAX: usize = 4 << 20;
/// What keeps a silent stream alive.
pub(crate) const COMMENT: &[u8] = b": still here\n\n";

/// What a log keeps its items for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Replay: the newest are kept, up to the bounds.
    Replay { events_max: usize, bytes_max: usize },
    /// Handing over: what was read is forgotten, and writers wait for a slow reader.
    Queue,
}

/// One thing on a stream.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Frame(Bytes),
    /// Part of a frame, after which the connection is to end.
    Cut(Bytes, Ending),
}

impl Item {
    fn bytes(&self) -> usize {
        match self {
            Self::Frame(bytes) | Self::Cut(bytes, _) => bytes.len(),
        }
    }
}

#[derive(Debug)]
struct Kept {
    items: VecDeque<(u64, Item)>,
    bytes: usize,
    held: Held,
    next: u64,
    /// The last item a client was sent.
    followed: u64,
    done: bool,
}

/// What a follower does while nothing comes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Idle {
    /// How often it sends a comment.
    pub(crate) comment: Option<Duration>,
    /// When it ends the response.
    pub(crate) until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pause {
    Comment,
    End,
}

impl Idle {
    async fn pause(&self) -> Pause {
        let comment = async {
            match self.comment {
                Some(comment) => tokio::time::sleep(comment).await,
                None => std::future::pending().await,
            }
        };
        let end = async {
            match self.until {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = comment => Pause::Comment,
            () = end => Pause::End,
        }
    }
}

/// The log of one stream.
#[derive(Debug)]
pub(crate) struct StreamLog {
    tag: String,
    purpose: Purpose,
    kept: Mutex<Kept>,
    appended: Notify,
    taken: Notify,
}

impl StreamLog {
    pub(crate) fn new(tag: String, purpose: Purpose, budget: &Budget) -> Arc<Self> {
        let kept = Kept {
            items: VecDeque::new(),
            bytes: 0,
            held: budget.open(),
            next: 1,
            followed: 0,
            done: false,
        };
        Arc::new(Self {
            tag,
            purpose,
            kept: Mutex::new(kept),
            appended: Notify::new(),
            taken: Notify::new(),
        })
    }

    /// What the stream's event ids begin with.
    #[cfg(test)]
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }

    /// Events of a stream that can be resumed have ids.
    pub(crate) fn has_ids(&self) -> bool {
        self.purpose != Purpose::Queue
    }

    /// Waits until a queue has room. A log for replay always has.
    pub(crate) async fn room(&self) {
        loop {
            let mut taken = std::pin::pin!(self.taken.notified());
            taken.as_mut().enable();
            if self.purpose != Purpose::Queue
                || self.with(|kept| kept.done || kept.bytes < QUEUE_BYTES_MAX)
            {
                return;
            }
            taken.await;
        }
    }

    /// Appends what `make` makes of the event's id, and returns it.
    pub(crate) fn append(&self, make: impl FnOnce(&str) -> Item) -> Item {
        let item = self.with(|kept| {
            let number = kept.next;
            kept.next += 1;
            let item = make(&format!("{}-{number}", self.tag));
            self.keep(kept, number, item.clone());
            item
        });
        self.appended.notify_waiters();
        item
    }

    fn keep(&self, kept: &mut Kept, number: u64, item: Item) {
        if kept.done {
            return;
        }
        let bytes = item.bytes();
        if let Purpose::Replay {
            events_max,
            bytes_max,
        } = self.purpose
        {
            if bytes > bytes_max {
                return;
            }
            while kept.items.len() >= events_max || kept.bytes + bytes > bytes_max {
                let Some((_, oldest)) = kept.items.pop_front() else {
                    break;
                };
                kept.bytes -= oldest.bytes();
            }
        }
        if kept.held.grow_to(kept.bytes + bytes) {
            kept.bytes += bytes;
            kept.items.push_back((number, item));
        }
    }

    /// Says that nothing more will come.
    pub(crate) fn end(&self) {
        self.with(|kept| kept.done = true);
        self.appended.notify_waiters();
        self.taken.notify_waiters();
    }

    /// Returns once nothing more will come.
    pub(crate) async fn ended(&self) {
        loop {
            let mut appended = std::pin::pin!(self.appended.notified());
            appended.as_mut().enable();
            if self.with(|kept| kept.done) {
                return;
            }
            appended.await;
        }
    }

    /// The number of an event id of this stream.
    pub(crate) fn number(&self, event_id: &str) -> Option<u64> {
        event_id
            .strip_prefix(self.tag.as_str())?
            .strip_prefix('-')?
            .parse()
            .ok()
    }

    /// The items after `number`, and whether they are the last there will be.
    fn after(&self, number: u64) -> (Vec<(u64, Item)>, bool) {
        let read = self.with(|kept| {
            let items: Vec<(u64, Item)> = kept
                .items
                .iter()
                .filter(|(at, _)| *at > number)
                .cloned()
                .collect();
            if self.purpose == Purpose::Queue {
                kept.items.clear();
                kept.bytes = 0;
                kept.held.shrink_to(0);
            }
            (items, kept.done)
        });
        self.taken.notify_waiters();
        read
    }

    /// Where a client that names no event goes on: after the last item any client was sent.
    pub(crate) fn followed(&self) -> u64 {
        self.with(|kept| kept.followed)
    }

    /// Writes what comes after `number` to `wire`, until the stream ends or the client does; comments when idle.
    /// True when it was cut.
    pub(crate) async fn follow<W: Wire>(
        &self,
        mut number: u64,
        idle: Idle,
        wire: &mut W,
    ) -> Result<bool, Gone> {
        loop {
            let mut appended = std::pin::pin!(self.appended.notified());
            appended.as_mut().enable();
            let (items, done) = self.after(number);
            let is_idle = items.is_empty();
            for (at, item) in items {
                number = at;
                match item {
                    Item::Frame(bytes) => wire.body(&bytes).await?,
                    Item::Cut(bytes, how) => {
                        wire.body(&bytes).await?;
                        wire.cut(how).await;
                        return Ok(true);
                    }
                }
                self.with(|kept| kept.followed = kept.followed.max(number));
            }
            if done || idle.until.is_some_and(|until| Instant::now() >= until) {
                wire.finish().await?;
                return Ok(false);
            }
            if is_idle {
                tokio::select! {
                    () = &mut appended => {}
                    gone = wire.closed() => return Err(gone),
                    pause = idle.pause() => {
                        if pause == Pause::Comment {
                            wire.body(COMMENT).await?;
                        }
                    }
                }
            }
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        change(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One event in the event stream format. Data with line breaks would need a line each; ours is JSON on one line.
pub(crate) fn frame(id: Option<&str>, event: &str, data: &str) -> Bytes {
    let mut text = String::with_capacity(data.len() + 64);
    if let Some(id) = id {
        text.push_str("id: ");
        text.push_str(id);
        text.push('\n');
    }
    text.push_str("event: ");
    text.push_str(event);
    text.push_str("\ndata: ");
    text.push_str(data);
    text.push_str("\n\n");
    Bytes::from(text)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Item, Purpose, StreamLog, frame};
    use crate::probe::budget::Budget;

    fn texts(log: &StreamLog, after: u64) -> Vec<String> {
        let (items, _) = log.after(after);
        items
            .into_iter()
            .map(|(_, item)| match item {
                Item::Frame(bytes) | Item::Cut(bytes, _) => {
                    String::from_utf8(bytes.to_vec()).unwrap()
                }
            })
            .collect()
    }

    fn append(log: &StreamLog, text: &'static str) {
        log.append(|_| Item::Frame(Bytes::from_static(text.as_bytes())));
    }

    #[test]
    fn a_replay_begins_after_the_event_named() {
        let budget = Budget::new(1_000);
        let log = StreamLog::new(
            "s".into(),
            Purpose::Replay {
                events_max: 3,
                bytes_max: 100,
            },
            &budget,
        );
        for text in ["a", "b", "c", "d"] {
            append(&log, text);
        }
        assert_eq!(texts(&log, 0), ["b", "c", "d"], "the oldest goes");
        assert_eq!(texts(&log, log.number("s-3").unwrap()), ["d"]);
        assert!(log.number("t-3").is_none());
        assert!(log.number("s-x").is_none());
    }

    #[test]
    fn a_log_keeps_within_its_bytes_and_the_budget() {
        let budget = Budget::new(5);
        let log = StreamLog::new(
            "s".into(),
            Purpose::Replay {
                events_max: 9,
                bytes_max: 4,
            },
            &budget,
        );
        for text in ["aaa", "bb", "ccccc"] {
            append(&log, text);
        }
        assert_eq!(texts(&log, 0), ["bb"]);
        let other = StreamLog::new(
            "t".into(),
            Purpose::Replay {
                events_max: 9,
                bytes_max: 4,
            },
            &budget,
        );
        append(&other, "eeee");
        assert!(
            texts(&other, 0).is_empty(),
            "the first log still holds three bytes of the five"
        );
        drop(log);
        append(&other, "eeee");
        assert_eq!(texts(&other, 0), ["eeee"]);
    }

    #[tokio::test]
    async fn a_full_queue_makes_its_writer_wait() {
        let budget = Budget::new(100 << 20);
        let log = StreamLog::new("q".into(), Purpose::Queue, &budget);
        log.append(|_| Item::Frame(Bytes::from(vec![0; 5 << 20])));
        let full = tokio::time::timeout(std::time::Duration::from_millis(20), log.room()).await;
        assert!(full.is_err());
        assert_eq!(texts(&log, 0).len(), 1);
        log.room().await;
        assert!(texts(&log, 0).is_empty(), "what was read is forgotten");
    }

    #[test]
    fn frames_end_with_an_empty_line() {
        assert_eq!(
            frame(Some("s-1"), "message", "{}"),
            "id: s-1\nevent: message\ndata: {}\n\n"
        );
    }
}

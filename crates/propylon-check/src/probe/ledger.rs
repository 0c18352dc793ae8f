//! What was done under each key: how often a call was executed, and when its client went away.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use hashlink::LruCache;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::clock::{Clock, Stamp};
use super::wire::Ending;

/// How far an answer had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    BeforeHead,
    Streaming,
    AfterResult,
}

/// The client's close of an exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disconnect {
    pub(crate) at: Stamp,
    pub(crate) how: Ending,
    pub(crate) sent_bytes: u64,
    pub(crate) phase: Phase,
}

/// How an exchange came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Running,
    Completed,
    /// Modern: the client's close ended the call.
    Cancelled,
    /// The probe cut the connection, or died.
    Cut,
    /// Legacy: the call went on without its client.
    Continued,
}

#[derive(Debug)]
struct Exchange {
    serial: u64,
    instance: Arc<str>,
    tool: String,
    connection: u64,
    /// A tool was executed, as opposed to a stream being opened.
    is_run: bool,
    began: Stamp,
    ended: Option<Stamp>,
    outcome: Outcome,
    disconnect: Option<Disconnect>,
}

#[derive(Debug, Default)]
struct Entry {
    runs: Vec<(Arc<str>, u64)>,
    exchanges: VecDeque<Exchange>,
}

#[derive(Debug)]
struct Pages {
    next_serial: u64,
    entries: LruCache<String, Entry>,
}

/// The ledger of a process, shared by its instances.
#[derive(Debug)]
pub(crate) struct Ledger {
    pages: Mutex<Pages>,
    exchanges_per_key_max: usize,
    disconnected: Notify,
}

/// Who does what, under which key.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) key: String,
    pub(crate) instance: Arc<str>,
    pub(crate) tool: String,
    pub(crate) connection: u64,
    pub(crate) is_run: bool,
}

/// An exchange under way. Dropped without an outcome it counts as cut.
#[derive(Debug)]
pub(crate) struct Record {
    ledger: Arc<Ledger>,
    clock: Clock,
    key: String,
    serial: u64,
    settled: bool,
}

impl Ledger {
    pub(crate) fn new(keys_max: usize, exchanges_per_key_max: usize) -> Self {
        Self {
            pages: Mutex::new(Pages {
                next_serial: 0,
                entries: LruCache::new(keys_max),
            }),
            exchanges_per_key_max,
            disconnected: Notify::new(),
        }
    }

    /// Opens an exchange, and counts it as an execution if it is one.
    pub(crate) fn begin(self: &Arc<Self>, clock: Clock, deed: Deed) -> Record {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let serial = pages.next_serial;
        pages.next_serial += 1;
        if !pages.entries.contains_key(&deed.key) {
            // Only `insert` keeps the map to its bound.
            pages.entries.insert(deed.key.clone(), Entry::default());
        }
        let entry = pages
            .entries
            .entry(deed.key.clone())
            .or_insert_with(Entry::default);
        if deed.is_run {
            match entry
                .runs
                .iter_mut()
                .find(|(name, _)| *name == deed.instance)
            {
                Some((_, count)) => *count += 1,
                None => entry.runs.push((Arc::clone(&deed.instance), 1)),
            }
        }
        if entry.exchanges.len() >= self.exchanges_per_key_max {
            entry.exchanges.pop_front();
        }
        entry.exchanges.push_back(Exchange {
            serial,
            instance: deed.instance,
            tool: deed.tool,
            connection: deed.connection,
            is_run: deed.is_run,
            began: clock.stamp(),
            ended: None,
            outcome: Outcome::Running,
            disconnect: None,
        });
        Record {
            ledger: Arc::clone(self),
            clock,
            key: deed.key,
            serial,
            settled: false,
        }
    }

    /// The fields of `executions`: for `instance`, and for every name in `instances`.
    pub(crate) fn executions(&self, key: &str, instance: &str, instances: &[Arc<str>]) -> Value {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = pages.entries.get(key);
        let count = |name: &str| {
            entry
                .as_ref()
                .and_then(|entry| entry.runs.iter().find(|(of, _)| **of == *name))
                .map_or(0, |(_, count)| *count)
        };
        let by_instance: serde_json::Map<String, Value> = instances
            .iter()
            .map(|name| (name.to_string(), json!(count(name))))
            .collect();
        let runs: Vec<Value> = entry
            .iter()
            .flat_map(|entry| entry.exchanges.iter().filter(|exchange| exchange.is_run))
            .map(|run| json!({"instance": &*run.instance, "tool": run.tool, "connection": run.connection, "began": run.began.json()}))
            .collect();
        json!({"count": count(instance), "by_instance": by_instance, "runs": runs})
    }

    /// The fields of `disconnects`.
    pub(crate) fn disconnects(&self, key: &str) -> Value {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let exchanges: Vec<&Exchange> = pages
            .entries
            .get(key)
            .iter()
            .flat_map(|entry| &entry.exchanges)
            .collect();
        let seen = exchanges
            .iter()
            .any(|exchange| exchange.disconnect.is_some());
        json!({"seen": seen, "exchanges": exchanges.into_iter().map(Exchange::json).collect::<Vec<_>>()})
    }

    /// Returns once a disconnect of that key is known.
    pub(crate) async fn await_disconnect(&self, key: &str) {
        loop {
            let mut changed = std::pin::pin!(self.disconnected.notified());
            changed.as_mut().enable();
            if self.disconnects(key).get("seen") == Some(&Value::Bool(true)) {
                return;
            }
            changed.await;
        }
    }

    fn change(&self, record: &Record, change: impl FnOnce(&mut Exchange)) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let exchange = pages.entries.get_mut(&record.key).and_then(|entry| {
            entry
                .exchanges
                .iter_mut()
                .find(|exchange| exchange.serial == record.serial)
        });
        if let Some(exchange) = exchange {
            change(exchange);
        }
    }
}

impl Exchange {
    fn json(&self) -> Value {
        let disconnect = self.disconnect.map(|disconnect| {
            json!({
                "at": disconnect.at.json(),
                "after_ns": disconnect.at.at_ns.saturating_sub(self.began.at_ns),
                "how": disconnect.how.as_str(),
                "bytes_sent": disconnect.sent_bytes,
                "phase": match disconnect.phase {
                    Phase::BeforeHead => "before-head",
                    Phase::Streaming => "streaming",
                    Phase::AfterResult => "after-result",
                },
            })
        });
        json!({
            "instance": &*self.instance,
            "tool": self.tool,
            "connection": self.connection,
            "began": self.began.json(),
            "ended": self.ended.map(Stamp::json),
            "outcome": match self.outcome {
                Outcome::Running => "running",
                Outcome::Completed => "completed",
                Outcome::Cancelled => "cancelled",
                Outcome::Cut => "cut",
                Outcome::Continued => "continued",
            },
            "disconnect": disconnect,
        })
    }
}

impl Record {
    /// Notes the client's close; only the first counts.
    pub(crate) fn disconnected(&self, disconnect: Disconnect) {
        self.ledger.change(self, |exchange| {
            exchange.disconnect.get_or_insert(disconnect);
        });
        self.ledger.disconnected.notify_waiters();
    }

    /// Notes that the call goes on without its client.
    pub(crate) fn continued(&self) {
        self.ledger
            .change(self, |exchange| exchange.outcome = Outcome::Continued);
    }

    /// Ends the exchange. One that went on without its client stays `Continued`.
    pub(crate) fn settle(&mut self, outcome: Outcome) {
        self.settled = true;
        let ended = self.clock.stamp();
        self.ledger.change(self, |exchange| {
            exchange.ended = Some(ended);
            if !(exchange.outcome == Outcome::Continued && outcome == Outcome::Completed) {
                exchange.outcome = outcome;
            }
        });
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if !self.settled {
            self.settle(Outcome::Cut);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Deed, Disconnect, Ledger, Outcome, Phase};
    use crate::probe::clock::Clock;
    use crate::probe::wire::Ending;

    fn deed(key: &str, instance: &str, is_run: bool) -> Deed {
        Deed {
            key: key.into(),
            instance: instance.into(),
            tool: "sleep".into(),
            connection: 1,
            is_run,
        }
    }

    #[test]
    fn executions_are_counted_by_instance() {
        let ledger = Arc::new(Ledger::new(8, 2));
        let clock = Clock::start();
        for instance in ["a", "b", "a", "a"] {
            ledger
                .begin(clock, deed("k", instance, true))
                .settle(Outcome::Completed);
        }
        drop(ledger.begin(clock, deed("k", "a", false)));
        let names: Vec<Arc<str>> = vec!["a".into(), "b".into(), "c".into()];
        let report = ledger.executions("k", "a", &names);
        assert_eq!(report["count"], 3);
        assert_eq!(
            report["by_instance"],
            serde_json::json!({"a": 3, "b": 1, "c": 0})
        );
        assert_eq!(
            report["runs"].as_array().unwrap().len(),
            1,
            "two exchanges are kept, one of them no run"
        );
        assert_eq!(ledger.executions("other", "a", &names)["count"], 0);
    }

    #[tokio::test]
    async fn a_disconnect_is_awaited() {
        let ledger = Arc::new(Ledger::new(8, 8));
        let clock = Clock::start();
        let mut record = ledger.begin(clock, deed("k", "a", true));
        assert_eq!(ledger.disconnects("k")["seen"], false);
        let waiting = tokio::spawn({
            let ledger = Arc::clone(&ledger);
            async move { ledger.await_disconnect("k").await }
        });
        tokio::task::yield_now().await;
        let at = clock.stamp();
        record.disconnected(Disconnect {
            at,
            how: Ending::Rst,
            sent_bytes: 9,
            phase: Phase::Streaming,
        });
        record.continued();
        record.settle(Outcome::Completed);
        waiting.await.unwrap();
        let exchange = ledger.disconnects("k")["exchanges"][0].clone();
        assert_eq!(
            (&exchange["outcome"], &exchange["disconnect"]["how"]),
            (&"continued".into(), &"rst".into())
        );
    }

    #[test]
    fn what_is_dropped_was_cut_and_old_keys_go() {
        let ledger = Arc::new(Ledger::new(1, 8));
        drop(ledger.begin(Clock::start(), deed("k", "a", true)));
        assert_eq!(ledger.disconnects("k")["exchanges"][0]["outcome"], "cut");
        drop(ledger.begin(Clock::start(), deed("l", "a", true)));
        assert_eq!(ledger.disconnects("k")["exchanges"], serde_json::json!([]));
    }
}

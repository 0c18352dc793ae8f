//! What came to an instance, counted, with the last requests that were not the checker's.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::clock::Stamp;
use super::message::{self, Message};
use super::request::Request;

/// Foreign requests kept.
const RECENT_MAX: usize = 64;

/// The counters of one instance.
#[derive(Debug, Default)]
pub(crate) struct Census {
    pub(crate) health: AtomicU64,
    pub(crate) endpoint: AtomicU64,
    pub(crate) unknown_session: AtomicU64,
    pub(crate) foreign: AtomicU64,
    pub(crate) foreign_initialized: AtomicU64,
    pub(crate) accepted: AtomicU64,
    pub(crate) open: AtomicU64,
    pub(crate) get_streams: AtomicU64,
    pub(crate) listen_streams: AtomicU64,
    recent: Mutex<VecDeque<(Ticket, Value)>>,
}

/// One foreign request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// Counts one up while it lives.
#[derive(Debug)]
pub(crate) struct Gauge<'a>(&'a AtomicU64);

impl<'a> Gauge<'a> {
    pub(crate) fn raise(counter: &'a AtomicU64) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }

    /// Takes over a count that was raised already.
    pub(crate) fn raised(counter: &'a AtomicU64) -> Self {
        Self(counter)
    }
}

impl Drop for Gauge<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts one.
pub(crate) fn count(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed) + 1
}

/// Reads a counter.
pub(crate) fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Census {
    /// Notes a request on the endpoint that is not the checker's; its status is told by `answered`.
    pub(crate) fn foreign(&self, request: &Request, at: Stamp) -> Ticket {
        let ticket = Ticket(count(&self.foreign));
        let initializes = matches!(message::read(&request.body), Ok(Message::Request { method, .. }) if method == "initialize");
        if initializes {
            count(&self.foreign_initialized);
        }
        let short = |text: &str| text.chars().take(256).collect::<String>();
        let seen = json!({
            "method": request.head.method,
            "target": short(&request.head.target),
            "status": null,
            "user_agent": request.head.get("user-agent").map(|agent| short(&agent)),
            "peer": request.connection.peer.to_string(),
            "at": at.json(),
        });
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= RECENT_MAX {
            recent.pop_front();
        }
        recent.push_back((ticket, seen));
        ticket
    }

    /// Adds the status a foreign request was answered with.
    pub(crate) fn answered(&self, ticket: Ticket, status: u16) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, seen)) = recent.iter_mut().rev().find(|(of, _)| *of == ticket)
            && let Some(slot) = seen.get_mut("status")
        {
            *slot = json!(status);
        }
    }

    /// The last foreign requests, oldest first.
    pub(crate) fn recent(&self) -> Vec<Value> {
        self.recent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(_, seen)| seen.clone())
            .collect()
    }
}

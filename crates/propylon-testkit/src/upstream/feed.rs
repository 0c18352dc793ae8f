//! Handles by which a test steers an answer that is under way.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The longest any answer waits for its test.
const PATIENCE: Duration = Duration::from_secs(120);

/// Something to wait behind until the test opens it.
#[derive(Clone, Default)]
pub struct Gate {
    state: Arc<(Mutex<bool>, Condvar)>,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everything pass, now and later.
    pub fn open(&self) {
        *self.state.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.state.1.notify_all();
    }

    pub(crate) fn wait(&self, gone: impl Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        let mut open = self.state.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !*open && !gone() && Instant::now() < end {
            let waited = self.state.1.wait_timeout(open, Duration::from_millis(20));
            open = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

pub(crate) enum Fed {
    Bytes(Vec<u8>),
    End,
    Cut,
}

/// The far end of an open event stream: what the test sends here leaves the upstream at once.
#[derive(Clone)]
pub struct EventFeed {
    sender: Sender<Fed>,
    receiver: Arc<Mutex<Receiver<Fed>>>,
}

impl Default for EventFeed {
    fn default() -> Self {
        Self::new()
    }
}

impl EventFeed {
    /// A feed for one stream; hand a clone to [`Answer::stream`](super::Answer::stream).
    pub fn new() -> Self {
        let (sender, receiver) = channel();
        Self {
            sender,
            receiver: Arc::new(Mutex::new(receiver)),
        }
    }

    /// Sends bytes as one chunk, and says when they were handed over.
    pub fn send(&self, bytes: impl AsRef<[u8]>) -> Instant {
        let now = Instant::now();
        let _ = self.sender.send(Fed::Bytes(bytes.as_ref().to_vec()));
        now
    }

    /// Sends one event with this data.
    pub fn event(&self, data: &str) -> Instant {
        self.send(format!("data: {data}\n\n"))
    }

    /// Ends the stream in order.
    pub fn end(&self) {
        let _ = self.sender.send(Fed::End);
    }

    /// Ends the connection with a reset in the middle of the body.
    pub fn cut(&self) {
        let _ = self.sender.send(Fed::Cut);
    }

    /// The next thing fed, or `None` when `gone` says nobody listens any more.
    pub(crate) fn next(&self, gone: impl Fn() -> bool) -> Option<Fed> {
        let receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        let end = Instant::now() + PATIENCE;
        while !gone() && Instant::now() < end {
            if let Ok(fed) = receiver.recv_timeout(Duration::from_millis(20)) {
                return Some(fed);
            }
        }
        None
    }
}

//! One timer for the many deadlines of a connection, touched only when a nearer one comes.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

/// A timer that is set to fire too early rather than set again for each deadline.
#[derive(Debug)]
pub(crate) struct Deadline {
    sleep: Pin<Box<Sleep>>,
    fires: Instant,
}

impl Deadline {
    pub(crate) fn new() -> Self {
        let fires = Instant::now() + Duration::from_secs(60);
        Self {
            sleep: Box::pin(tokio::time::sleep_until(fires.into())),
            fires,
        }
    }

    /// Ready once `due` has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, due: Instant) -> Poll<()> {
        if due < self.fires {
            self.set(due);
        }
        while self.sleep.as_mut().poll(cx).is_ready() {
            if Instant::now() >= due {
                return Poll::Ready(());
            }
            self.set(due);
        }
        Poll::Pending
    }

    fn set(&mut self, due: Instant) {
        self.sleep.as_mut().reset(due.into());
        self.fires = due;
    }
}

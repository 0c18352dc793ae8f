//! One connection to an instance, and whether the server has already closed it.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

use propylon_net::dial::DialTarget;

use super::http2::Session;
use super::http2::stream::Stream;
use super::link::Link;

/// A connection to an instance, fresh or kept alive.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) io: Link,
    /// Where it leads.
    pub(crate) target: DialTarget,
    /// When the last answer on it was complete.
    pub(crate) idle_since: Instant,
    /// How long the server said it keeps an idle connection (`Keep-Alive: timeout=`).
    pub(crate) keep_alive: Option<Duration>,
    /// Whether it has carried an exchange before this one.
    pub(crate) reused: bool,
}

/// Below this the event loop's word is taken, which is a turn of the worker old at most: a millisecond when it is busy. The
/// socket itself would know of a server that has died since, and costs a system call for every request.
const TRUSTED_IDLE: Duration = Duration::from_millis(2);

impl Connection {
    /// A fresh connection to `target`.
    pub(crate) fn new(io: Link, target: DialTarget) -> Self {
        Self {
            io,
            target,
            idle_since: Instant::now(),
            keep_alive: None,
            reused: false,
        }
    }

    /// One exchange on a connection that carries others.
    pub(crate) fn on(session: &Rc<Session>) -> Self {
        let stream = Stream::on(Rc::clone(session));
        Self::new(Link::Http2(Box::new(stream)), session.target)
    }

    /// Whether the server still listens on this idle connection, as far as can be known here.
    /// Anything to read on it, an end or bytes nobody asked for, means no.
    pub(crate) fn is_alive(&mut self, now: Instant) -> bool {
        self.io.seems_quiet()
            && (now.saturating_duration_since(self.idle_since) < TRUSTED_IDLE || self.io.is_quiet())
    }

    /// Until when an idle connection may be used again. A server that says 5 s gets a second less,
    /// since its clock started before ours.
    pub(crate) fn usable_until(&self, idle: Duration) -> Instant {
        let told = self
            .keep_alive
            .map(|told| told.saturating_sub(Duration::from_secs(1)));
        self.idle_since + told.map_or(idle, |told| told.min(idle))
    }

    /// Sends the first bytes of a request, as many as are taken at once.
    ///
    /// # Errors
    /// Nothing that could be read has left: the request may go to another connection.
    pub(crate) async fn send_first(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        poll_fn(|cx| match self.io.poll_send_first(cx, bytes) {
            Poll::Pending => Poll::Ready(Ok(0)),
            ready => ready,
        })
        .await
    }
}

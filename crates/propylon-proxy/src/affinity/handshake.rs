//! How a session began, kept so that it can begin anew: the client's own messages, and what it stands for now.
//!
//! What a client said is held here and nowhere else, and nothing prints it.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::upstream::instance::Instance;

/// The handshake of one session.
pub(crate) struct Handshake {
    initialize: Box<[u8]>,
    /// The client's `notifications/initialized`, once it has been sent.
    initialized: OnceLock<Box<[u8]>>,
    standing: Mutex<Standing>,
    /// How often it has been tried to begin the session anew.
    attempts: AtomicU64,
    /// Held by the request that tries: however many find the session lost, it begins anew once.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

/// What a session stands for.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    /// The session its client began.
    Original,
    /// Nothing: its instance is gone, or no longer knows it.
    Lost,
    /// Another, which was begun in its client's name.
    Renewed(Arc<Renewed>),
}

/// A session that was begun anew.
pub(crate) struct Renewed {
    /// The id by which its instance knows it.
    pub(crate) id: Box<[u8]>,
    pub(crate) instance: Arc<Instance>,
    /// Whether the client has still to hear that the tools may be others now.
    owes_notice: AtomicBool,
    /// Whether the client has seen a stream of it: before, no event id that it names can be of this session.
    has_streamed: AtomicBool,
}

impl Handshake {
    pub(crate) fn new(initialize: Box<[u8]>) -> Self {
        Self {
            initialize,
            initialized: OnceLock::new(),
            standing: Mutex::new(Standing::Original),
            attempts: AtomicU64::new(0),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The client's `initialize`.
    pub(crate) fn initialize(&self) -> &[u8] {
        &self.initialize
    }

    /// The client's `notifications/initialized`, if it has sent it.
    pub(crate) fn initialized(&self) -> Option<&[u8]> {
        self.initialized.get().map(|message| &**message)
    }

    /// Keeps the client's `notifications/initialized`; the first one counts.
    pub(crate) fn keep_initialized(&self, message: Box<[u8]>) {
        // A second one says nothing new.
        let _ = self.initialized.set(message);
    }

    pub(crate) fn standing(&self) -> Standing {
        self.lock().clone()
    }

    pub(crate) fn attempts(&self) -> u64 {
        self.attempts.load(Ordering::Acquire)
    }

    /// One attempt is over; `renewed` where it came to something.
    pub(crate) fn attempted(&self, renewed: Option<Arc<Renewed>>) {
        if let Some(renewed) = renewed {
            *self.lock() = Standing::Renewed(renewed);
        }
        self.attempts.fetch_add(1, Ordering::Release);
    }

    /// The session that `was` stood for is no more. Whoever knew only an earlier one changes nothing.
    pub(crate) fn lose(&self, was: Option<&Arc<Renewed>>) {
        let mut standing = self.lock();
        let is_current = match (&*standing, was) {
            (Standing::Original, None) => true,
            (Standing::Renewed(now), Some(was)) => Arc::ptr_eq(now, was),
            _ => false,
        };
        if is_current {
            *standing = Standing::Lost;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Renewed {
    pub(crate) fn new(id: Box<[u8]>, instance: Arc<Instance>, owes_notice: bool) -> Self {
        Self {
            id,
            instance,
            owes_notice: AtomicBool::new(owes_notice),
            has_streamed: AtomicBool::new(false),
        }
    }

    /// A stream of it begins for its client; true where that is to begin with the notice.
    pub(crate) fn begin_stream(&self) -> bool {
        self.has_streamed.store(true, Ordering::Relaxed);
        self.owes_notice.swap(false, Ordering::Relaxed)
    }

    pub(crate) fn has_streamed(&self) -> bool {
        self.has_streamed.load(Ordering::Relaxed)
    }
}

/// The same only as itself: two clients may well say the same.
impl PartialEq for Handshake {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("standing", &self.standing())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Renewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewed")
            .field("instance", &self.instance.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renewed(id: &str) -> Arc<Renewed> {
        let instance = Instance::new("127.0.0.1:1".to_owned(), None);
        Arc::new(Renewed::new(id.as_bytes().into(), instance, true))
    }

    fn stands_for(handshake: &Handshake) -> String {
        match handshake.standing() {
            Standing::Original => "original".to_owned(),
            Standing::Lost => "lost".to_owned(),
            Standing::Renewed(renewed) => String::from_utf8_lossy(&renewed.id).into_owned(),
        }
    }

    #[test]
    fn only_the_session_that_stands_can_be_lost() {
        let handshake = Handshake::new(Box::default());
        let (first, second) = (renewed("first"), renewed("second"));
        assert_eq!(stands_for(&handshake), "original");
        handshake.lose(Some(&first));
        assert_eq!(stands_for(&handshake), "original");
        handshake.lose(None);
        assert_eq!(stands_for(&handshake), "lost");
        handshake.attempted(None);
        assert_eq!(
            (stands_for(&handshake).as_str(), handshake.attempts()),
            ("lost", 1)
        );
        handshake.attempted(Some(Arc::clone(&first)));
        handshake.lose(None);
        assert_eq!(
            stands_for(&handshake),
            "first",
            "a late word of the original"
        );
        handshake.lose(Some(&first));
        handshake.attempted(Some(second));
        handshake.lose(Some(&first));
        assert_eq!(stands_for(&handshake), "second");
    }

    #[test]
    fn the_notice_is_due_once() {
        let renewed = renewed("a");
        assert!(!renewed.has_streamed());
        assert_eq!(
            [renewed.begin_stream(), renewed.begin_stream()],
            [true, false]
        );
        assert!(renewed.has_streamed());
    }

    #[test]
    fn nothing_is_printed_of_what_was_said() {
        let handshake = Handshake::new(b"{\"secret\":1}"[..].into());
        handshake.keep_initialized(b"secret"[..].into());
        handshake.attempted(Some(renewed("secret-id")));
        let printed = format!("{handshake:?}");
        assert!(
            !printed.contains("secret") && printed.contains("127.0.0.1:1"),
            "{printed}"
        );
    }
}

//! What requests on port 80 are answered with while an order is under way, and how many orders came to what.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

/// Shared by all listeners, and over reloads.
#[derive(Debug, Default)]
pub(crate) struct State {
    tokens: Mutex<BTreeMap<String, String>>,
    pub(crate) issued: AtomicU64,
    pub(crate) failed: AtomicU64,
}

/// A token that is answered until this is dropped.
pub(super) struct ShownToken {
    state: Arc<State>,
    token: String,
}

/// Where a directory asks (RFC 8555, 8.3).
const PATH: &str = "/.well-known/acme-challenge/";

impl State {
    /// What a request for this path is answered with, if an order waits for it.
    pub(crate) fn answer(&self, path: &str) -> Option<String> {
        let token = path.strip_prefix(PATH)?;
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(token).cloned()
    }

    pub(super) fn show(self: &Arc<Self>, token: String, answer: String) -> ShownToken {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(token.clone(), answer);
        ShownToken {
            state: Arc::clone(self),
            token,
        }
    }
}

impl Drop for ShownToken {
    fn drop(&mut self) {
        let mut tokens = self
            .state
            .tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        tokens.remove(&self.token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_answered_while_it_is_shown() {
        let state = Arc::new(State::default());
        let shown = state.show("abc".to_owned(), "abc.key".to_owned());
        let path = "/.well-known/acme-challenge/abc";
        assert_eq!(state.answer(path).as_deref(), Some("abc.key"));
        assert_eq!(state.answer("/.well-known/acme-challenge/"), None);
        assert_eq!(state.answer("/abc"), None);
        drop(shown);
        assert_eq!(state.answer(path), None);
    }
}

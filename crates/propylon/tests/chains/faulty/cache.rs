//! Event streams stored by request, for the fault that plays them again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::message::Head;

/// Stored answers.
#[derive(Default)]
pub(super) struct Cache {
    stored: Mutex<HashMap<String, (Head, Vec<u8>)>>,
}

impl Cache {
    /// What a cache that does not look at the session takes for the same request: the method, the target, and the body
    /// without its id.
    pub(super) fn key(head: &Head, body: &[u8]) -> String {
        let message: Option<serde_json::Value> = serde_json::from_slice(body).ok();
        let call = message.and_then(|mut message| {
            let params = message.get_mut("params")?;
            params.as_object_mut()?.remove("_meta");
            Some(params.to_string())
        });
        format!(
            "{} {} {}",
            head.method(),
            head.target(),
            call.unwrap_or_default()
        )
    }

    pub(super) fn get(&self, key: &str) -> Option<(Head, Vec<u8>)> {
        self.stored
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned()
    }

    pub(super) fn put(&self, key: String, head: Head, body: Vec<u8>) {
        self.stored
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, (head, body));
    }
}

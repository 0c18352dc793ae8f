//! An event store for the Rust SDK's server: every event of every stream, kept for as long as the process lives.

use std::sync::{Mutex, PoisonError};

use rmcp::transport::streamable_http_server::session::{
    EventStore, EventStoreError, EventStream, ServerSseMessage,
};

/// The store.
#[derive(Default)]
pub(crate) struct Kept {
    events: Mutex<Vec<(String, ServerSseMessage)>>,
}

#[async_trait::async_trait]
impl EventStore for Kept {
    async fn store_event(
        &self,
        stream: &str,
        event: &ServerSseMessage,
    ) -> Result<String, EventStoreError> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let id = format!("{}", events.len());
        let mut event = event.clone();
        event.event_id = Some(id.clone());
        events.push((stream.to_owned(), event));
        Ok(id)
    }

    async fn replay_events_after(&self, last: &str) -> Result<EventStream, EventStoreError> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let at: usize = last.parse()?;
        let (stream, _) = events.get(at).ok_or("no such event")?;
        let later = events
            .iter()
            .skip(at + 1)
            .filter(|(other, _)| other == stream);
        let replayed: Vec<_> = later.map(|(_, event)| event.clone()).collect();
        Ok(Box::pin(futures::stream::iter(replayed)))
    }
}

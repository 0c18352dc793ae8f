//! How many event streams are open, in all and by client address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use propylon_config::Limits;

/// The open event streams of all workers.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    open: AtomicUsize,
    by_client: Mutex<HashMap<IpAddr, usize>>,
}

/// One open stream; it stops counting when it is dropped.
#[derive(Debug)]
pub(crate) struct OpenStream {
    streams: Arc<Streams>,
    client: IpAddr,
}

impl Streams {
    /// Whether the client may open another stream.
    pub(crate) fn has_room(&self, client: IpAddr, limits: &Limits) -> bool {
        let open = self.open();
        if open >= limits.streams {
            return false;
        }
        // No client can hold more than all of them together, so most requests need no lock.
        open < limits.streams_per_client || self.of_client(client) < limits.streams_per_client
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Begins a stream if the client may open another.
    pub(crate) fn try_begin(
        self: &Arc<Self>,
        client: IpAddr,
        limits: &Limits,
    ) -> Option<OpenStream> {
        let stream = self.begin(client);
        let fits =
            self.open() <= limits.streams && self.of_client(client) <= limits.streams_per_client;
        fits.then_some(stream)
    }

    /// Begins a stream that can no longer be refused.
    pub(crate) fn begin(self: &Arc<Self>, client: IpAddr) -> OpenStream {
        self.open.fetch_add(1, Ordering::Relaxed);
        *self
            .by_client
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(client)
            .or_default() += 1;
        OpenStream {
            streams: Arc::clone(self),
            client,
        }
    }

    fn of_client(&self, client: IpAddr) -> usize {
        let by_client = self
            .by_client
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        by_client.get(&client).copied().unwrap_or_default()
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.streams.open.fetch_sub(1, Ordering::Relaxed);
        let mut by_client = self
            .streams
            .by_client
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_client.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                by_client.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_and_all_together_are_bounded() {
        let streams = Arc::new(Streams::default());
        let limits = Limits {
            streams: 3,
            streams_per_client: 2,
            ..Limits::default()
        };
        let [one, two] = [1, 2].map(|last| IpAddr::from([127, 0, 0, last]));
        let first = streams.begin(one);
        let _second = streams.begin(one);
        assert!(!streams.has_room(one, &limits) && streams.has_room(two, &limits));
        assert!(streams.try_begin(one, &limits).is_none(), "its own limit");
        let _third = streams.try_begin(two, &limits).unwrap();
        assert!(!streams.has_room(two, &limits), "all together");
        drop(first);
        assert!(streams.has_room(one, &limits));
        assert_eq!(streams.open(), 2);
    }
}

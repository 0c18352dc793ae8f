//! A relay of our own for HTTP/1.1 that holds every practice until one of its faults is switched on: for what no real
//! product can be configured to break, or to keep.

mod body;
mod cache;
mod exchange;
mod message;
mod outlet;
mod routes;
mod sse;

use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use routes::Routes;

/// One thing the relay does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Writes the body's method and name over the headers that should mirror them.
    RepairMirror,
    /// Parses the JSON of requests and writes it anew.
    ReencodeRequests,
    /// Answers a second identical request with the stream it stored for the first.
    CacheStreams,
    /// Lets quiet streams be quiet, and drops the server's own comments.
    NoKeepalive,
    /// Writes its comment into the middle of events that pause.
    SplitEvents,
    /// Gives nothing to who resumes the stream of a call.
    ForgetDropped,
    /// Takes `/weather` off the path, and serves nothing else.
    StripPrefix,
    /// Ends the client's body properly when the server's broke off.
    HideLoss,
    /// Reads as fast as the server sends, whatever the client takes.
    StoreUnread,
    /// Sends requests about a task to any instance.
    ScatterTasks,
    /// Passes on nothing of an event but its data.
    KeepDataOnly,
    /// Holds an event stream until it is over.
    HoldStreams,
    /// Sends a call again, to another instance, when its answer is cut before the head.
    Replay,
    /// Shows clients the instance's address in front of the session's id.
    ShowAddress,
    /// Follows redirects of the server by itself.
    FollowRedirects,
}

/// The relay, running until dropped.
pub(crate) struct Relay {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

/// What every exchange shares.
struct Shared {
    listen: SocketAddr,
    faults: &'static [Fault],
    routes: Routes,
    cache: cache::Cache,
    /// Ids of events on calls' streams.
    forgotten: Mutex<HashSet<String>>,
}

impl Shared {
    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }
}

impl Relay {
    /// Listens on `listen` and relays to `instances`.
    ///
    /// # Panics
    /// When the address is taken.
    pub(crate) fn start(
        listen: SocketAddr,
        instances: Vec<SocketAddr>,
        faults: &'static [Fault],
    ) -> Self {
        let listener = TcpListener::bind(listen).expect("the relay's address is free");
        let stopped = Arc::new(AtomicBool::new(false));
        let shared = Arc::new(Shared {
            listen,
            faults,
            routes: Routes::new(instances),
            cache: cache::Cache::default(),
            forgotten: Mutex::default(),
        });
        let stop = Arc::clone(&stopped);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(client) = client else { continue };
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || exchange::serve(client, &shared));
            }
        });
        Self {
            address: listen,
            stopped,
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // The accepting thread looks at the flag when one more client comes.
        let _ = std::net::TcpStream::connect(self.address);
    }
}

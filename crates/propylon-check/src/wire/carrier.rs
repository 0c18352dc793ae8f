//! HTTP/2 connections to the chain under test, each carrying many exchanges as clients have it.

use std::cell::Cell;
use std::rc::Rc;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use tokio::task::JoinHandle;

use super::http1::Pipe;
use super::trouble::Trouble;

/// How many exchanges share a connection at most, whatever the server allows: room for everything the run does at once.
const EXCHANGES_MAX: usize = 100;
/// What the server may send on one stream before it is read, and on all of them.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 1 << 30;

/// One HTTP/2 connection.
pub(crate) struct Carrier {
    sender: SendRequest<Bytes>,
    driver: JoinHandle<()>,
    scheme: &'static str,
    /// Where it leads.
    origin: String,
    in_use: Cell<usize>,
}

impl Carrier {
    /// Speaks HTTP/2 over `pipe`. Frames flow only within the run's task set.
    pub(crate) async fn open(
        pipe: impl Pipe + 'static,
        scheme: &'static str,
        origin: String,
    ) -> Result<Rc<Self>, Trouble> {
        let (sender, mut connection) = Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(64 << 10)
            .handshake(pipe)
            .await
            .map_err(refused)?;
        let mut ping = connection.ping_pong();
        let driver = tokio::task::spawn_local(async move {
            // How a connection ended is told to each of its streams.
            let _ = connection.await;
        });
        let carrier = Rc::new(Self {
            sender,
            driver,
            scheme,
            origin,
            in_use: Cell::new(0),
        });
        // The answer to a ping comes behind the server's settings, and only from who speaks HTTP/2.
        if let Some(ping) = &mut ping {
            ping.ping(h2::Ping::opaque()).await.map_err(refused)?;
        }
        Ok(carrier)
    }

    /// Whether another exchange finds room here.
    pub(crate) fn has_room(&self, origin: &str) -> bool {
        self.origin == origin
            && !self.driver.is_finished()
            && self.in_use.get() < self.streams_max().min(EXCHANGES_MAX)
    }

    /// How many streams the server allows at one time.
    pub(crate) fn streams_max(&self) -> usize {
        self.sender.current_max_send_streams()
    }

    pub(crate) fn sender(&self) -> SendRequest<Bytes> {
        self.sender.clone()
    }

    pub(crate) const fn scheme(&self) -> &'static str {
        self.scheme
    }

    pub(crate) fn take(&self) {
        self.in_use.set(self.in_use.get() + 1);
    }

    pub(crate) fn give_back(&self) {
        self.in_use.set(self.in_use.get().saturating_sub(1));
    }

    /// Whether the server wants no more of it.
    pub(crate) async fn is_spent(&self) -> bool {
        self.driver.is_finished() || self.sender().ready().await.is_err()
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

fn refused(error: h2::Error) -> Trouble {
    Trouble::Malformed(format!("HTTP/2 was not spoken back: {error}"))
}

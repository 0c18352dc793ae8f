//! What clients may send and hold open, and how long the proxy waits for them.

use std::time::Duration;

/// Bounds on what clients may send and hold open. Every one refuses with a `Propylon-Reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one request's line and headers.
    pub header_bytes: u64,
    /// Header fields of one request.
    pub header_count: usize,
    /// Bytes of one request's body.
    pub body_bytes: u64,
    /// Prefix of a JSON body that is looked at for method and id; the rest is never read into memory.
    pub peek_bytes: u64,
    /// Client connections open at once, over all listeners.
    pub connections: usize,
    /// Event streams open at once, over all clients.
    pub streams: usize,
    /// Event streams open at once for one client address.
    pub streams_per_client: usize,
    /// Tools of one upstream that are remembered because they want arguments mirrored in headers.
    pub annotated_tools: usize,
    /// Requests open at once on one HTTP/2 connection.
    pub streams_per_connection: u32,
    /// HTTP/2 frames that carry nothing of a message, a second and connection.
    pub control_frames: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            header_bytes: 96 * 1024,
            header_count: 256,
            body_bytes: 64 * 1024 * 1024,
            peek_bytes: 64 * 1024,
            connections: 65_536,
            streams: 65_536,
            streams_per_client: 4_096,
            annotated_tools: 1_024,
            streams_per_connection: 1_024,
            control_frames: 1_000,
        }
    }
}

/// How long the proxy waits for clients. None is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientTimeouts {
    /// From the first byte of a request head to its last.
    pub header_read: Duration,
    /// A connection without a request.
    pub keep_alive: Duration,
    /// Between bytes of a request body.
    pub body_idle: Duration,
    /// A client that reads nothing of what it is sent.
    pub write_idle: Duration,
    /// An HTTP/2 client with open requests that sends nothing, before it is asked for a sign of life.
    pub ping: Duration,
}

impl Default for ClientTimeouts {
    fn default() -> Self {
        ClientTimeouts {
            header_read: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            body_idle: Duration::from_secs(60),
            write_idle: Duration::from_secs(5 * 60),
            ping: Duration::from_secs(30),
        }
    }
}

//! What a scripted upstream does for one request: bytes, waits and endings, in order.

use std::time::Duration;

use super::feed::{EventFeed, Gate};

pub(crate) enum Step {
    Bytes(Vec<u8>),
    Wait(Duration),
    Until(Gate),
    Feed(EventFeed),
    Close,
    Reset,
}

/// A list of steps. Built from the left: each method adds one and gives the answer back.
#[derive(Default)]
pub struct Answer {
    pub(crate) steps: Vec<Step>,
}

impl Answer {
    /// Nothing at all yet; the request is read and no byte comes back until steps are added.
    pub fn new() -> Self {
        Self::default()
    }

    /// These bytes as they are.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self::new().bytes(bytes)
    }

    /// A whole response of a status with extra header lines (`Name: value`) and a sized body.
    pub fn sized(status: u16, headers: &[&str], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
        for line in headers {
            head.push_str(line);
            head.push_str("\r\n");
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        Self::raw(head).bytes(body)
    }

    /// A JSON response.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::sized(
            status,
            &["Content-Type: application/json"],
            body.to_string(),
        )
    }

    /// A JSON-RPC result for the request `id`.
    pub fn result(id: &serde_json::Value, result: &serde_json::Value) -> Self {
        Self::json(
            200,
            &serde_json::json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        )
    }

    /// The head of a chunked event stream, extra header lines included, and then what `feed` is told to send.
    pub fn stream(feed: &EventFeed, headers: &[&str]) -> Self {
        Self::stream_head(headers).feed(feed)
    }

    /// The head of a chunked event stream.
    pub fn stream_head(headers: &[&str]) -> Self {
        let mut head = String::from("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n");
        for line in headers {
            head.push_str(line);
            head.push_str("\r\n");
        }
        Self::raw(head + "Transfer-Encoding: chunked\r\n\r\n")
    }

    /// Then these bytes.
    pub fn bytes(self, bytes: impl AsRef<[u8]>) -> Self {
        self.then(Step::Bytes(bytes.as_ref().to_vec()))
    }

    /// Then these bytes as one chunk of a chunked body.
    pub fn chunk(self, bytes: impl AsRef<[u8]>) -> Self {
        self.bytes(chunked(bytes.as_ref()))
    }

    /// Then the last chunk.
    pub fn last_chunk(self) -> Self {
        self.bytes("0\r\n\r\n")
    }

    /// Then a pause.
    pub fn wait(self, pause: Duration) -> Self {
        self.then(Step::Wait(pause))
    }

    /// Then nothing until the gate opens.
    pub fn until(self, gate: &Gate) -> Self {
        self.then(Step::Until(gate.clone()))
    }

    /// Then, chunk by chunk, what the feed is told to send, until it ends.
    pub fn feed(self, feed: &EventFeed) -> Self {
        self.then(Step::Feed(feed.clone()))
    }

    /// Then close the connection in order.
    pub fn close(self) -> Self {
        self.then(Step::Close)
    }

    /// Then reset the connection.
    pub fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// One chunk of a chunked body.
pub(crate) fn chunked(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        400 => "Bad Request",
        404 => "Not Found",
        _ => "Scripted",
    }
}

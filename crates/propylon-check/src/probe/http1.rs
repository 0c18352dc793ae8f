//! One HTTP/1.1 connection of ours: exact bytes in, exact bytes out, and the moment the client goes away.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::ReadHalf;
use tokio::time::{sleep, timeout};

use super::body::{BadBody, BodyReader};
use super::clock::{Stamp, http_date};
use super::fleet::Place;
use super::head::{self, BadHead, RequestHead, Version};
use super::request::{Connection, Request};
use super::status::reason_phrase;
use super::wire::{Ending, Extent, Gone, ResponseHead, Wire};

/// Bytes of pipelined requests that are read while an answer is written.
const AHEAD_BYTES_MAX: usize = 64 << 10;
/// What was written before a reset gets this long to arrive, for a reset throws unread bytes away.
pub(crate) const RESET_DELAY: Duration = Duration::from_millis(30);
/// How long a closing connection is read empty, so that the last answer is not lost to a reset.
const LINGER: Duration = Duration::from_secs(2);

/// An HTTP/1.1 connection.
pub(crate) struct Http1 {
    stream: TcpStream,
    input: BytesMut,
    place: Place,
    connection: Arc<Connection>,
    ordinal: u64,
    quiet_since: Stamp,
    sent_bytes: u64,
    response: Response,
    /// Set once the connection cannot carry another exchange.
    spent: bool,
    gone: Option<Gone>,
}

/// What the response under way needs to know of its request.
#[derive(Clone, Copy, Debug)]
struct Response {
    extent: Extent,
    /// HTTP/1.0 knows no chunks.
    is_old: bool,
    is_head: bool,
}

impl Http1 {
    pub(crate) fn new(place: Place, stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        let opened = place.fleet.clock.stamp();
        let connection = Connection {
            id: place.fleet.connection_ids.fetch_add(1, Ordering::Relaxed) + 1,
            peer: stream.peer_addr()?,
            local: stream.local_addr()?,
            opened,
        };
        Ok(Self {
            stream,
            input: BytesMut::with_capacity(8 << 10),
            place,
            connection: Arc::new(connection),
            ordinal: 0,
            quiet_since: opened,
            sent_bytes: 0,
            response: Response {
                extent: Extent::Bodiless,
                is_old: false,
                is_head: false,
            },
            spent: false,
            gone: None,
        })
    }

    /// The next request of the connection; `None` when there is none to come.
    pub(crate) async fn next(&mut self) -> Option<Result<Request, BadHead>> {
        if self.spent || !self.await_first_byte().await {
            return None;
        }
        let began = self.place.fleet.clock.now_ns();
        let idle_ns = began.saturating_sub(self.quiet_since.at_ns);
        let wait = self.place.fleet.options.limits.head_wait;
        let head = match timeout(wait, self.read_head()).await {
            Ok(Some(Ok(head))) => head,
            Ok(Some(Err(bad))) => return Some(Err(bad)),
            Ok(None) => return None,
            Err(_) => {
                return Some(Err(BadHead {
                    status: 408,
                    reason: "the request head did not arrive in time",
                }));
            }
        };
        let received = self.place.fleet.clock.stamp();
        self.ordinal += 1;
        self.sent_bytes = 0;
        self.response = Response {
            extent: Extent::Bodiless,
            is_old: head.version == Version::Http10,
            is_head: head.method == "HEAD",
        };
        self.spent = head.closes();
        match self.read_body(&head).await {
            None => None,
            Some(Err(bad)) => Some(Err(bad)),
            Some(Ok((body, held))) => Some(Ok(Request {
                head,
                body,
                connection: Arc::clone(&self.connection),
                ordinal: self.ordinal,
                idle_ns,
                received,
                sha256: std::sync::OnceLock::new(),
                held,
            })),
        }
    }

    /// Lets no other exchange follow.
    pub(crate) fn spend(&mut self) {
        self.spent = true;
    }

    /// An idle connection is closed after the keep-alive time; a fresh one has as long as a head may take.
    async fn await_first_byte(&mut self) -> bool {
        let options = &self.place.fleet.options;
        let wait = if self.ordinal == 0 {
            options.limits.head_wait
        } else {
            options.keep_alive
        };
        while self.input.is_empty() {
            match timeout(wait, self.stream.read_buf(&mut self.input)).await {
                Ok(Ok(1..)) => {}
                _ => return false,
            }
        }
        true
    }

    async fn read_head(&mut self) -> Option<Result<RequestHead, BadHead>> {
        let bytes_max = self.place.fleet.options.limits.head_bytes_max;
        loop {
            match head::parse(&self.input) {
                Ok(Some((_, length))) if length > bytes_max => return Some(Err(too_long())),
                Ok(Some((head, length))) => {
                    let _ = self.input.split_to(length);
                    return Some(Ok(head));
                }
                Ok(None) if self.input.len() > bytes_max => return Some(Err(too_long())),
                Ok(None) => {}
                Err(bad) => return Some(Err(bad)),
            }
            match self.stream.read_buf(&mut self.input).await {
                Ok(1..) => {}
                _ => return None,
            }
        }
    }

    async fn read_body(
        &mut self,
        head: &RequestHead,
    ) -> Option<Result<(Bytes, super::budget::Held), BadHead>> {
        let refuse = |status, reason| Some(Err(BadHead { status, reason }));
        let limits = self.place.fleet.options.limits.clone();
        let mut held = self.place.fleet.budget.open();
        let Ok(mut reader) = BodyReader::new(head.framing, limits.body_bytes_max) else {
            return refuse(413, "the body is over the limit of this probe");
        };
        if self.input.is_empty()
            && head
                .get("expect")
                .is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
        {
            self.stream
                .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
                .await
                .ok()?;
        }
        loop {
            match reader.take(&mut self.input) {
                Ok(true) => return Some(Ok((Bytes::from(reader.into_body()), held))),
                Ok(false) => {}
                Err(BadBody::TooLarge) => {
                    return refuse(413, "the body is over the limit of this probe");
                }
                Err(BadBody::Malformed) => return refuse(400, "the body's chunks are malformed"),
            }
            if !held.grow_to(reader.bytes()) {
                return refuse(503, "the probe holds as many bytes as it may");
            }
            self.input.reserve(64 << 10);
            match timeout(limits.body_wait, self.stream.read_buf(&mut self.input)).await {
                Ok(Ok(1..)) => {}
                Ok(_) => return None,
                Err(_) => return refuse(408, "the body did not arrive in time"),
            }
        }
    }

    /// Ends the connection so that what was written last arrives.
    pub(crate) async fn close(mut self) {
        if self.gone.is_some() || self.stream.shutdown().await.is_err() {
            return;
        }
        let mut scrap = vec![0; 64 << 10];
        let empty = async { while matches!(self.stream.read(&mut scrap).await, Ok(1..)) {} };
        let _ = timeout(LINGER, empty).await;
    }

    /// Ends the connection with a reset.
    pub(crate) fn reset(self) {
        let _ = self.stream.set_zero_linger();
    }

    /// Reads and answers nothing until the client goes away or `until` completes, and then resets.
    pub(crate) async fn ignore<T>(mut self, until: impl Future<Output = T>) {
        let mut scrap = vec![0; 64 << 10];
        let reading = async { while matches!(self.stream.read(&mut scrap).await, Ok(1..)) {} };
        tokio::select! {
            () = reading => {}
            _ = until => {}
        }
        self.reset();
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        if let Some(gone) = self.gone {
            return Err(gone);
        }
        let (read, mut write) = self.stream.split();
        let written = tokio::select! {
            biased;
            gone = watch(&read, &mut self.input) => Err(gone),
            written = write.write_all(bytes) => written.map_err(|_| Gone(Ending::Rst)),
        };
        match written {
            Ok(()) => {
                self.sent_bytes = self
                    .sent_bytes
                    .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                self.quiet_since = self.place.fleet.clock.stamp();
                Ok(())
            }
            Err(gone) => Err(self.lose(gone).await),
        }
    }

    /// Notes that the client is gone, and closes this side too, as a server would.
    async fn lose(&mut self, gone: Gone) -> Gone {
        self.spent = true;
        self.gone = Some(gone);
        let _ = self.stream.shutdown().await;
        gone
    }

    fn head_text(&mut self, head: &ResponseHead) -> String {
        let Place { fleet, instance } = &self.place;
        let mut text = format!(
            "HTTP/1.1 {} {}\r\n",
            head.status,
            reason_phrase(head.status)
        );
        let mut line = |name: &str, value: &str| {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value);
            text.push_str("\r\n");
        };
        head.headers
            .iter()
            .for_each(|(name, value)| line(name, value));
        line("Probe-Instance", &instance.name);
        line("Date", &http_date(fleet.clock.stamp().at_unix_us));
        match head.extent {
            Extent::Bodiless => {}
            Extent::Length(bytes) => line("Content-Length", &bytes.to_string()),
            Extent::Stream if self.response.is_old => self.spent = true,
            Extent::Stream => line("Transfer-Encoding", "chunked"),
        }
        if self.spent {
            line("Connection", "close");
        } else {
            line("Connection", "keep-alive");
            line(
                "Keep-Alive",
                &format!("timeout={}", fleet.options.keep_alive.as_secs()),
            );
        }
        text.push_str("\r\n");
        text
    }
}

fn too_long() -> BadHead {
    BadHead {
        status: 431,
        reason: "the request head is over the limit of this probe",
    }
}

/// Returns when the client closes. What else it sends is kept, up to a bound, for it is the next request.
async fn watch(read: &ReadHalf<'_>, input: &mut BytesMut) -> Gone {
    loop {
        if input.len() >= AHEAD_BYTES_MAX {
            return std::future::pending().await;
        }
        if read.readable().await.is_err() {
            return Gone(Ending::Rst);
        }
        input.reserve(4 << 10);
        match read.try_read_buf(input) {
            Ok(0) => return Gone(Ending::Fin),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return Gone(Ending::Rst),
        }
    }
}

impl Wire for Http1 {
    async fn head(&mut self, head: ResponseHead) -> Result<(), Gone> {
        self.response.extent = if self.response.is_head {
            Extent::Bodiless
        } else {
            head.extent
        };
        let text = self.head_text(&head);
        self.write(text.as_bytes()).await
    }

    async fn body(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        match self.response {
            _ if bytes.is_empty() => Ok(()),
            Response {
                extent: Extent::Bodiless,
                ..
            } => Ok(()),
            Response {
                extent: Extent::Stream,
                is_old: false,
                ..
            } => {
                let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
                chunk.extend_from_slice(bytes);
                chunk.extend_from_slice(b"\r\n");
                self.write(&chunk).await
            }
            _ => self.write(bytes).await,
        }
    }

    async fn finish(&mut self) -> Result<(), Gone> {
        match self.response {
            Response {
                extent: Extent::Stream,
                is_old: false,
                ..
            } => self.write(b"0\r\n\r\n").await,
            _ => Ok(()),
        }
    }

    async fn closed(&mut self) -> Gone {
        if let Some(gone) = self.gone {
            return gone;
        }
        let (read, _) = self.stream.split();
        let gone = watch(&read, &mut self.input).await;
        self.lose(gone).await
    }

    async fn cut(&mut self, how: Ending) {
        self.spent = true;
        self.gone.get_or_insert(Gone(how));
        match how {
            Ending::Fin => drop(self.stream.shutdown().await),
            Ending::Rst => {
                sleep(RESET_DELAY).await;
                let _ = self.stream.set_zero_linger();
            }
        }
    }

    fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }
}

//! A raw HTTP/1.1 client: sends exactly the bytes it is given and reports what comes back, when, and how it ended.

mod body;
mod events;
mod shortcuts;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

pub use body::Body;
pub use events::{Event, Events};
pub use shortcuts::{delete, get_sse, mirrored, post_json, post_modern};

/// How long any read waits before the test is told nothing came.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a read ended that brought no more bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The message is whole.
    Complete,
    /// The peer closed its side in order.
    Fin,
    /// The peer reset the connection.
    Reset,
    /// Nothing came for as long as the client waits.
    Silence,
}

/// The head of a response.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The head as it came, with the final empty line.
    pub head: String,
    /// When it was complete.
    pub at: Instant,
}

impl Response {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.values(name).first().copied()
    }

    /// Every value of a header.
    pub fn values(&self, name: &str) -> Vec<&str> {
        header_of(&self.head, name)
    }
}

/// Every value of header `name` in a head.
pub fn header_of<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let fields = head
        .split("\r\n")
        .skip(1)
        .filter_map(|line| line.split_once(':'));
    fields
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect()
}

/// One connection.
pub struct RawClient {
    stream: TcpStream,
    buffer: Vec<u8>,
    patience: Duration,
}

impl RawClient {
    /// Connects.
    ///
    /// # Panics
    /// When nobody accepts.
    pub fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address)
            .unwrap_or_else(|error| panic!("cannot connect to {address}: {error}"))
    }

    /// Connects to whoever may refuse or reset at once.
    ///
    /// # Errors
    /// What the socket says.
    pub fn try_connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![],
            patience: PATIENCE,
        })
    }

    /// Connects with a receive buffer of about `bytes`: a slow reader that soon stops taking.
    ///
    /// # Panics
    /// When nobody accepts.
    pub fn connect_narrow(address: SocketAddr, bytes: usize) -> Self {
        let socket = socket2::Socket::new(
            socket2::Domain::for_address(address),
            socket2::Type::STREAM,
            None,
        );
        let socket = socket.expect("a socket can be made");
        socket
            .set_recv_buffer_size(bytes)
            .expect("SO_RCVBUF can be set");
        socket
            .connect(&address.into())
            .unwrap_or_else(|error| panic!("cannot connect to {address}: {error}"));
        Self {
            stream: socket.into(),
            buffer: vec![],
            patience: PATIENCE,
        }
    }

    /// How long a read waits from now on.
    pub fn patience(&mut self, patience: Duration) -> &mut Self {
        self.patience = patience;
        self
    }

    /// This end's address.
    pub fn local(&self) -> SocketAddr {
        self.stream
            .local_addr()
            .expect("a connected socket has an address")
    }

    /// Sends these bytes; an error means the peer has closed.
    ///
    /// # Errors
    /// The socket's own.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Sends these bytes.
    ///
    /// # Panics
    /// When the peer has closed.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.try_send(bytes).expect("the peer takes the bytes");
        self
    }

    /// Sends these bytes one at a time with a pause after each, until done or the peer closes; says how many went.
    pub fn send_slowly(&mut self, bytes: impl AsRef<[u8]>, pause: Duration) -> usize {
        let mut sent = 0;
        for byte in bytes.as_ref() {
            if self.try_send([*byte]).is_err() {
                break;
            }
            sent += 1;
            std::thread::sleep(pause);
        }
        sent
    }

    /// Closes the sending side, as `shutdown(SHUT_WR)` does.
    pub fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Closes with a reset.
    pub fn abort(self) {
        let _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }

    /// Reads a response's head; interim 100 responses are given too.
    ///
    /// # Errors
    /// How the connection ended instead.
    pub fn read_head(&mut self) -> Result<Response, Ending> {
        let length = loop {
            if let Some(at) = self
                .buffer
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                break at + 4;
            }
            self.fill()?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..length]).into_owned();
        self.buffer.drain(..length);
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0);
        Ok(Response {
            status,
            head,
            at: Instant::now(),
        })
    }

    /// Reads the body that goes with `response`, to its end.
    pub fn read_body(&mut self, response: &Response) -> Body {
        Body::read(self, response)
    }

    /// Reads head and body, skipping interim responses.
    ///
    /// # Panics
    /// When the connection ends before a head.
    pub fn read(&mut self) -> (Response, Body) {
        loop {
            let response = self
                .read_head()
                .unwrap_or_else(|end| panic!("expected a response, got {end:?}"));
            if response.status >= 200 {
                let body = self.read_body(&response);
                return (response, body);
            }
        }
    }

    /// Reads on as an event stream.
    pub fn events(self, response: &Response) -> Events {
        Events::new(self, response)
    }

    /// Waits for the connection to end, dropping what still comes; says how and when.
    pub fn read_to_end(&mut self) -> (Ending, Instant) {
        loop {
            self.buffer.clear();
            if let Err(ending) = self.fill() {
                return (ending, Instant::now());
            }
        }
    }

    /// Bytes that came and are not part of anything read so far.
    pub fn rest(&self) -> &[u8] {
        &self.buffer
    }

    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        self.buffer.drain(..count).collect()
    }

    /// Waits for more bytes.
    pub(crate) fn fill(&mut self) -> Result<usize, Ending> {
        let mut buffer = [0; 16 * 1024];
        let _ = self
            .stream
            .set_read_timeout(Some(self.patience.max(Duration::from_millis(1))));
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(Ending::Fin),
                Ok(count) => {
                    self.buffer.extend_from_slice(&buffer[..count]);
                    return Ok(count);
                }
                Err(error) => match error.kind() {
                    std::io::ErrorKind::Interrupted => {}
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => {
                        return Err(Ending::Silence);
                    }
                    _ => return Err(Ending::Reset),
                },
            }
        }
    }
}

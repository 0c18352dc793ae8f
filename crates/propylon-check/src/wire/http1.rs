//! One HTTP/1.1 connection: exact bytes out, head and body in as they come, and how they ended.

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout_at;

use super::body::{Decoder, Framing};
use super::connection::{Ending, Piece};
use super::head::{Head, parse};
use super::trouble::Trouble;

/// Room that is made for each read.
const READ_BYTES: usize = 64 << 10;

/// Anything bytes can go through both ways.
pub(crate) trait Pipe: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Pipe for T {}

/// An HTTP/1.1 connection.
pub(crate) struct Http1 {
    pipe: Box<dyn Pipe>,
    unread: Vec<u8>,
    decoder: Decoder,
    ending: Option<Ending>,
}

impl Http1 {
    pub(crate) fn new(pipe: impl Pipe + 'static) -> Self {
        Self {
            pipe: Box::new(pipe),
            unread: Vec::new(),
            decoder: Decoder::new(Framing::Empty),
            ending: None,
        }
    }

    /// Sends bytes as they are; the instant after the last one was handed over.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<Instant, Trouble> {
        let sent = async {
            self.pipe.write_all(bytes).await?;
            self.pipe.flush().await
        };
        match sent.await {
            Ok(()) => Ok(Instant::now()),
            Err(error) => Err(Trouble::Ended {
                when: "while a request was sent",
                how: error.to_string(),
            }),
        }
    }

    /// Reads the head of the answer to a request of `method`; interim answers are passed over.
    pub(crate) async fn head(&mut self, method: &str, within: Duration) -> Result<Head, Trouble> {
        let due = Instant::now() + within;
        loop {
            if let Some((head, taken)) = parse(&self.unread, Instant::now())? {
                self.unread.drain(..taken);
                if head.status < 200 && head.status != 101 {
                    continue;
                }
                self.decoder = Decoder::new(Framing::of(&head, method)?);
                self.ending = self.decoder.is_done().then_some(Ending::Whole);
                return Ok(head);
            }
            self.unread.reserve(READ_BYTES);
            let silent = Trouble::Silent {
                what: "the head of an answer",
                waited: within,
            };
            match timeout_at(due.into(), self.pipe.read_buf(&mut self.unread)).await {
                Err(_) => return Err(silent),
                Ok(Ok(0)) => return Err(self.ended_before_head("closed".into())),
                Ok(Err(error)) => return Err(self.ended_before_head(error.to_string())),
                Ok(Ok(_)) => {}
            }
        }
    }

    fn ended_before_head(&self, how: String) -> Trouble {
        let when = if self.unread.is_empty() {
            "before a byte of the answer"
        } else {
            "in the middle of the answer's head"
        };
        Trouble::Ended { when, how }
    }

    /// The next content of the body; `None` at its end, which [`Self::ending`] then tells.
    pub(crate) async fn piece(&mut self, within: Duration) -> Result<Option<Piece>, Trouble> {
        let due = Instant::now() + within;
        loop {
            if self.ending.is_some() && self.unread.is_empty() {
                return Ok(None);
            }
            if !self.unread.is_empty() && self.ending.is_none() {
                let mut content = Vec::new();
                let at = Instant::now();
                let wire = std::mem::take(&mut self.unread);
                match self.decoder.push(&wire, &mut content) {
                    Ok(left) => {
                        self.unread = wire.get(wire.len() - left..).unwrap_or_default().to_vec()
                    }
                    Err(error) => self.ending = Some(Ending::Broken(error.to_string())),
                }
                if self.decoder.is_done() {
                    self.ending = Some(Ending::Whole);
                }
                if !content.is_empty() {
                    return Ok(Some(Piece { bytes: content, at }));
                }
                continue;
            }
            if self.ending.is_some() {
                return Ok(None);
            }
            self.unread.reserve(READ_BYTES);
            match timeout_at(due.into(), self.pipe.read_buf(&mut self.unread)).await {
                Err(_) => {
                    return Err(Trouble::Silent {
                        what: "the next bytes of a body",
                        waited: within,
                    });
                }
                Ok(Ok(0)) => self.ending = Some(self.closed()),
                Ok(Err(error)) => self.ending = Some(self.failed(&error)),
                Ok(Ok(_)) => {}
            }
        }
    }

    fn closed(&self) -> Ending {
        if self.decoder.may_close() {
            Ending::Whole
        } else {
            Ending::Cut
        }
    }

    fn failed(&self, error: &io::Error) -> Ending {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.closed_without_notice(),
            _ => Ending::Reset,
        }
    }

    /// TLS closed without its farewell: a body that only the close ends was cut.
    fn closed_without_notice(&self) -> Ending {
        if self.decoder.is_done() {
            Ending::Whole
        } else {
            Ending::Cut
        }
    }

    /// How the body ended, once it has.
    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncWriteExt;

    use super::Http1;
    use crate::wire::Ending;

    const SOON: Duration = Duration::from_secs(5);

    async fn read(wire: &'static [u8]) -> (u16, Vec<u8>, Ending) {
        let (near, mut far) = tokio::io::duplex(64);
        let mut connection = Http1::new(near);
        let writer = async {
            far.write_all(wire).await.unwrap();
            drop(far);
        };
        let reader = async {
            let head = connection.head("GET", SOON).await.unwrap();
            let mut body = Vec::new();
            while let Some(piece) = connection.piece(SOON).await.unwrap() {
                body.extend(piece.bytes);
            }
            (head.status, body, connection.ending().unwrap().clone())
        };
        tokio::join!(writer, reader).1
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_body_says_how_it_ended() {
        let whole =
            read(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab")
                .await;
        assert_eq!(whole, (200, b"ab".to_vec(), Ending::Whole));
        let cut = read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n").await;
        assert_eq!(cut, (200, b"ab".to_vec(), Ending::Cut));
        let until_close = read(b"HTTP/1.0 200 OK\r\n\r\nab").await;
        assert_eq!(until_close, (200, b"ab".to_vec(), Ending::Whole));
        let empty = read(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        assert_eq!(empty, (204, Vec::new(), Ending::Whole));
        let broken = read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").await;
        assert!(matches!(broken.2, Ending::Broken(_)));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn silence_is_not_waited_for_without_end() {
        let (near, _far) = tokio::io::duplex(64);
        let within = Duration::from_millis(20);
        let error = Http1::new(near).head("GET", within).await.unwrap_err();
        assert!(error.to_string().contains("did not come"));
    }
}

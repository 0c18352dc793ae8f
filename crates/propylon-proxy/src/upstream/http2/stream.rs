//! One exchange on an HTTP/2 connection to an instance, as the bytes of a connection of its own.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use h2::Reason as Code;
use h2::client::ResponseFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Session;
use crate::http1::framing::Framing;
use crate::http1::head::{COUNT_CEILING, HeadLimits, RequestHead};
use crate::http2::receive::Receiving;
use crate::http2::send::Sending;
use crate::http2::{head, into_io};

/// A stream to an instance. Dropping it before its end resets it.
#[derive(Debug)]
pub(crate) struct Stream {
    session: Rc<Session>,
    request: Option<Sending>,
    answer: Answer,
    /// The lines of a head that have not been read yet.
    lines: Vec<u8>,
    is_to_head: bool,
    /// The server has said that it did not look at the request.
    is_refused: bool,
}

#[derive(Debug)]
enum Answer {
    /// Nothing has been asked yet.
    None,
    Awaited(ResponseFuture),
    Begun(Receiving),
}

/// How long the end of an answer that is whole is waited for.
const LAST_FRAME: Duration = Duration::from_secs(1);

impl Stream {
    /// A stream on this connection, which begins with its request.
    pub(crate) fn on(session: Rc<Session>) -> Self {
        session.open.set(session.open.get() + 1);
        Self {
            session,
            request: None,
            answer: Answer::None,
            lines: Vec::new(),
            is_to_head: false,
            is_refused: false,
        }
    }

    /// Sends a request's head, and as much of the body behind it as there is room for.
    ///
    /// # Errors
    /// Nothing has left.
    pub(crate) fn poll_send_first(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let invalid = |what: &'static str| io::Error::new(io::ErrorKind::InvalidInput, what);
        let limits = HeadLimits {
            bytes_max: usize::MAX,
            count_max: COUNT_CEILING,
        };
        let parsed = RequestHead::parse(&mut bytes.to_vec(), limits)
            .ok()
            .flatten();
        let parsed = parsed.ok_or_else(|| invalid("not a head"))?;
        let scheme = self.session.scheme;
        let (request, framing) = head::request_to_server(&parsed, scheme).map_err(invalid)?;
        let is_ended = framing == Framing::Empty;
        self.is_to_head = parsed.method() == "HEAD";
        let (answer, stream) = self.session.send(request, is_ended).map_err(into_io)?;
        let left = match framing {
            Framing::Sized(left) => Some(left),
            _ => None,
        };
        self.answer = Answer::Awaited(answer);
        let sending = self.request.insert(Sending::new(stream, left, is_ended));
        let rest = bytes.get(parsed.len..).unwrap_or_default();
        let written = match rest.is_empty() {
            true => Poll::Pending,
            false => sending.poll_write(cx, rest),
        };
        // Why it was not taken will be seen where the answer is.
        let written = match written {
            Poll::Ready(Ok(written)) => written,
            Poll::Ready(Err(_)) | Poll::Pending => 0,
        };
        Poll::Ready(Ok(parsed.len + written))
    }

    /// Whether the server has said that it did not look at the request, which may then go elsewhere.
    pub(crate) fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// Ends a request's body that has no announced length.
    pub(crate) fn end(&mut self, trailers: &[u8]) {
        if let Some(request) = &mut self.request {
            request.finish(trailers);
        }
    }

    pub(crate) fn take_trailers(&mut self) -> Vec<u8> {
        match &mut self.answer {
            Answer::Begun(receiving) => receiving.take_trailers(),
            Answer::None | Answer::Awaited(_) => Vec::new(),
        }
    }

    /// Waits a moment for the end of an answer of which every byte has come: a stream that is dropped before it is reset,
    /// which a server counts against its clients.
    pub(crate) fn settle(self) {
        if matches!(&self.answer, Answer::Begun(receiving) if !receiving.has_ended()) {
            tokio::task::spawn_local(async move {
                let mut stream = self;
                let mut rest = [0; 64];
                let end = tokio::io::AsyncReadExt::read(&mut stream, &mut rest);
                // An end that does not come is a reset after all.
                let _ = tokio::time::timeout(LAST_FRAME, end).await;
            });
        }
    }

    /// Takes the next head from the server.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Answer::Awaited(awaited) = &mut self.answer else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let interim = match awaited.poll_informational(cx) {
            Poll::Ready(Some(interim)) => Some(interim),
            Poll::Ready(None) => None,
            Poll::Pending => return Poll::Pending,
        };
        match interim {
            Some(Ok(interim)) => head::response_of_server(&interim, false, &mut self.lines),
            Some(Err(error)) => return Poll::Ready(Err(self.fail(error))),
            None => match ready!(Pin::new(awaited).poll(cx)) {
                Ok(response) => {
                    let is_ended = response.body().is_end_stream() && !self.is_to_head;
                    head::response_of_server(&response, is_ended, &mut self.lines);
                    self.answer = Answer::Begun(Receiving::new(response.into_body()));
                }
                Err(error) => return Poll::Ready(Err(self.fail(error))),
            },
        }
        Poll::Ready(Ok(()))
    }

    /// A stream that failed before its answer. REFUSED_STREAM says that the request was not looked at, and so does a
    /// GOAWAY that ends before it (RFC 9113, 8.7): h2 gives that one to no other stream.
    fn fail(&mut self, error: h2::Error) -> io::Error {
        let is_reset = error.is_reset() && error.reason() == Some(Code::REFUSED_STREAM);
        let is_left_out = error.is_go_away();
        self.is_refused = error.is_remote() && (is_reset || is_left_out);
        if self.is_refused {
            self.session.close();
        }
        into_io(error)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.session.open.set(self.session.open.get() - 1);
        self.session.idle_since.set(Instant::now());
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.lines.is_empty() {
            if let Answer::Begun(receiving) = &mut self.answer {
                return receiving.poll_read(cx, buffer);
            }
            ready!(self.poll_head(cx))?;
        }
        let taken = self.lines.len().min(buffer.remaining());
        let rest = self.lines.split_off(taken);
        buffer.put_slice(&std::mem::replace(&mut self.lines, rest));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.request {
            Some(request) => request.poll_write(cx, bytes),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end(&[]);
        Poll::Ready(Ok(()))
    }
}

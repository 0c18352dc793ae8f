//! One stream of a client's HTTP/2 connection: its request and its answer as the bytes of an HTTP/1.1 exchange.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason as Code, RecvStream};
use http::Method;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::client::connection::{
    After, ClientConnection, DELIVERY, LINGER, LINGER_BYTES_MAX, Transport,
};
use crate::client::own_answer;
use crate::error::ProxyError;
use crate::http1::framing::{self, Framing};
use crate::http1::head::{COUNT_CEILING, HeadLimits, ResponseHead};
use crate::http2::receive::Receiving;
use crate::http2::send::Sending;
use crate::http2::{head, into_io};
use crate::phase::forwarded::Ends;
use crate::pipeline;
use crate::reason::Reason;
use crate::worker::{Woken, Worker};

/// A stream that a client has begun.
pub(super) struct Begun {
    pub(super) request: http::Request<RecvStream>,
    pub(super) respond: SendResponse<Bytes>,
    pub(super) ends: Rc<Ends>,
    pub(super) refusal: Option<Reason>,
}

/// An open stream; it counts until it is dropped.
struct Counted(Rc<Worker>);

/// The byte stream of one exchange.
#[derive(Debug)]
struct Stream {
    request: Receiving,
    /// The end of the request's body is to be told as the end of the bytes.
    tells_end: bool,
    answer: Answer,
    /// The request was for a head alone.
    is_to_head: bool,
    trailers: Vec<u8>,
}

#[derive(Debug)]
enum Answer {
    /// The head is still to come.
    Owed(SendResponse<Bytes>),
    Begun(Sending),
}

/// Serves one stream.
pub(super) fn serve(worker: Rc<Worker>, begun: Begun) -> impl Future<Output = ()> {
    let counted = Counted::begin(&worker);
    let Begun {
        request,
        respond,
        ends,
        refusal,
    } = begun;
    let (parts, body) = request.into_parts();
    let limits = HeadLimits::of(&worker.tables().limits);
    let read = match refusal {
        Some(reason) => Err(reason.into()),
        None => {
            let read = head::request_of_client(&parts, body.is_end_stream(), limits);
            read.map_err(ProxyError::bad_request)
        }
    };
    let io = Stream {
        request: Receiving::new(body),
        tells_end: read.as_ref().is_ok_and(|head| head.has_open_end),
        answer: Answer::Owed(respond),
        is_to_head: parts.method == Method::HEAD,
        trailers: Vec::new(),
    };
    let mut client = ClientConnection::new(io, ends);
    // A block, which has these once; an async function would keep what it is given twice.
    async move {
        let _counted = counted;
        let _woken = Woken::register(&worker).await;
        let after = match read {
            Ok(request) => pipeline::exchange(&worker, &mut client, request).await,
            Err(error) => own_answer::refuse(&worker, &mut client, error).await,
        };
        end(&mut client.io, after).await;
    }
}

/// Ends a stream as its exchange has ended.
async fn end(io: &mut Stream, after: After) {
    match after {
        After::KeepAlive | After::Close => {
            io.finish();
            let rest = io.request.discard(LINGER_BYTES_MAX);
            // What is still coming after that is reset, with the answer whole.
            let _ = tokio::time::timeout(LINGER, rest).await;
        }
        After::Abort => {
            // A reset overtakes what has not been sent yet.
            tokio::time::sleep(DELIVERY).await;
            io.abort();
        }
        // Dropping it resets it.
        After::Drop => {}
    }
}

impl Counted {
    fn begin(worker: &Rc<Worker>) -> Self {
        let open = &worker.shared.metrics.http2_streams;
        open.fetch_add(1, Ordering::Relaxed);
        Self(Rc::clone(worker))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let open = &self.0.shared.metrics.http2_streams;
        open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Stream {
    fn finish(&mut self) {
        if let Answer::Begun(sending) = &mut self.answer {
            sending.finish(&self.trailers);
        }
    }

    /// Sends a head, and gives its length.
    fn send_head(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let invalid = |what: &'static str| io::Error::new(io::ErrorKind::InvalidData, what);
        let Answer::Owed(respond) = &mut self.answer else {
            return Err(invalid("a second head"));
        };
        let parsed = ResponseHead::parse(bytes, UNLIMITED).ok().flatten();
        let parsed = parsed.ok_or_else(|| invalid("not a head"))?;
        let response = head::response_to_client(bytes, &parsed).map_err(invalid)?;
        if parsed.status < 200 {
            respond.send_informational(response).map_err(into_io)?;
            return Ok(parsed.len);
        }
        let framing = framing::of_response(bytes, &parsed, self.is_to_head).map_err(invalid)?;
        let is_over = framing == Framing::Empty;
        let stream = respond.send_response(response, is_over).map_err(into_io)?;
        let left = match framing {
            Framing::Sized(left) => Some(left),
            _ => None,
        };
        self.answer = Answer::Begun(Sending::new(stream, left, is_over));
        Ok(parsed.len)
    }

    /// Ready with an error once the client has given the stream up.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.answer {
            Answer::Begun(sending) => sending.poll_gone(cx).map(Err),
            Answer::Owed(respond) => respond.poll_reset(cx).map(|gone| {
                Err(match gone {
                    Ok(_) => io::ErrorKind::ConnectionReset.into(),
                    Err(error) => into_io(error),
                })
            }),
        }
    }
}

/// What the proxy writes itself has been held to the limits already.
const UNLIMITED: HeadLimits = HeadLimits {
    bytes_max: usize::MAX,
    count_max: COUNT_CEILING,
};

impl Transport for Stream {
    const ENDS_BODIES: bool = true;

    fn abort(&mut self) {
        match &mut self.answer {
            Answer::Owed(respond) => respond.send_reset(Code::INTERNAL_ERROR),
            Answer::Begun(sending) => sending.abort(Code::INTERNAL_ERROR),
        }
    }

    fn take_trailers(&mut self) -> Vec<u8> {
        self.request.take_trailers()
    }

    fn set_trailers(&mut self, lines: &[u8]) {
        self.trailers = lines.to_vec();
    }
}

impl AsyncRead for Stream {
    /// Reads the request's body. After that nothing more comes, unless the client gives the stream up.
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.tells_end || !self.request.is_over() {
            let before = buffer.filled().len();
            ready!(self.request.poll_read(cx, buffer))?;
            if buffer.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
            if std::mem::take(&mut self.tells_end) {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_gone(cx)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.answer {
            Answer::Owed(_) => Poll::Ready(self.send_head(bytes)),
            Answer::Begun(sending) => sending.poll_write(cx, bytes),
        }
    }

    /// What the stream has taken has room in its window: the connection sends it.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.finish();
        Poll::Ready(Ok(()))
    }
}

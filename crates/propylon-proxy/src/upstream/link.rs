//! The bytes between the proxy and an instance: TCP, TLS over it, or one stream of an HTTP/2 connection.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::http2::stream::Stream;
use crate::http1::head::Version;

/// An open connection to an instance.
#[derive(Debug)]
pub(crate) enum Link {
    Plain(TcpStream),
    /// Boxed: what TLS remembers is many times the size of a socket.
    Tls(Box<TlsStream<TcpStream>>),
    /// Boxed: one exchange of the many on a connection.
    Http2(Box<Stream>),
}

/// What one TLS record holds (RFC 8446, 5.1).
const RECORD_BYTES_MAX: usize = 16 * 1024;

impl Link {
    /// Sends the first bytes of a request, as many as are taken at once.
    ///
    /// # Errors
    /// Nothing that could be read has left. Over TLS that holds because one record is sent at most: a part of a record
    /// opens to nobody.
    pub(crate) fn poll_send_first(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => {
                let record = bytes.get(..RECORD_BYTES_MAX).unwrap_or(bytes);
                Pin::new(stream).poll_write(cx, record)
            }
            Self::Http2(stream) => stream.poll_send_first(cx, bytes),
        }
    }

    /// The version of HTTP that is spoken on it.
    pub(crate) fn version(&self) -> Version {
        match self {
            Self::Plain(_) | Self::Tls(_) => Version::Http11,
            Self::Http2(_) => Version::Http2,
        }
    }

    /// Whether the server has said that it did not look at the request.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self, Self::Http2(stream) if stream.is_refused())
    }

    /// Ends a request's body, all of which has been sent, where only the link can say so.
    pub(crate) fn end(&mut self, trailers: &[u8]) {
        if let Self::Http2(stream) = self {
            stream.end(trailers);
        }
    }

    /// The trailer lines behind an answer that the link has ended.
    pub(crate) fn take_trailers(&mut self) -> Vec<u8> {
        match self {
            Self::Plain(_) | Self::Tls(_) => Vec::new(),
            Self::Http2(stream) => stream.take_trailers(),
        }
    }

    /// Whether the event loop has heard nothing from the server; cheap, and a moment behind.
    pub(crate) fn seems_quiet(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        match self {
            Self::Plain(stream) => stream.poll_read_ready(&mut cx).is_pending(),
            Self::Tls(stream) => {
                if stream.get_ref().0.poll_read_ready(&mut cx).is_pending() {
                    return true;
                }
                // What came may be TLS's own, such as tickets for the next handshake.
                let mut byte = [0];
                let mut buffer = ReadBuf::new(&mut byte);
                Pin::new(&mut **stream)
                    .poll_read(&mut cx, &mut buffer)
                    .is_pending()
            }
            // It carries one exchange, and is not kept.
            Self::Http2(_) => false,
        }
    }

    /// Whether the server has neither sent nor closed anything, asked of the system itself.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        let socket = match self {
            Self::Plain(stream) => socket2::SockRef::from(&*stream),
            Self::Tls(stream) => socket2::SockRef::from(stream.get_ref().0),
            Self::Http2(_) => return false,
        };
        let looked = socket.peek(&mut byte);
        looked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl AsyncRead for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Http2(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Http2(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Http2(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Http2(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

//! The bytes between the proxy and an instance: TCP, or TLS over it.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// An open connection to an instance.
#[derive(Debug)]
pub(crate) enum Link {
    Plain(TcpStream),
    /// Boxed: what TLS remembers is many times the size of a socket.
    Tls(Box<TlsStream<TcpStream>>),
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
        }
    }

    /// Whether the server has neither sent nor closed anything, asked of the system itself.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        let socket = match self {
            Self::Plain(stream) => socket2::SockRef::from(&*stream),
            Self::Tls(stream) => socket2::SockRef::from(stream.get_ref().0),
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
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

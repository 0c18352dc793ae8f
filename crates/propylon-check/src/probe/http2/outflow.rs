//! The response side of one HTTP/2 stream.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};

use super::Shared;
use crate::probe::clock::http_date;
use crate::probe::wire::{Ending, Extent, Gone, ResponseHead, Wire};

/// Where the answer of one stream is written.
pub(super) struct Outflow {
    shared: Arc<Shared>,
    respond: SendResponse<Bytes>,
    /// The body's way, from the head on.
    out: Option<SendStream<Bytes>>,
    is_head: bool,
    /// Bytes still promised by a length.
    left: Option<usize>,
    is_ended: bool,
    gone: Option<Gone>,
    sent_bytes: u64,
}

impl Outflow {
    pub(super) fn new(shared: Arc<Shared>, respond: SendResponse<Bytes>, is_head: bool) -> Self {
        Self {
            shared,
            respond,
            out: None,
            is_head,
            left: None,
            is_ended: false,
            gone: None,
            sent_bytes: 0,
        }
    }

    fn lose<T>(&mut self, error: &h2::Error) -> Result<T, Gone> {
        let gone = *self.gone.get_or_insert(Gone(how(error)));
        Err(gone)
    }

    /// Hands bytes over as the client makes room for them.
    async fn push(&mut self, mut bytes: Bytes, is_last: bool) -> Result<(), Gone> {
        let Some(out) = &mut self.out else {
            return Ok(());
        };
        let sent = async {
            while !bytes.is_empty() {
                out.reserve_capacity(bytes.len());
                let Some(room) = poll_fn(|context| out.poll_capacity(context)).await else {
                    return Err(Reason::STREAM_CLOSED.into());
                };
                let piece = bytes.split_to(room?.min(bytes.len()));
                self.sent_bytes += u64::try_from(piece.len()).unwrap_or_default();
                let is_end = is_last && bytes.is_empty();
                out.send_data(piece, is_end)?;
                if is_end {
                    return Ok(());
                }
            }
            if is_last {
                out.send_data(Bytes::new(), true)?;
            }
            Ok(())
        };
        let sent: Result<(), h2::Error> = sent.await;
        self.is_ended |= is_last;
        match sent {
            Ok(()) => {
                // The connection's own task puts it on the socket.
                tokio::task::yield_now().await;
                Ok(())
            }
            Err(error) => self.lose(&error),
        }
    }
}

/// A stream that is reset has been cancelled; everything else is the end of the connection.
fn how(error: &h2::Error) -> Ending {
    if error.is_reset() {
        Ending::Rst
    } else {
        Ending::Fin
    }
}

impl Wire for Outflow {
    async fn head(&mut self, head: ResponseHead) -> Result<(), Gone> {
        if let Some(gone) = self.gone {
            return Err(gone);
        }
        let place = &self.shared.place;
        let date = http_date(place.fleet.clock.stamp().at_unix_us);
        let own = [("probe-instance", &*place.instance.name), ("date", &date)];
        let mut builder = http::Response::builder().status(head.status);
        for (name, value) in head.headers.iter().map(|(name, value)| (&**name, &**value)) {
            builder = builder.header(name, value);
        }
        for (name, value) in own {
            builder = builder.header(name, value);
        }
        let is_end = match head.extent {
            Extent::Bodiless => true,
            Extent::Length(bytes) => {
                builder = builder.header("content-length", bytes);
                self.left = Some(bytes);
                bytes == 0 || self.is_head
            }
            Extent::Stream => self.is_head,
        };
        self.is_ended = is_end;
        let sent = match builder.body(()) {
            Ok(response) => self.respond.send_response(response, is_end),
            // What tools let through is a header in HTTP/1.1 and not here.
            Err(_) => Err(Reason::INTERNAL_ERROR.into()),
        };
        match sent {
            Ok(out) => {
                self.out = Some(out);
                tokio::task::yield_now().await;
                Ok(())
            }
            Err(error) => self.lose(&error),
        }
    }

    async fn body(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        if let Some(gone) = self.gone {
            return Err(gone);
        }
        if self.is_ended || bytes.is_empty() {
            return Ok(());
        }
        let is_last = match &mut self.left {
            Some(left) => {
                *left = left.saturating_sub(bytes.len());
                *left == 0
            }
            None => false,
        };
        self.push(Bytes::copy_from_slice(bytes), is_last).await
    }

    async fn finish(&mut self) -> Result<(), Gone> {
        match self.gone {
            Some(gone) => Err(gone),
            None if self.is_ended => Ok(()),
            None => self.push(Bytes::new(), true).await,
        }
    }

    async fn closed(&mut self) -> Gone {
        if let Some(gone) = self.gone {
            return gone;
        }
        let reset = match &mut self.out {
            _ if self.is_ended => return std::future::pending().await,
            Some(out) => poll_fn(|context| out.poll_reset(context)).await,
            None => poll_fn(|context| self.respond.poll_reset(context)).await,
        };
        let gone = Gone(reset.map_or_else(|error| how(&error), |_| Ending::Rst));
        *self.gone.get_or_insert(gone)
    }

    async fn cut(&mut self, how: Ending) {
        // A stream that has ended as it should cannot be cut any more.
        if self.is_ended || self.gone.is_some() {
            return;
        }
        self.gone = Some(Gone(how));
        // What was written before the end is to arrive.
        tokio::time::sleep(super::super::http1::RESET_DELAY).await;
        match (how, &mut self.out) {
            (Ending::Fin, _) => self.shared.cut.notify_one(),
            (Ending::Rst, Some(out)) => out.send_reset(Reason::INTERNAL_ERROR),
            (Ending::Rst, None) => self.respond.send_reset(Reason::INTERNAL_ERROR),
        }
    }

    fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }
}

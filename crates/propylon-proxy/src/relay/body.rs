//! A request's body up to the moment its first bytes leave: what has arrived of it, for the peek.

use std::time::{Duration, Instant};

use propylon_mcp::{Peek, Shape};

use super::inbound::Inbound;
use crate::client::connection::{ClientConnection, Read, Transport};
use crate::error::ProxyError;
use crate::http1::framing::{self, Framing};
use crate::http1::head::RequestHead;
use crate::phase::answer::Encoding;
use crate::reason::Reason;
use crate::tables::Tables;
use crate::worker::Worker;

/// A request's body.
#[derive(Debug)]
pub(crate) struct Body {
    framing: Framing,
    /// What has arrived of it, decoded.
    data: Vec<u8>,
    pub(crate) inbound: Inbound,
    /// Its client held it back until it was asked for it, here.
    pub(crate) is_asked_for: bool,
}

/// How long a body that pauses is waited for before its request goes on without a whole peek:
/// a server may well answer before the client has said everything.
const PAUSE_MAX: Duration = Duration::from_millis(200);
/// How long one that drips without a pause is waited for.
const DRIP_MAX: Duration = Duration::from_secs(1);

impl Body {
    /// Takes what came behind a request's head; what came behind the body is left in `unread`.
    pub(crate) fn of(request: &mut RequestHead, unread: &mut Vec<u8>) -> Result<Self, ProxyError> {
        let framing = framing::of_request(request)?;
        let mut body = Self {
            framing,
            data: Vec::new(),
            inbound: Inbound::new(framing),
            is_asked_for: false,
        };
        let mut piece = request.bytes.split_off(request.len);
        let progress = body.inbound.take(&mut piece)?;
        unread.extend_from_slice(piece.get(progress.consumed..).unwrap_or_default());
        piece.truncate(progress.data);
        body.data = piece;
        Ok(body)
    }

    pub(crate) fn framing(&self) -> Framing {
        self.framing
    }

    /// The length that was announced, or what there is of one that was not.
    pub(crate) fn known_bytes(&self) -> u64 {
        match self.framing {
            Framing::Sized(length) => length,
            _ => self.data.len() as u64,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.framing == Framing::Empty
    }

    /// What is there of the body, as the server will read it.
    pub(crate) fn data(&self) -> &[u8] {
        &self.data
    }

    /// A look at what is there of the body, if anything is.
    pub(crate) fn peek(&self) -> Option<Peek<'_>> {
        let mut peek = (!self.data.is_empty()).then(|| propylon_mcp::peek(&self.data))?;
        if self.inbound.is_done() && peek.shape == Shape::Truncated {
            // There is no more to come.
            peek.shape = Shape::NotJson;
        }
        Some(peek)
    }

    /// Waits for as much of the body as the peek looks at, for its end, or, unless it must wait, for a pause in it.
    pub(crate) async fn gather<S: Transport>(
        &mut self,
        worker: &Worker,
        client: &mut ClientConnection<S>,
        tables: &Tables,
        must_wait: bool,
    ) -> Result<(), ProxyError> {
        let patience = match must_wait {
            true => tables.timeouts.body_idle,
            false => PAUSE_MAX.min(tables.timeouts.body_idle),
        };
        let mut latest = None;
        while !self.inbound.is_done() && (self.data.len() as u64) < tables.limits.peek_bytes {
            let now = Instant::now();
            if now > *latest.get_or_insert(now + DRIP_MAX) && !must_wait {
                break;
            }
            match client.read_on(worker, patience).await {
                Read::Some => {}
                Read::Late if must_wait => return Err(Reason::ClientBodyTimeout.into()),
                Read::Late => break,
                Read::Closed => return Err(Reason::ClientClosed.into()),
                Read::End if self.inbound.close(client.io.take_trailers()) => {}
                Read::End => return Err(Reason::ClientClosed.into()),
            }
            let mut piece = std::mem::take(&mut client.unread);
            let progress = self.inbound.take(&mut piece)?;
            self.data
                .extend_from_slice(piece.get(..progress.data).unwrap_or_default());
            if progress.consumed < piece.len() {
                client.unread = piece.split_off(progress.consumed);
            }
        }
        if self.data.len() as u64 > tables.limits.body_bytes {
            return Err(Reason::BodyLimit.into());
        }
        Ok(())
    }

    /// Writes what is there of the body, coded for the upstream.
    pub(crate) fn write(&self, encoding: Encoding, out: &mut Vec<u8>) {
        encoding.encode(&self.data, out);
        if self.inbound.is_done() {
            encoding.encode_end(self.inbound.trailers(), out);
        }
    }

    /// The same body, if all of it is there.
    pub(crate) fn again(&self) -> Option<Self> {
        Some(Self {
            framing: self.framing,
            data: self.data.clone(),
            inbound: self.inbound.again()?,
            is_asked_for: self.is_asked_for,
        })
    }

    /// Takes the data out for the rest of the peek, where that has not seen enough.
    pub(crate) fn take_capture(&mut self) -> Option<Vec<u8>> {
        (!self.inbound.is_done()).then(|| std::mem::take(&mut self.data))
    }
}

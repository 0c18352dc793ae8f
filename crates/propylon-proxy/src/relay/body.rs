//! A request's body up to the moment its first bytes leave: gathered for the peek, then begun.

use super::inbound::Inbound;
use super::outbound::Outbound;
use crate::client::connection::{ClientConnection, Read, Transport};
use crate::error::ProxyError;
use crate::http1::chunked::Decoder;
use crate::http1::framing::{self, Framing};
use crate::http1::head::{RequestHead, Version};
use crate::phase::answer::Encoding;
use crate::reason::Reason;
use crate::tables::Tables;
use crate::worker::Worker;

/// A request's body.
#[derive(Debug)]
pub(crate) struct Body {
    framing: Framing,
    /// What has arrived behind the head, as it came; after [`Self::begin`], the data in it.
    arrived: Vec<u8>,
    /// The decoded beginning of a chunked body, for the peek.
    decoded: Vec<u8>,
    pub(crate) inbound: Inbound,
    pub(crate) outbound: Outbound,
}

impl Body {
    /// Takes what came behind a request's head.
    pub(crate) fn of(request: &mut RequestHead) -> Result<Self, ProxyError> {
        let framing = framing::of_request(request)?;
        Ok(Self {
            framing,
            arrived: request.bytes.split_off(request.len),
            decoded: Vec::new(),
            inbound: Inbound::new(framing),
            outbound: Outbound::new(Encoding::of(framing, Version::Http11)),
        })
    }

    pub(crate) fn framing(&self) -> Framing {
        self.framing
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.framing == Framing::Empty
    }

    /// How many bytes of data [`Self::write`] writes.
    pub(crate) fn begun_bytes(&self) -> u64 {
        self.arrived.len() as u64
    }

    /// Waits for as much of the body as the peek looks at, or for its end.
    pub(crate) async fn gather<S: Transport>(
        &mut self,
        worker: &Worker,
        client: &mut ClientConnection<S>,
        tables: &Tables,
    ) -> Result<(), ProxyError> {
        let bytes_max = usize::try_from(tables.limits.peek_bytes).unwrap_or(usize::MAX);
        let mut decoder = Decoder::new();
        let mut fed = 0;
        loop {
            let enough = match self.framing {
                Framing::Empty | Framing::UntilClose => true,
                Framing::Sized(length) => self.arrived.len() as u64 >= length.min(bytes_max as u64),
                Framing::Chunked => {
                    let mut piece = self.arrived.get(fed..).unwrap_or_default().to_vec();
                    fed = self.arrived.len();
                    let progress = decoder.decode(&mut piece)?;
                    piece.truncate(progress.data);
                    self.decoded.append(&mut piece);
                    decoder.is_done() || fed >= bytes_max
                }
            };
            if enough {
                return Ok(());
            }
            match client
                .read_into(worker, &mut self.arrived, tables.timeouts.body_idle)
                .await
            {
                Read::Some => {}
                Read::Late => return Err(Reason::ClientBodyTimeout.into()),
                Read::Closed => return Err(Reason::ClientClosed.into()),
            }
        }
    }

    /// The beginning of the body as the server will read it.
    pub(crate) fn beginning(&self) -> &[u8] {
        match self.framing {
            Framing::Chunked => &self.decoded,
            Framing::Sized(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                self.arrived
                    .get(..length.min(self.arrived.len()))
                    .unwrap_or_default()
            }
            Framing::Empty | Framing::UntilClose => &[],
        }
    }

    /// Takes the body's own bytes out of what has arrived; what came behind them is the client's
    /// next request.
    pub(crate) fn begin(
        &mut self,
        unread: &mut Vec<u8>,
        tables: &Tables,
    ) -> Result<(), ProxyError> {
        self.decoded = Vec::new();
        let progress = self.inbound.take(&mut self.arrived)?;
        if progress.consumed < self.arrived.len() {
            unread.extend_from_slice(self.arrived.get(progress.consumed..).unwrap_or_default());
        }
        self.arrived.truncate(progress.data);
        if self.begun_bytes() > tables.limits.body_bytes {
            return Err(Reason::BodyLimit.into());
        }
        Ok(())
    }

    /// Writes what is there of the body, coded for the upstream.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.outbound.encode(&self.arrived, out);
        if self.inbound.is_done() {
            self.outbound.encode_end(self.inbound.trailers(), out);
        }
    }
}

//! A small answer taken whole before any of it is sent on, for what cannot be changed in passing.

use std::future::poll_fn;
use std::task::Poll;

use super::{Exchange, Received, poll_read};
use crate::client::connection::Transport;
use crate::error::ProxyError;
use crate::http1::framing::Framing;
use crate::reason::Reason;
use crate::relay::inbound::Inbound;
use crate::worker::Stage;

impl<S: Transport> Exchange<'_, S> {
    /// Reads the body of an answer to its end. `None` where it is longer than `bytes_max`; then, as always, `received`
    /// has all that came, as it came.
    pub(crate) async fn collect(
        &mut self,
        received: &mut Received,
        framing: Framing,
        bytes_max: usize,
    ) -> Result<Option<Vec<u8>>, ProxyError> {
        let mut inbound = Inbound::new(framing);
        let mut body = Vec::new();
        let behind = received.bytes.get(received.head.len..);
        let mut piece = behind.unwrap_or_default().to_vec();
        loop {
            let taken = inbound.take(&mut piece);
            let progress =
                taken.map_err(|what| ProxyError::found(Reason::UpstreamResponseInvalid, what))?;
            body.extend_from_slice(piece.get(..progress.data).unwrap_or_default());
            if inbound.is_done() {
                self.tally.surplus |= progress.consumed < piece.len();
                return Ok(Some(body));
            }
            if body.len() > bytes_max || received.bytes.len() > 2 * bytes_max {
                return Ok(None);
            }
            piece = self.read_piece().await?;
            if piece.is_empty() {
                // Nobody can use the connection again.
                self.tally.surplus = true;
                let is_end = inbound.close(self.upstream.take_trailers());
                return is_end
                    .then_some(Some(body))
                    .ok_or(Reason::UpstreamClosed.into());
            }
            received.bytes.extend_from_slice(&piece);
        }
    }

    /// What comes next from the upstream; nothing where it has closed.
    async fn read_piece(&mut self) -> Result<Vec<u8>, ProxyError> {
        poll_fn(|cx| {
            self.poll_upload(cx)?;
            let worker = self.worker;
            let read = {
                let input = &mut worker.scratch().input;
                poll_read(self.upstream, cx, input)
                    .map_ok(|read| input.get(..read).unwrap_or_default().to_vec())
            };
            if let Poll::Ready(piece) = read {
                return Poll::Ready(piece.map_err(|error| ProxyError::upstream_io(&error)));
            }
            if worker.stage() == Stage::Ending {
                return Poll::Ready(Err(Reason::Draining.into()));
            }
            self.poll_bystanders(cx)?;
            Poll::Pending
        })
        .await
    }
}

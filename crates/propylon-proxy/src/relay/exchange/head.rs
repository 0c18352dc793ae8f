//! The response's head as it arrives, and the interim responses before it.

use std::task::{Context, Poll};
use std::time::Instant;

use super::{Exchange, Received, poll_read};
use crate::client::connection::Transport;
use crate::error::ProxyError;
use crate::http1::head::{HeadLimits, ResponseHead, Version};
use crate::phase::answer;
use crate::reason::Reason;
use crate::worker::Scratch;

impl<S: Transport> Exchange<'_, S> {
    /// Reads until a final response head is whole; interim ones go to the client on their own.
    pub(super) fn read_head(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Result<Option<Received>, ProxyError> {
        let worker = self.worker;
        while self.to_client.is_flushed() {
            let Scratch { input, output } = &mut *worker.scratch();
            let Poll::Ready(read) = poll_read(self.upstream, cx, input) else {
                return Ok(None);
            };
            let read = read.map_err(|error| ProxyError::upstream_io(&error))?;
            if read == 0 {
                return Err(Reason::UpstreamClosed.into());
            }
            self.answer_moved = Instant::now();
            self.opening
                .extend_from_slice(input.get(..read).unwrap_or_default());
            while let Some(head) = self.parse_head()? {
                if head.status >= 200 {
                    return Ok(Some(Received {
                        bytes: std::mem::take(&mut self.opening),
                        head,
                    }));
                }
                self.show_interim(cx, &head, output)?;
            }
        }
        // Whoever wrote last asked the client's socket to wake this task.
        Ok(None)
    }

    fn parse_head(&self) -> Result<Option<ResponseHead>, ProxyError> {
        if self.opening.is_empty() {
            return Ok(None);
        }
        let limits = HeadLimits::of(self.limits);
        ResponseHead::parse(&self.opening, limits).map_err(ProxyError::bad_response)
    }

    /// 100 and 103 are for the client; 101 answers an upgrade that was never asked for.
    fn show_interim(
        &mut self,
        cx: &mut Context<'_>,
        head: &ResponseHead,
        out: &mut Vec<u8>,
    ) -> Result<(), ProxyError> {
        if head.status == 101 {
            return Err(ProxyError::found(
                Reason::UpstreamResponseInvalid,
                "101 without an upgrade",
            ));
        }
        let rest = self.opening.split_off(head.len);
        let interim = std::mem::replace(&mut self.opening, rest);
        if self.version != Version::Http10 {
            out.clear();
            answer::write_interim(&interim, head, out);
            let sent = self.to_client.send(cx, &mut self.client.io, out);
            sent.map_err(|error| ProxyError::client_io(&error))?;
        }
        Ok(())
    }
}

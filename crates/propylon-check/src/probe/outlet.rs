//! Where an answer goes: the client's connection, the stream's log, or both; and what happens when the client goes away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::clock::Clock;
use super::ledger::{Disconnect, Outcome, Phase, Record};
use super::stream_log::{COMMENT, Item, StreamLog};
use super::wire::{Ending, Gone, ResponseHead, Wire};

/// The exchange is over: the client's close ended it, or it was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

/// What a client's close means (2026-07-28 cancellation; 2025-11-25 transports, Sending Messages 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disconnection {
    Cancels,
    ChangesNothing,
}

/// Where an answer goes.
pub(crate) struct Outlet<'w, W: Wire> {
    wire: Option<&'w mut W>,
    log: Option<Arc<StreamLog>>,
    /// Events carry ids.
    has_ids: bool,
    /// The stream begins with an event that has an id and no data.
    primes: bool,
    disconnection: Disconnection,
    clock: Clock,
    record: Option<Record>,
    phase: Phase,
}

impl<'w, W: Wire> Outlet<'w, W> {
    /// Straight to the client.
    pub(crate) fn direct(
        wire: &'w mut W,
        disconnection: Disconnection,
        clock: Clock,
        record: Option<Record>,
    ) -> Self {
        Self {
            wire: Some(wire),
            log: None,
            has_ids: false,
            primes: false,
            disconnection,
            clock,
            record,
            phase: Phase::BeforeHead,
        }
    }

    /// The same, and into a log from which the stream can be resumed.
    pub(crate) fn resumable(self, log: Arc<StreamLog>, primes: bool) -> Self {
        Self {
            log: Some(log),
            has_ids: true,
            primes,
            ..self
        }
    }

    /// Onto a stream that somebody else writes to the client.
    pub(crate) fn onto(log: Arc<StreamLog>, clock: Clock, record: Option<Record>) -> Self {
        Self {
            wire: None,
            log: Some(log),
            has_ids: false,
            primes: false,
            disconnection: Disconnection::ChangesNothing,
            clock,
            record,
            phase: Phase::Streaming,
        }
    }

    /// Whether answers go onto somebody else's stream.
    pub(crate) fn is_detached(&self) -> bool {
        self.wire.is_none() && self.log.is_some() && !self.has_ids
    }

    pub(crate) async fn head(&mut self, head: ResponseHead) -> Result<(), Stopped> {
        let written = match &mut self.wire {
            Some(wire) => wire.head(head).await,
            None => Ok(()),
        };
        self.phase = Phase::Streaming;
        self.settle_write(written).await
    }

    /// Bytes that are no event: they are not kept, and go only to the client that is there.
    pub(crate) async fn raw(&mut self, bytes: &[u8]) -> Result<(), Stopped> {
        let written = match &mut self.wire {
            Some(wire) => wire.body(bytes).await,
            None => Ok(()),
        };
        self.settle_write(written).await
    }

    /// One event, made once it can be sent; returns its bytes.
    pub(crate) async fn event(
        &mut self,
        make: impl FnOnce(Option<&str>) -> Bytes,
    ) -> Result<usize, Stopped> {
        let bytes = match &self.log {
            None => make(None),
            Some(log) => {
                log.room().await;
                let has_ids = self.has_ids;
                match log.append(|id| Item::Frame(make(has_ids.then_some(id)))) {
                    Item::Frame(bytes) | Item::Cut(bytes, _) => bytes,
                }
            }
        };
        self.raw(&bytes).await?;
        Ok(bytes.len())
    }

    /// The priming event of 2025-11-25.
    pub(crate) async fn prime(&mut self) -> Result<(), Stopped> {
        if self.primes {
            self.event(|id| Bytes::from(format!("id: {}\ndata: \n\n", id.unwrap_or_default())))
                .await?;
        }
        Ok(())
    }

    /// Waits, sending comments if asked, and watching for the client's close.
    pub(crate) async fn wait(
        &mut self,
        duration: Duration,
        comment: Option<Duration>,
    ) -> Result<(), Stopped> {
        let until = Instant::now() + duration;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let pause = comment.map_or(left, |comment| comment.min(left));
            let gone = match &mut self.wire {
                None => {
                    tokio::time::sleep(pause).await;
                    None
                }
                Some(wire) => tokio::select! {
                    () = tokio::time::sleep(pause) => None,
                    gone = wire.closed() => Some(gone),
                },
            };
            match gone {
                Some(gone) => self.lost(gone).await?,
                None if pause < left => self.raw(COMMENT).await?,
                None => {}
            }
        }
    }

    pub(crate) async fn finish(&mut self) -> Result<(), Stopped> {
        if let (Some(log), true) = (&self.log, self.has_ids) {
            log.end();
        }
        self.phase = Phase::AfterResult;
        // Settled before the last bytes: whoever gets them may ask at once.
        self.complete();
        let written = match &mut self.wire {
            Some(wire) => wire.finish().await,
            None => Ok(()),
        };
        self.settle_write(written).await
    }

    /// Ends the connection cleanly while the stream goes on.
    pub(crate) async fn detach(&mut self) -> Result<(), Stopped> {
        let Some(wire) = self.wire.take() else {
            return Ok(());
        };
        let _ = wire.finish().await;
        wire.cut(Ending::Fin).await;
        if let Some(record) = &self.record {
            record.continued();
        }
        Ok(())
    }

    /// Ends the connection after these bytes, whatever was promised.
    pub(crate) async fn cut(&mut self, last: Bytes, how: Ending) -> Result<(), Stopped> {
        match (&mut self.wire, &self.log) {
            (Some(wire), _) => {
                let _ = wire.body(&last).await;
                wire.cut(how).await;
            }
            (None, Some(log)) => drop(log.append(|_| Item::Cut(last, how))),
            (None, None) => {}
        }
        if let (Some(log), true) = (&self.log, self.has_ids) {
            log.end();
        }
        if let Some(record) = &mut self.record {
            record.settle(Outcome::Cut);
        }
        Err(Stopped)
    }

    /// The answer was given whole.
    pub(crate) fn complete(&mut self) {
        if let Some(record) = &mut self.record {
            record.settle(Outcome::Completed);
        }
    }

    async fn settle_write(&mut self, written: Result<(), Gone>) -> Result<(), Stopped> {
        match written {
            Ok(()) => Ok(()),
            Err(gone) => self.lost(gone).await,
        }
    }

    async fn lost(&mut self, Gone(how): Gone) -> Result<(), Stopped> {
        let sent_bytes = self.wire.take().map_or(0, |wire| wire.sent_bytes());
        let cancels = self.disconnection == Disconnection::Cancels;
        if let Some(record) = &mut self.record {
            record.disconnected(Disconnect {
                at: self.clock.stamp(),
                how,
                sent_bytes,
                phase: self.phase,
            });
            if cancels {
                record.settle(Outcome::Cancelled);
            } else {
                record.continued();
            }
        }
        if cancels { Err(Stopped) } else { Ok(()) }
    }
}

//! Dial: from a place to a connection that has taken the first bytes of the request.
//!
//! A request goes to another connection only when nothing of it has left on this one.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Detail, ProxyError};
use crate::http1::head::Version;
use crate::phase::place::Place;
use crate::reason::Reason;
use crate::upstream::Upstream;
use crate::upstream::connection::Connection;
use crate::upstream::dial::{Missed, MissedKind, Raw};
use crate::upstream::http2::Session;
use crate::upstream::instance::{InFlight, Instance};
use crate::upstream::link::Link;
use crate::worker::{Scratch, Worker};

/// A connection on which the request has begun to leave.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) connection: Connection,
    pub(crate) instance: Arc<Instance>,
    pub(crate) in_flight: InFlight,
    /// What the socket did not take of the first bytes.
    pub(crate) unsent: Vec<u8>,
    /// How long the connection took to make; none for a kept one.
    pub(crate) connect: Duration,
}

/// Reaches the instance of the place, or for a free place the first one that can be reached.
///
/// `write` writes the first bytes for an instance and the version spoken to it: the head and what is there of the body.
pub(crate) async fn reach(
    worker: &Worker,
    upstream: &Upstream,
    place: &Place,
    write: impl Fn(&Instance, Version, &mut Vec<u8>),
) -> Result<Reached, ProxyError> {
    if let Some(instance) = place.instance() {
        return try_instance(worker, upstream, instance, &write)
            .await
            .map_err(|missed| match missed.kind {
                MissedKind::Refused => missed.into_error(Reason::SessionLost),
                MissedKind::Unreachable => missed.into_error(Reason::UpstreamUnreachable),
                MissedKind::Tls => missed.into_error(Reason::UpstreamTls),
                MissedKind::Forbidden => missed.into_error(Reason::BackendRefused),
            });
    }
    let mut tried = Vec::new();
    let mut worst: Option<Missed> = None;
    while let Some(instance) = upstream.least_loaded(&tried, Instant::now()) {
        match try_instance(worker, upstream, &instance, &write).await {
            Ok(reached) => return Ok(reached),
            Err(missed) if worst.as_ref().is_none_or(|worst| missed.kind >= worst.kind) => {
                worst = Some(missed);
            }
            Err(_) => {}
        }
        tried.push(instance);
    }
    Err(match worst {
        Some(missed) => {
            let reason = match missed.kind {
                MissedKind::Refused => Reason::UpstreamRefused,
                MissedKind::Unreachable => Reason::UpstreamUnreachable,
                MissedKind::Tls => Reason::UpstreamTls,
                MissedKind::Forbidden => Reason::BackendRefused,
            };
            missed.into_error(reason)
        }
        None => ProxyError::found(
            Reason::UpstreamUnreachable,
            "the upstream has no instance: its name has no address",
        ),
    })
}

impl Missed {
    fn into_error(self, reason: Reason) -> ProxyError {
        ProxyError {
            reason,
            detail: Detail::Dial(self.words),
        }
    }
}

async fn try_instance(
    worker: &Worker,
    upstream: &Upstream,
    instance: &Arc<Instance>,
    write: &impl Fn(&Instance, Version, &mut Vec<u8>),
) -> Result<Reached, Missed> {
    let attempt = Attempt {
        worker,
        upstream,
        instance,
        in_flight: Cell::new(Some(instance.begin())),
    };
    if let Some(reached) = attempt.on_kept(write).await {
        return Ok(reached);
    }
    if !upstream.may_speak_http2() || instance.speaks_http1() {
        return Box::pin(attempt.on_fresh(write)).await;
    }
    // Many exchanges can share the connection that the first of them makes.
    let gate = worker.pool().gate(instance);
    let _turn = gate.turn().await?;
    if let Some(reached) = attempt.on_kept(write).await {
        return Ok(reached);
    }
    let reached = Box::pin(attempt.on_fresh(write)).await;
    reached.inspect_err(|missed| gate.miss(missed))
}

/// An exchange on its way to one instance.
struct Attempt<'a> {
    worker: &'a Worker,
    upstream: &'a Upstream,
    instance: &'a Arc<Instance>,
    in_flight: Cell<Option<InFlight>>,
}

impl Attempt<'_> {
    /// Begins on a connection that is there already.
    async fn on_kept(&self, write: &impl Fn(&Instance, Version, &mut Vec<u8>)) -> Option<Reached> {
        loop {
            let kept = {
                let mut pool = self.worker.pool();
                let shared = pool.share(self.instance);
                shared.or_else(|| pool.take(self.instance, Instant::now()))?
            };
            if let Ok(sent) = self.send_first(kept, write).await {
                self.instance.reused();
                return Some(self.reached(sent, Duration::ZERO));
            }
        }
    }

    /// Begins on a connection made for it. All that making one takes is kept out of the exchanges that need none.
    async fn on_fresh(
        &self,
        write: &impl Fn(&Instance, Version, &mut Vec<u8>),
    ) -> Result<Reached, Missed> {
        let started = Instant::now();
        let sent = match self.connect().await {
            Ok(connection) => self.send_first(connection, write).await,
            Err(missed) => Err(missed),
        };
        let eject = self.upstream.config.pool.eject;
        let sent = sent.inspect_err(|_| self.instance.eject(Instant::now(), eject))?;
        let is_http1 = sent.0.io.version() != Version::Http2;
        self.instance.connected(is_http1);
        Ok(self.reached(sent, started.elapsed()))
    }

    async fn connect(&self) -> Result<Connection, Missed> {
        let dialled = match &self.upstream.backend {
            None => self.upstream.dial(self.instance).await?,
            Some(backend) => {
                let guard = self.worker.guard();
                let dialling = backend.dial(guard.as_deref(), self.upstream, self.instance);
                dialling.await?
            }
        };
        let target = dialled.target;
        if !dialled.is_http2 {
            let link = match dialled.io {
                Raw::Plain(stream) => Link::Plain(stream),
                Raw::Tls(stream) => Link::Tls(stream),
            };
            return Ok(Connection::new(link, target));
        }
        let config = &self.upstream.config;
        let patience = config.timeouts.connect;
        let begun = async {
            match dialled.io {
                Raw::Plain(stream) => Session::begin(stream, target, "http", config).await,
                Raw::Tls(stream) => Session::begin(stream, target, "https", config).await,
            }
        };
        let words = match tokio::time::timeout(patience, begun).await {
            Ok(Ok(session)) => {
                let connection = Connection::on(&session);
                self.worker.pool().keep(self.instance, session);
                return Ok(connection);
            }
            Ok(Err(words)) => words,
            Err(_elapsed) => "it did not answer in time".to_owned(),
        };
        Err(Missed {
            kind: MissedKind::Unreachable,
            words: format!("{}: no HTTP/2 is spoken there: {words}", self.instance.name),
        })
    }

    async fn send_first(
        &self,
        mut connection: Connection,
        write: &impl Fn(&Instance, Version, &mut Vec<u8>),
    ) -> Result<Sent, Missed> {
        // The buffer is taken rather than borrowed: a borrow must not be held across an await.
        let mut bytes = std::mem::take(&mut self.worker.scratch().output);
        bytes.clear();
        write(self.instance, connection.io.version(), &mut bytes);
        let sent = connection.send_first(&bytes).await;
        let result = match sent {
            Ok(sent) => Ok((connection, bytes.get(sent..).unwrap_or_default().to_vec())),
            Err(error) => Err(Missed {
                kind: MissedKind::Refused,
                words: format!("{}: {}", self.instance.name, error.kind()),
            }),
        };
        let Scratch { output, .. } = &mut *self.worker.scratch();
        *output = bytes;
        result
    }

    fn reached(&self, (connection, unsent): Sent, connect: Duration) -> Reached {
        let counted = self.in_flight.take();
        Reached {
            connection,
            instance: Arc::clone(self.instance),
            in_flight: counted.unwrap_or_else(|| self.instance.begin()),
            unsent,
            connect,
        }
    }
}

/// A connection that has taken the first bytes, and those of them it has not taken.
type Sent = (Connection, Vec<u8>);

//! Dial: from a place to a connection that has taken the first bytes of the request.
//!
//! A request goes to another connection only when nothing of it has left on this one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Detail, ProxyError};
use crate::phase::place::Place;
use crate::reason::Reason;
use crate::upstream::Upstream;
use crate::upstream::connection::Connection;
use crate::upstream::dial::{Missed, MissedKind};
use crate::upstream::instance::{InFlight, Instance};
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
/// `write` writes the first bytes for an instance: the head and what is there of the body.
pub(crate) async fn reach(
    worker: &Worker,
    upstream: &Upstream,
    place: &Place,
    write: impl Fn(&Instance, &mut Vec<u8>),
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
    write: &impl Fn(&Instance, &mut Vec<u8>),
) -> Result<Reached, Missed> {
    let in_flight = instance.begin();
    loop {
        let kept = worker.pool().take(instance, Instant::now());
        let Some(connection) = kept else { break };
        if let Ok((connection, unsent)) = send_first(worker, connection, instance, write).await {
            instance.reused();
            return Ok(Reached {
                connection,
                instance: Arc::clone(instance),
                in_flight,
                unsent,
                connect: Duration::ZERO,
            });
        }
    }
    let started = Instant::now();
    let fresh = match &upstream.backend {
        None => upstream.dial(instance).await,
        Some(backend) => {
            let guard = worker.guard();
            backend.dial(guard.as_deref(), upstream, instance).await
        }
    };
    let sent = match fresh {
        Ok(connection) => send_first(worker, connection, instance, write).await,
        Err(missed) => Err(missed),
    };
    let (connection, unsent) =
        sent.inspect_err(|_| instance.eject(Instant::now(), upstream.config.pool.eject))?;
    instance.connected();
    Ok(Reached {
        connection,
        instance: Arc::clone(instance),
        in_flight,
        unsent,
        connect: started.elapsed(),
    })
}

async fn send_first(
    worker: &Worker,
    mut connection: Connection,
    instance: &Instance,
    write: &impl Fn(&Instance, &mut Vec<u8>),
) -> Result<(Connection, Vec<u8>), Missed> {
    // The buffer is taken rather than borrowed: a borrow must not be held across an await.
    let mut bytes = std::mem::take(&mut worker.scratch().output);
    bytes.clear();
    write(instance, &mut bytes);
    let sent = connection.send_first(&bytes).await;
    let result = match sent {
        Ok(sent) => Ok((connection, bytes.get(sent..).unwrap_or_default().to_vec())),
        Err(error) => Err(Missed {
            kind: MissedKind::Refused,
            words: format!("{}: {}", instance.name, error.kind()),
        }),
    };
    let Scratch { output, .. } = &mut *worker.scratch();
    *output = bytes;
    result
}

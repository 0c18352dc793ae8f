//! Affinity: which instance a request belongs to, and what its answer teaches.

use std::sync::Arc;
use std::time::Instant;

use propylon_mcp::{Era, SessionFingerprint, SessionId, task};

use super::alias::Alias;
use super::bond::Bond;
use super::classify::Facts;
use crate::error::ProxyError;
use crate::reason::Reason;
use crate::relay::watch::Watch;
use crate::upstream::Upstream;
use crate::upstream::instance::Instance;

/// Where a request may go.
#[derive(Debug)]
pub(crate) enum Place {
    /// A new session or a stateless request: the least loaded instance.
    Any,
    /// The instance that minted the session or made the task, and no other.
    Held(Arc<Instance>),
    /// The session or task is not known here: one instance is asked, and its answer stands.
    Unknown(Arc<Instance>),
}

impl Place {
    /// The instance the request must go to, where it is not free to go anywhere.
    pub(crate) fn instance(&self) -> Option<&Arc<Instance>> {
        match self {
            Self::Any => None,
            Self::Held(instance) | Self::Unknown(instance) => Some(instance),
        }
    }
}

/// Finds the place of a request.
pub(crate) fn find(
    upstream: &Upstream,
    facts: &Facts,
    alias: Option<&Alias>,
    now: Instant,
) -> Place {
    if let Some(alias) = alias {
        return Place::Held(Arc::clone(&alias.instance));
    }
    let Some((first, sessions)) = bonds(facts).next().zip(upstream.sessions()) else {
        return Place::Any;
    };
    let held = bonds(facts).find_map(|bond| sessions.find(bond, now, upstream.bounds));
    match held {
        Some(instance) => Place::Held(instance),
        None => upstream.steady(first).map_or(Place::Any, Place::Unknown),
    }
}

/// What ties a request to an instance: its session, else the tasks it is about.
fn bonds(facts: &Facts) -> impl Iterator<Item = &SessionFingerprint> {
    let tasks = match facts.session {
        Some(_) => &[],
        None => facts.rpc.tasks.as_slice(),
    };
    facts.session.iter().chain(tasks)
}

/// What matters of an answer.
pub(crate) struct Answered<'a> {
    pub(crate) method: &'a str,
    pub(crate) status: u16,
    /// The `Mcp-Session-Id` of the answer.
    pub(crate) minted: Option<&'a [u8]>,
}

impl Answered<'_> {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Learns from an answer: a session it names is held by its instance, one that was deleted by none.
///
/// A 404 ends nothing here: it may be about a path, and if the session is over, its own instance is
/// the one to go on saying so.
pub(crate) fn learn(
    upstream: &Upstream,
    facts: &Facts,
    bond: &Bond,
    instance: &Arc<Instance>,
    answer: &Answered<'_>,
    now: Instant,
) {
    let Some(sessions) = upstream.sessions() else {
        return;
    };
    let success = answer.is_success();
    if let Some(asked) = &facts.session
        && success
        && answer.method == "DELETE"
    {
        sessions.forget(asked, instance);
        if let Some((kept, handshake)) = upstream.handshakes().zip(bond.handshake.as_ref()) {
            kept.forget(asked, handshake);
        }
        return;
    }
    // The sealed id itself says where its session is held.
    let learns = success && upstream.seal().is_none();
    if let Some(minted) = answer.minted.filter(|_| learns).and_then(SessionId::parse) {
        let minted: SessionFingerprint = minted.fingerprint();
        let is_asked = facts.session.as_ref() == Some(&minted) || bond.is_known_as(&minted);
        let known = matches!(bond.place, Place::Held(_)) && is_asked;
        if !known {
            sessions.learn(minted, Arc::clone(instance), now, upstream.bounds);
        }
    }
}

/// What makes a task, as far as the revisions we know go (SEP-2663, Supported Methods).
const MAKES_TASKS: &[u8] = b"tools/call";

/// A watch on an answer that may make a task, which is then held by its instance as a session is.
pub(crate) fn learn_tasks(
    upstream: &Arc<Upstream>,
    instance: &Arc<Instance>,
    facts: &Facts,
    method: &[u8],
    peek_bytes: u64,
    is_event_stream: bool,
) -> Option<Box<Watch>> {
    let may = facts.era == Some(Era::Modern) && method == MAKES_TASKS;
    upstream.sessions().filter(|_| may)?;
    let (upstream, instance) = (Arc::clone(upstream), Arc::clone(instance));
    let hear = move |message: &[u8]| {
        if let Some((made, tasks)) = task::made_by(message).zip(upstream.sessions()) {
            tasks.learn(made, Arc::clone(&instance), Instant::now(), upstream.bounds);
        }
    };
    let watch = Watch::new(task::TASK_ID, is_event_stream, peek_bytes, hear);
    Some(Box::new(watch))
}

/// Forgets a session, or a task, whose instance is gone, so that its client can begin a new one. One
/// whose instance may only be slow is kept.
pub(crate) fn lose(
    upstream: &Upstream,
    facts: &Facts,
    place: &Place,
    error: ProxyError,
) -> ProxyError {
    let (Place::Held(instance), Reason::SessionLost) = (place, error.reason) else {
        return error;
    };
    if let Some(sessions) = upstream.sessions() {
        bonds(facts).for_each(|bond| {
            sessions.forget(bond, instance);
        });
    }
    let reason = match facts.session {
        Some(_) => Reason::SessionLost,
        None => Reason::TaskLost,
    };
    ProxyError { reason, ..error }
}

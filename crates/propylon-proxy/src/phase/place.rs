//! Affinity: which instance a request belongs to, and what its answer teaches.

use std::sync::Arc;
use std::time::Instant;

use propylon_mcp::{SessionFingerprint, SessionId};

use super::classify::Facts;
use crate::reason::Reason;
use crate::upstream::Upstream;
use crate::upstream::instance::Instance;

/// Where a request may go.
#[derive(Debug)]
pub(crate) enum Place {
    /// A new session or a stateless request: the least loaded instance.
    Any,
    /// The instance that minted the session, and no other.
    Held(Arc<Instance>),
    /// The session is not known here: one instance is asked, and its answer stands.
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
pub(crate) fn find(upstream: &Upstream, facts: &Facts, now: Instant) -> Place {
    let Some((session, sessions)) = facts.session.as_ref().zip(upstream.sessions()) else {
        return Place::Any;
    };
    match sessions.find(session, now, upstream.bounds) {
        Some(instance) => Place::Held(instance),
        None => upstream.steady(session).map_or(Place::Any, Place::Unknown),
    }
}

/// What matters of an answer.
pub(crate) struct Answered<'a> {
    pub(crate) method: &'a str,
    pub(crate) status: u16,
    /// The `Mcp-Session-Id` of the answer.
    pub(crate) minted: Option<&'a [u8]>,
}

/// Learns from an answer: a session it names is held by its instance, one that was deleted by none.
///
/// A 404 ends nothing here: it may be about a path, and if the session is over, its own instance is
/// the one to go on saying so.
pub(crate) fn learn(
    upstream: &Upstream,
    facts: &Facts,
    place: &Place,
    instance: &Arc<Instance>,
    answer: &Answered<'_>,
    now: Instant,
) {
    let Some(sessions) = upstream.sessions() else {
        return;
    };
    let success = (200..300).contains(&answer.status);
    if let Some(asked) = &facts.session
        && success
        && answer.method == "DELETE"
    {
        sessions.forget(asked, instance);
        return;
    }
    if let Some(minted) = answer.minted.filter(|_| success).and_then(SessionId::parse) {
        let minted: SessionFingerprint = minted.fingerprint();
        let known = matches!(place, Place::Held(_)) && facts.session.as_ref() == Some(&minted);
        if !known {
            sessions.learn(minted, Arc::clone(instance), now, upstream.bounds);
        }
    }
}

/// Forgets a session whose instance is gone, so that the client can begin a new one. One whose
/// instance may only be slow is kept.
pub(crate) fn lose(upstream: &Upstream, facts: &Facts, place: &Place, reason: Reason) {
    let (Place::Held(instance), Reason::SessionLost) = (place, reason) else {
        return;
    };
    if let Some((session, sessions)) = facts.session.as_ref().zip(upstream.sessions()) {
        sessions.forget(session, instance);
    }
}

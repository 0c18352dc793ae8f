//! Affinity, all of it: where a request may go, under which name its session is known there, and how it once began.

use std::sync::Arc;
use std::time::Instant;

use propylon_mcp::{SessionFingerprint, SessionId};

use super::alias::Alias;
use super::classify::Facts;
use super::place::{self, Place};
use crate::affinity::{Handshake, Renewed, Standing};
use crate::error::ProxyError;
use crate::http1::field::Field;
use crate::http1::head::RequestHead;
use crate::upstream::Upstream;

/// What ties a request to an instance.
#[derive(Debug)]
pub(crate) struct Bond {
    pub(crate) place: Place,
    /// The session's two names, where it has two.
    pub(crate) alias: Option<Alias>,
    /// How its session began, where that is kept.
    pub(crate) handshake: Option<Arc<Handshake>>,
    /// What its session stands for now, where it was begun anew.
    pub(crate) renewed: Option<Arc<Renewed>>,
}

impl Bond {
    /// Finds what ties a request.
    ///
    /// # Errors
    /// Its session is sealed, and not by us, or its instance is gone.
    pub(crate) fn find(
        upstream: &Upstream,
        request: &RequestHead,
        facts: &Facts,
        now: Instant,
    ) -> Result<Self, ProxyError> {
        let kept = upstream.handshakes().zip(facts.session.as_ref());
        let bounds = upstream.handshake_bounds();
        let handshake = kept.and_then(|(kept, session)| kept.find(session, now, bounds));
        if let Some(handshake) = &handshake
            && let Standing::Renewed(renewed) = handshake.standing()
        {
            return Ok(Self::renewed(request, Arc::clone(handshake), renewed));
        }
        let alias = Alias::of(upstream, request, facts)?;
        Ok(Self {
            place: place::find(upstream, facts, alias.as_ref(), now),
            alias,
            handshake,
            renewed: None,
        })
    }

    /// The bond of a session that was begun anew.
    pub(crate) fn renewed(
        request: &RequestHead,
        handshake: Arc<Handshake>,
        renewed: Arc<Renewed>,
    ) -> Self {
        let shown = request.lines.first(request.head(), Field::McpSessionId);
        let alias = Alias::new(
            shown.unwrap_or_default(),
            &renewed.id,
            Arc::clone(&renewed.instance),
        );
        Self {
            place: Place::Held(Arc::clone(&renewed.instance)),
            alias: Some(alias),
            handshake: Some(handshake),
            renewed: Some(renewed),
        }
    }

    /// Whether its session is known to be lost.
    pub(crate) fn is_lost(&self) -> bool {
        let standing = self
            .handshake
            .as_ref()
            .map(|handshake| handshake.standing());
        matches!(standing, Some(Standing::Lost))
    }

    /// The session it stands for is no more.
    pub(crate) fn lose(&self) {
        if let Some(handshake) = &self.handshake {
            handshake.lose(self.renewed.as_ref());
        }
    }

    /// Whether this is the name by which its instance knows the session.
    pub(crate) fn is_known_as(&self, session: &SessionFingerprint) -> bool {
        let server = self
            .alias
            .as_ref()
            .and_then(|alias| SessionId::parse(&alias.server));
        server.is_some_and(|server| server.fingerprint() == *session)
    }

    /// Whether an event id that the request names can be one of this session.
    pub(crate) fn can_resume(&self) -> bool {
        self.renewed
            .as_ref()
            .is_none_or(|renewed| renewed.has_streamed())
    }
}

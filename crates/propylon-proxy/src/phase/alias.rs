//! A session under two names: where the id that its client knows is not the one its instance minted.

use std::fmt;
use std::sync::Arc;

use propylon_mcp::{Era, SessionId};

use super::classify::Facts;
use crate::error::ProxyError;
use crate::http1::field::Field;
use crate::http1::head::RequestHead;
use crate::reason::Reason;
use crate::upstream::Upstream;
use crate::upstream::instance::Instance;

/// The two names of a session, and the instance that holds it.
pub(crate) struct Alias {
    client: Box<[u8]>,
    pub(crate) server: Box<[u8]>,
    pub(crate) instance: Arc<Instance>,
}

impl fmt::Debug for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alias")
            .field("instance", &self.instance.name)
            .finish_non_exhaustive()
    }
}

impl Alias {
    /// A session that its client knows as `client`, and its instance as `server`.
    pub(crate) fn new(client: &[u8], server: &[u8], instance: Arc<Instance>) -> Self {
        Self {
            client: client.into(),
            server: server.into(),
            instance,
        }
    }

    /// The session of a request to an upstream whose ids are sealed.
    ///
    /// # Errors
    /// The id is not one of ours, or its instance is gone: the session is unknown, and nobody is asked.
    pub(crate) fn of(
        upstream: &Upstream,
        request: &RequestHead,
        facts: &Facts,
    ) -> Result<Option<Self>, ProxyError> {
        let (Some(seal), Some(Era::Legacy)) = (upstream.seal(), facts.era) else {
            return Ok(None);
        };
        let Some(id) = request.lines.first(request.head(), Field::McpSessionId) else {
            return Ok(None);
        };
        let opened = seal.open(id).ok_or(Reason::SessionUnknown)?;
        let instances = upstream.instances();
        if instances.is_empty() {
            let what = "the upstream has no instance: its name has no address";
            return Err(ProxyError::found(Reason::UpstreamUnreachable, what));
        }
        let held = instances
            .iter()
            .find(|instance| instance.name == opened.instance);
        let gone = || ProxyError::found(Reason::SessionLost, "its instance is no longer listed");
        Ok(Some(Self {
            client: id.into(),
            server: opened.id.into(),
            instance: held.map(Arc::clone).ok_or_else(gone)?,
        }))
    }
}

/// The id that the client is to see in place of the one its instance wrote, where they differ.
///
/// # Errors
/// The id is too long to be sealed.
pub(crate) fn shown(
    upstream: &Upstream,
    instance: &Instance,
    alias: Option<&Alias>,
    written: &[u8],
) -> Result<Option<Box<[u8]>>, ProxyError> {
    if let Some(alias) = alias.filter(|alias| *alias.server == *written) {
        return Ok(Some(alias.client.clone()));
    }
    let Some(seal) = upstream.seal() else {
        return Ok(None);
    };
    let sealed = SessionId::parse(written).and_then(|id| seal.seal(&instance.name, id.as_bytes()));
    let unfit = || {
        let what = "a session id that cannot be sealed: too long, or not visible ASCII";
        ProxyError::found(Reason::UpstreamResponseInvalid, what)
    };
    Ok(Some(sealed.ok_or_else(unfit)?.into()))
}

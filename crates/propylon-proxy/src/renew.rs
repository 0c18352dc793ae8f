//! A session begun anew on a live instance, by its client's own `initialize`, for clients that never recover.
//!
//! Only ever between requests: what a lost instance had begun to answer is not asked again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use propylon_mcp::SessionId;
use propylon_mcp::peek::members::{member, text};

use crate::affinity::{Handshake, Renewed, Standing};
use crate::error::ProxyError;
use crate::http1::field::Field;
use crate::outgoing::Outgoing;
use crate::phase::bond::Bond;
use crate::phase::classify::Facts;
use crate::phase::place::{Answered, Place};
use crate::reach::reach;
use crate::reason::Reason;
use crate::record::Record;
use crate::relay::body::Body;
use crate::upstream::Upstream;
use crate::upstream::ask::{Told, told};
use crate::upstream::instance::Instance;

/// What was done for sessions that were lost, by one upstream; carried over reloads.
#[derive(Debug, Default)]
pub(crate) struct Repairs {
    /// Answers whose status was made 404.
    pub(crate) statuses: AtomicU64,
    /// Sessions begun anew.
    pub(crate) renewed: AtomicU64,
    /// Sessions that could not be.
    pub(crate) failed: AtomicU64,
}

/// How long a handshake may take in all.
const PATIENCE: Duration = Duration::from_secs(10);

/// A longer `notifications/initialized` is not kept; the room for one is counted from the start.
const INITIALIZED_BYTES_MAX: usize = 1024;

/// The body of a request that is part of a handshake, where it is to be kept.
pub(crate) fn to_keep(upstream: &Upstream, facts: &Facts, body: &Body) -> Option<Box<[u8]>> {
    upstream.handshakes()?;
    let is_short = body.data().len() <= INITIALIZED_BYTES_MAX;
    let is_wanted = match facts.rpc.method.as_deref()? {
        "initialize" => facts.session.is_none(),
        "notifications/initialized" => facts.session.is_some() && is_short,
        _ => false,
    };
    (is_wanted && body.inbound.is_done()).then(|| body.data().into())
}

/// Keeps a message of a handshake that has been answered well.
pub(crate) fn keep(upstream: &Upstream, bond: &Bond, message: Box<[u8]>, answer: &Answered<'_>) {
    let Some(kept) = upstream.handshakes().filter(|_| answer.is_success()) else {
        return;
    };
    if let Some(handshake) = &bond.handshake {
        return handshake.keep_initialized(message);
    }
    let Some(minted) = answer.minted.and_then(SessionId::parse) else {
        return;
    };
    let bytes = (message.len() + INITIALIZED_BYTES_MAX) as u64;
    let handshake = Arc::new(Handshake::new(message));
    let bounds = upstream.handshake_bounds();
    kept.learn_more(
        minted.fingerprint(),
        (handshake, bytes),
        Instant::now(),
        bounds,
    );
}

/// Why a session could not begin anew.
enum Unrenewed {
    /// The credentials of the request do not suffice, which its client is to hear from the instance itself.
    Forbidden(Arc<Instance>),
    Failed(ProxyError),
}

impl From<ProxyError> for Unrenewed {
    fn from(error: ProxyError) -> Self {
        Self::Failed(error)
    }
}

impl From<&'static str> for Unrenewed {
    fn from(found: &'static str) -> Self {
        Self::Failed(ProxyError::found(Reason::SessionLost, found))
    }
}

/// Begins a lost session anew, in the name of the request that found it lost. Of several, one does it for all.
pub(crate) async fn begin_anew(
    outgoing: &Outgoing<'_>,
    handshake: Arc<Handshake>,
    record: &mut Record,
) -> Result<Bond, ProxyError> {
    let seen = handshake.attempts();
    let _turn = handshake.turn.lock().await;
    if let Standing::Renewed(renewed) = handshake.standing() {
        return Ok(Bond::renewed(
            outgoing.request,
            Arc::clone(&handshake),
            renewed,
        ));
    }
    if handshake.attempts() != seen {
        let found = "another request has just failed to begin the session anew";
        return Err(ProxyError::found(Reason::SessionLost, found));
    }
    let tried = tokio::time::timeout(PATIENCE, replay(outgoing, &handshake, record)).await;
    let tried = tried.unwrap_or(Err("no instance answered initialize in time".into()));
    handshake.attempted(tried.as_ref().ok().map(Arc::clone));
    let upstream = &outgoing.routed.route.upstream;
    let (repairs, name) = (&upstream.repairs, upstream.config.name.as_str());
    let session = record.facts.session.map(|session| session.to_string());
    match tried {
        Ok(renewed) => {
            repairs.renewed.fetch_add(1, Ordering::Relaxed);
            let instance = &renewed.instance.name;
            tracing::info!(upstream = name, session, instance, "session begun anew");
            record.repaired("reinitialized");
            Ok(Bond::renewed(
                outgoing.request,
                Arc::clone(&handshake),
                renewed,
            ))
        }
        Err(Unrenewed::Forbidden(instance)) => {
            repairs.failed.fetch_add(1, Ordering::Relaxed);
            Ok(Bond {
                place: Place::Held(instance),
                alias: None,
                handshake: Some(Arc::clone(&handshake)),
                renewed: None,
            })
        }
        Err(Unrenewed::Failed(error)) => {
            repairs.failed.fetch_add(1, Ordering::Relaxed);
            let why = error.detail();
            tracing::warn!(
                upstream = name,
                session,
                why,
                "session could not begin anew"
            );
            Err(error)
        }
    }
}

/// Sends the client's `initialize` to a live instance, and then what it sent once that was answered.
async fn replay(
    outgoing: &Outgoing<'_>,
    handshake: &Handshake,
    record: &Record,
) -> Result<Arc<Renewed>, Unrenewed> {
    let (answer, instance) =
        tell(outgoing, &Place::Any, None, handshake.initialize(), record).await?;
    match answer.status {
        200 => {}
        401 | 403 => return Err(Unrenewed::Forbidden(instance)),
        _ => return Err("the instance refused initialize".into()),
    }
    let begun = Begun::read(&answer.message).ok_or("initialize was answered with an error")?;
    let spoken = outgoing
        .request
        .lines
        .first(outgoing.request.head(), Field::McpProtocolVersion);
    if spoken.is_some_and(|spoken| spoken != begun.version.as_bytes()) {
        return Err("the instance speaks another revision than the session does".into());
    }
    let id = answer.session.ok_or("the instance began no session")?;
    if let Some(initialized) = handshake.initialized() {
        let place = Place::Held(Arc::clone(&instance));
        let (answer, _) = tell(outgoing, &place, Some(&id), initialized, record).await?;
        if !(200..300).contains(&answer.status) {
            return Err("the instance refused notifications/initialized".into());
        }
    }
    Ok(Arc::new(Renewed::new(id, instance, begun.tools_may_change)))
}

async fn tell(
    outgoing: &Outgoing<'_>,
    place: &Place,
    session: Option<&[u8]>,
    message: &[u8],
    record: &Record,
) -> Result<(Told, Arc<Instance>), ProxyError> {
    let upstream = &outgoing.routed.route.upstream;
    let forward = outgoing.forward(session, record);
    let worker = outgoing.context.worker;
    let reached = reach(worker, upstream, place, |instance, _, out| {
        forward.write_instead(message, upstream, instance, out);
    });
    let mut reached = reached.await?;
    let limits = &outgoing.context.tables.limits;
    let answer = told(&mut reached.connection.io, &reached.unsent, limits).await;
    let answer = answer.map_err(|found| ProxyError::found(Reason::SessionLost, found))?;
    Ok((answer, reached.instance))
}

/// What the answer to an `initialize` says.
#[derive(Debug, PartialEq, Eq)]
struct Begun {
    version: String,
    /// Whether the server tells when its tools change.
    tools_may_change: bool,
}

impl Begun {
    fn read(message: &[u8]) -> Option<Self> {
        let result = member(std::str::from_utf8(message).ok()?, "result")?;
        let tools = member(result, "capabilities").and_then(|all| member(all, "tools"));
        let changes = tools.and_then(|tools| member(tools, "listChanged"));
        Some(Self {
            version: text(member(result, "protocolVersion")?)?.into_owned(),
            tools_may_change: changes == Some("true"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Begun;

    #[test]
    fn an_answer_to_initialize_is_read() {
        let read = |message: &str| Begun::read(message.as_bytes());
        let begun = |version: &str, tools_may_change| {
            Some(Begun {
                version: version.to_owned(),
                tools_may_change,
            })
        };
        assert_eq!(
            read(
                r#"{"id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}}}}"#
            ),
            begun("2025-11-25", true)
        );
        for capabilities in [
            "{}",
            r#"{"tools":{}}"#,
            r#"{"tools":{"listChanged":false}}"#,
            "7",
        ] {
            let message = format!(
                r#"{{"result":{{"capabilities":{capabilities},"protocolVersion":"2025-06-18"}}}}"#
            );
            assert_eq!(read(&message), begun("2025-06-18", false), "{message}");
        }
        for other in ["", "{}", r#"{"error":{"code":1}}"#, r#"{"result":{}}"#] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}

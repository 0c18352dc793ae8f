//! What a request is, in MCP's terms, decided once from its head and a bounded peek at its body.

use propylon_mcp::mirror::Mismatch;
use propylon_mcp::{Era, Peek, Revision, RpcId, SessionFingerprint, SessionId, media, peek, task};

use crate::http1::field::Field;
use crate::http1::head::RequestHead;
use crate::streams::StreamKind;

/// What the phases after this one, the log and the errors know of a request.
///
/// Owned, so that an open stream does not keep its request in memory; never holds a value of a
/// parameter.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) era: Option<Era>,
    /// The revision, if it is one that was published.
    pub(crate) revision: Option<Revision>,
    pub(crate) session: Option<SessionFingerprint>,
    /// Whether the request is for a stream that stays open: a GET of one, or `subscriptions/listen`.
    /// A call that may be answered with a stream is a call.
    pub(crate) wants_stream: bool,
    pub(crate) rpc: RpcFacts,
    /// How headers and body disagree, where they must not.
    pub(crate) mismatch: Option<Mismatch>,
}

/// What the peek found in the body.
#[derive(Debug, Default)]
pub(crate) struct RpcFacts {
    /// The JSON-RPC id, as JSON.
    pub(crate) id: Option<Box<str>>,
    pub(crate) method: Option<Box<str>>,
    /// The tool, prompt or resource. A task's id is a secret, and is in `tasks` instead.
    pub(crate) name: Option<Box<str>>,
    /// The tasks it is about.
    pub(crate) tasks: Vec<SessionFingerprint>,
    /// The names of the arguments, joined by commas.
    pub(crate) param_keys: Option<Box<str>>,
}

const LISTEN: &str = "subscriptions/listen";

/// Longer names are cut.
const NAME_BYTES_MAX: usize = 256;

impl Facts {
    /// What the head alone says.
    pub(crate) fn of_head(request: &RequestHead) -> Self {
        let head = request.head();
        let first = |field| request.lines.first(head, field);
        let version = first(Field::McpProtocolVersion);
        let era = Era::of_version_header(version);
        let session = first(Field::McpSessionId)
            .filter(|_| era == Era::Legacy)
            .and_then(SessionId::parse);
        let accepts_stream = request
            .lines
            .all(head, Field::Accept)
            .any(media::accepts_event_stream);
        // Earlier revisions do not hold this header to the body, so there it counts for nothing.
        let listens = era == Era::Modern && first(Field::McpMethod) == Some(LISTEN.as_bytes());
        Self {
            era: Some(era),
            revision: version.and_then(Revision::parse),
            session: session.map(|session| session.fingerprint()),
            wants_stream: listens || request.method() == "GET" && accepts_stream,
            rpc: RpcFacts::default(),
            mismatch: None,
        }
    }

    /// What the beginning of the body adds. Its version counts where no header names one: in `_meta`, or proposed by an
    /// `initialize`, which belongs to the legacy era whatever it proposes.
    pub(crate) fn see(&mut self, peek: &Peek<'_>, prefix: &[u8], is_version_told: bool) {
        self.rpc = RpcFacts::of_peek(peek, prefix);
        let Some(version) = peek
            .protocol_version
            .as_deref()
            .filter(|_| !is_version_told)
        else {
            return;
        };
        self.revision = Revision::parse(version.as_bytes());
        let is_handshake = peek.method.as_deref() == Some("initialize");
        if !is_handshake && Era::of_version_header(Some(version.as_bytes())) == Era::Modern {
            (self.era, self.session) = (Some(Era::Modern), None);
        }
    }
}

impl Facts {
    /// What an event stream that answers the request is for.
    pub(crate) fn stream_kind(&self, method: &str) -> StreamKind {
        let is_modern = self.era == Some(Era::Modern);
        let listens = || is_modern && self.rpc.method.as_deref() == Some(LISTEN);
        match method {
            "GET" => StreamKind::Get,
            _ if self.wants_stream || listens() => StreamKind::Listen,
            _ => StreamKind::Call,
        }
    }
}

impl RpcFacts {
    /// What the beginning of the body says.
    pub(crate) fn of_body(prefix: &[u8]) -> Self {
        if prefix.is_empty() {
            return Self::default();
        }
        Self::of_peek(&peek(prefix), prefix)
    }

    fn of_peek(peek: &Peek<'_>, prefix: &[u8]) -> Self {
        let keys: Vec<_> = peek.param_keys.iter().collect();
        let tasks = tasks_of(peek, prefix);
        let method = peek.method.as_deref();
        let name = peek
            .name
            .as_deref()
            .filter(|_| !method.is_some_and(is_about_task));
        Self {
            tasks,
            id: peek.id.map(|id| id.as_json().into()),
            method: method.map(|method| bounded(method).into()),
            name: name.map(|name| bounded(without_query(name)).into()),
            param_keys: (!keys.is_empty()).then(|| keys.join(",").into()),
        }
    }

    /// The id in the form that an error body takes.
    pub(crate) fn rpc_id(&self) -> Option<RpcId<'_>> {
        self.id.as_deref().and_then(RpcId::from_json)
    }
}

fn is_about_task(method: &str) -> bool {
    method.starts_with("tasks/")
}

/// The tasks a request is about: the one it names, or those it listens to.
fn tasks_of(peek: &Peek<'_>, message: &[u8]) -> Vec<SessionFingerprint> {
    match peek.method.as_deref() {
        Some(method) if is_about_task(method) => {
            let named = peek.name.as_deref();
            named.map(SessionFingerprint::of_task).into_iter().collect()
        }
        Some("subscriptions/listen") => task::listened_to(message),
        _ => Vec::new(),
    }
}

/// The beginning of a name that is longer than a log has room for.
pub(crate) fn bounded(name: &str) -> &str {
    name.get(..name.floor_char_boundary(NAME_BYTES_MAX))
        .unwrap_or_default()
}

/// A resource's URI may carry a token behind its question mark.
fn without_query(name: &str) -> &str {
    name.split(['?', '#']).next().unwrap_or_default()
}

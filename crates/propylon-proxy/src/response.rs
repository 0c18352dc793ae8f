//! From the upstream's head to the client's: what the answer is, and what both connections are good for after it.

use std::sync::Arc;
use std::time::Duration;

use propylon_mcp::cacheable::Scope;

use crate::affinity::Renewed;
use crate::backends;
use crate::cache::Use;
use crate::error::ProxyError;
use crate::http1::field::Field;
use crate::http1::framing::{self, Framing};
use crate::http1::head::{RequestHead, ResponseHead, Version};
use crate::phase::alias::{self, Alias};
use crate::phase::answer::{self, ClientSide, Encoding};
use crate::phase::cache;
use crate::phase::classify::Facts;
use crate::phase::diagnose::{Seen, Suspicion};
use crate::phase::endpoint_event::Outside;
use crate::phase::forwarded::Client;
use crate::phase::location::{self, Sides};
use crate::phase::origin::Shown;
use crate::phase::place::Answered;
use crate::phase::route::{Routed, Wanted};
use crate::reason::Reason;
use crate::relay::event_stream::{EventStream, LastWord};
use crate::relay::exchange::{Answer, Received};
use crate::relay::http_sse::Awaited;
use crate::streams::StreamKind;
use crate::upstream::instance::Instance;
use crate::upstream::pool;

/// What the answer answers.
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a RequestHead,
    /// What it is for, if it is an event stream.
    pub(crate) kind: StreamKind,
    pub(crate) facts: &'a Facts,
    pub(crate) who: &'a Client,
    pub(crate) wanted: Wanted<'a>,
    pub(crate) routed: &'a Routed,
    pub(crate) instance: &'a Arc<Instance>,
    pub(crate) keep_alive: bool,
    pub(crate) request_id: &'a str,
    pub(crate) hsts: Option<Duration>,
    pub(crate) shown: Option<&'a Shown>,
    pub(crate) alias: Option<&'a Alias>,
    /// What the cache had for the request.
    pub(crate) cache: Option<Use>,
    /// The session it belongs to, where that was begun anew.
    pub(crate) renewed: Option<&'a Renewed>,
}

/// An answer ready to be sent.
pub(crate) struct Prepared {
    pub(crate) status: u16,
    pub(crate) answer: Answer,
    pub(crate) connection: ConnectionUse,
    /// For whom it may be kept, at most.
    pub(crate) widest: Option<Scope>,
    /// What it may give away about the way there.
    pub(crate) suspicion: Suspicion,
    /// The `Mcp-Session-Id` of the answer.
    minted: Option<Box<[u8]>>,
}

/// What the two connections are good for once the answer is whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionUse {
    pub(crate) client_reusable: bool,
    pub(crate) upstream_reusable: bool,
    pub(crate) upstream_keep_alive: Option<Duration>,
}

/// Reads the upstream's head and writes the client's.
pub(crate) fn prepare(received: Received, asked: &Asked<'_>) -> Result<Prepared, ProxyError> {
    let Received { mut bytes, head } = received;
    let behind = bytes.split_off(head.len);
    let to_head = asked.request.method() == "HEAD";
    let invalid = |what| ProxyError::found(Reason::UpstreamResponseInvalid, what);
    let framing = framing::of_response(&bytes, &head, to_head).map_err(invalid)?;
    let encoding = Encoding::of(framing, asked.request.version);
    let stream = answer::is_event_stream(&bytes, &head) && framing != Framing::Empty;
    let stream = stream.then(|| event_stream(&bytes, &head, encoding, asked));
    let minted = head.lines.first(&bytes, Field::McpSessionId);
    let upstream = &asked.routed.route.upstream;
    let session = minted.map(|id| alias::shown(upstream, asked.instance, asked.alias, id));
    let session = session.transpose()?.flatten();
    let sides = sides(asked);
    let location = backends::redirect(&bytes, &head, asked, &sides)?;
    let side = ClientSide {
        location: location.as_deref(),
        session: session.as_deref(),
        version: asked.request.version,
        keep_alive: asked.keep_alive,
        hsts: asked.hsts,
        shown: asked.shown,
        cache: asked.cache.map(Use::name),
    };
    let mut out = Vec::with_capacity(bytes.len() + 128);
    learn_slash(&bytes, &head, asked, &sides);
    answer::write(
        &bytes,
        &head,
        encoding,
        side,
        &sides,
        asked.request_id,
        &mut out,
    );
    let suspicion = suspicion((&bytes, &head, framing), asked, &sides);
    let keep_alive = head.lines.first(&bytes, Field::KeepAlive);
    Ok(Prepared {
        status: head.status,
        widest: asked.cache.and_then(|_| cache::may_keep(&bytes, &head)),
        suspicion,
        connection: ConnectionUse {
            client_reusable: asked.keep_alive && encoding != Encoding::UntilClose,
            upstream_reusable: is_kept(&bytes, &head, framing),
            upstream_keep_alive: keep_alive.and_then(pool::keep_alive_timeout),
        },
        answer: Answer {
            head: out,
            behind,
            framing,
            encoding,
            stream,
        },
        minted: minted.map(Into::into),
    })
}

/// What the answer may give away about the way to the server.
fn suspicion(
    (head, response, framing): (&[u8], &ResponseHead, Framing),
    asked: &Asked<'_>,
    sides: &Sides<'_>,
) -> Suspicion {
    Suspicion::of(&Seen {
        request: asked.request,
        facts: asked.facts,
        target: &asked.routed.target,
        head,
        response,
        framing,
        sides,
    })
}

/// Whether the upstream's connection carries another exchange after this answer.
fn is_kept(bytes: &[u8], head: &ResponseHead, framing: Framing) -> bool {
    let lists = |token| head.lines.lists(bytes, Field::Connection, token);
    let kept = match head.version {
        Version::Http11 | Version::Http2 => !lists("close"),
        // HTTP/1.0 knows no chunks: whoever sends them cannot say where its message ends.
        Version::Http10 => lists("keep-alive") && framing != Framing::Chunked,
    };
    kept && framing != Framing::UntilClose && !framing::is_contradicted(bytes, head, framing)
}
/// What the client of a session that was begun anew is told.
const TOOLS_CHANGED: &[u8] = b"event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n";

/// What is to be known of an event stream. One of a known length has no room for a comment.
fn event_stream(
    bytes: &[u8],
    head: &ResponseHead,
    encoding: Encoding,
    asked: &Asked<'_>,
) -> EventStream {
    let coding = head.lines.first(bytes, Field::ContentEncoding);
    if coding.is_some_and(|coding| !coding.eq_ignore_ascii_case(b"identity")) {
        return EventStream::coded();
    }
    let upstream = &asked.routed.route.upstream.config;
    let keepalive = upstream.keepalive.filter(|_| encoding != Encoding::Plain);
    let (request, status) = (asked.request, head.status);
    let last_word = match (asked.kind, asked.facts.rpc.id.as_deref()) {
        (StreamKind::Call, _) => LastWord::Owed,
        // It can only end at the length that was announced.
        _ if encoding == Encoding::Plain => LastWord::Owed,
        (StreamKind::Listen, Some(id)) => LastWord::Result(id.into()),
        (StreamKind::Get | StreamKind::Listen, _) => LastWord::Nothing,
    };
    let mut stream = EventStream::plain(keepalive, last_word);
    if let Some(renewed) = asked
        .renewed
        .filter(|_| status == 200 && encoding != Encoding::Plain)
        && renewed.begin_stream()
    {
        stream = stream.begins_with(TOOLS_CHANGED);
    }
    // Its first event may be longer from outside, and then its length is not the announced one.
    let may_announce = request.method() == "GET"
        && status == 200
        && encoding != Encoding::Plain
        && !request.lines.has(Field::McpSessionId);
    if !may_announce {
        return stream;
    }
    let wanted = asked.wanted;
    let outside = Outside {
        route: &asked.routed.route,
        scheme: asked.who.scheme(request),
        host: asked.who.host(request, wanted.authority),
        asked: &format!("{}{}", wanted.path, wanted.query),
        target: &asked.routed.target,
    };
    let (route, instance) = (&asked.routed.route, asked.instance);
    stream.awaits(Awaited::new(
        &outside,
        Arc::clone(route),
        Arc::clone(instance),
    ))
}

/// The two sides of the exchange, of which a redirect may name the wrong one.
pub(crate) fn sides<'a>(asked: &'a Asked<'_>) -> Sides<'a> {
    let Asked {
        request,
        who,
        wanted,
        ..
    } = asked;
    Sides {
        route: &asked.routed.route,
        inside: [&asked.instance.name, wanted.authority],
        scheme: who.scheme(request),
        host: who.host(request, wanted.authority),
    }
}

/// A server that redirects its endpoint to the same with a slash is asked with the slash from now on.
fn learn_slash(bytes: &[u8], head: &ResponseHead, asked: &Asked<'_>, sides: &Sides<'_>) {
    let upstream = &asked.routed.route.upstream;
    let location = head
        .lines
        .first(bytes, Field::Location)
        .and_then(|value| std::str::from_utf8(value).ok());
    if let Some(path) = location.and_then(|value| location::inside_path(value, sides))
        && (300..400).contains(&head.status)
        && asked.routed.target.split('?').next() == Some(&upstream.endpoint())
    {
        upstream.learn_slash(path);
    }
}

impl Prepared {
    /// What affinity learns from.
    pub(crate) fn answered<'p>(&'p self, request: &'p RequestHead) -> Answered<'p> {
        Answered {
            method: request.method(),
            status: self.status,
            minted: self.minted.as_deref(),
        }
    }
}

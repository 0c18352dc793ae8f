//! The shared cache at work: a request is answered from it, waits for an equal one, or brings what others are given.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use propylon_mcp::cacheable::{Cacheable, Change, NOTIFICATION, Scope};
use tokio::sync::watch;

use crate::cache::{Fetch, Found, Mode, Stored, Use};
use crate::client::connection::{After, ClientConnection, Transport};
use crate::client::own_answer;
use crate::error::ProxyError;
use crate::http1::head::RequestHead;
use crate::phase::cache::{self, Plan};
use crate::phase::route::{Routed, Wanted};
use crate::pipeline::Context;
use crate::reason::Reason;
use crate::record::Record;
use crate::relay::body::Body;
use crate::relay::watch::Watch;
use crate::response::Prepared;
use crate::upstream::Upstream;
use crate::worker::Stage;

/// What the cache has for a request.
#[derive(Debug)]
pub(crate) enum Cached {
    /// Nothing; where there is a fetch, its answer is for others too.
    Not(Option<Box<Fetch>>),
    /// Its answer, which has been given.
    Answered(After),
}

/// Answers a request with what is kept, or with what an equal one that is under way brings.
pub(crate) async fn answer<S: Transport>(
    context: &Context<'_>,
    client: &mut ClientConnection<S>,
    (request, body): (&RequestHead, &Body),
    (wanted, routed): (Wanted<'_>, &Routed),
    record: &mut Record,
) -> Result<Cached, ProxyError> {
    let upstream = &routed.route.upstream;
    let (Some(cache), Some(bounds)) = (upstream.cache(), upstream.config.cache) else {
        return Ok(Cached::Not(None));
    };
    let revision = record
        .facts
        .revision
        .map_or("", |revision| revision.as_str());
    let at = [
        revision,
        &routed.route.metrics.name,
        &routed.target,
        context.who.scheme(request),
        context.who.host(request, wanted.authority),
        wanted.authority,
    ];
    let at = at.map(str::as_bytes);
    let identity = context
        .who
        .identity
        .as_ref()
        .map(|identity| identity.forwarded());
    let given = (&at[..], identity.as_deref());
    let (keys, mut mode) = match cache::plan(cache.secret(), request, &record.facts, body, given) {
        Plan::None => return Ok(Cached::Not(None)),
        Plan::Bypass => {
            record.used(cache, Use::Bypass);
            return Ok(Cached::Not(None));
        }
        Plan::Ask(keys, mode) => (keys, mode),
    };
    let gives_up = Instant::now() + bounds.wait;
    let mut has_waited = false;
    loop {
        let now = Instant::now();
        if has_waited && now >= gives_up {
            mode = Mode::Alone;
        }
        match cache.ask(&keys, mode, now, bounds) {
            Found::Hit(stored, age) => {
                let used = if has_waited { Use::Coalesced } else { Use::Hit };
                record.used(cache, used);
                let after = give(client, (&stored, age), record, context.keep_alive).await;
                return Ok(Cached::Answered(after));
            }
            Found::Fetch(fetch) => {
                record.used(cache, Use::Miss);
                return Ok(Cached::Not(Some(fetch)));
            }
            Found::Wait(over, until) => {
                has_waited = true;
                wait(context, client, over, until.min(gives_up)).await?;
            }
        }
    }
}

/// Waits until a flight is over, or no longer worth waiting for; unless the client leaves.
async fn wait<S: Transport>(
    context: &Context<'_>,
    client: &mut ClientConnection<S>,
    mut flight: watch::Receiver<()>,
    until: Instant,
) -> Result<(), ProxyError> {
    let Context { worker, tables, .. } = context;
    let mut over = pin!(flight.changed());
    poll_fn(|cx| {
        if over.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        client.poll_gone(worker, cx, &tables.limits)?;
        if worker.stage() == Stage::Ending {
            return Poll::Ready(Err(Reason::Draining.into()));
        }
        client.deadline.poll(cx, until).map(Ok)
    })
    .await
}

async fn give<S: Transport>(
    client: &mut ClientConnection<S>,
    (stored, age): (&Stored, Duration),
    record: &mut Record,
    keep_alive: bool,
) -> After {
    let id = record.facts.rpc.id.as_deref().unwrap_or("null");
    let body = stored.response(id, age);
    let used = record.cache.map_or("", Use::name);
    let lines = format!(
        "Content-Type: application/json\r\nAge: {}\r\nPropylon-Cache: {used}\r\n",
        age.as_secs()
    );
    record.tally.response_bytes = body.len() as u64;
    record.own_answer(200);
    own_answer::say(client, (200, &lines, body.as_bytes()), record, keep_alive).await
}

/// Those who learn from an answer as it passes: the fetch that it is for, and the cache, of changes it tells of.
pub(crate) fn watches(
    fetch: &Cell<Option<Box<Fetch>>>,
    upstream: &Arc<Upstream>,
    id: Option<&str>,
    prepared: &Prepared,
) -> [Option<Watch>; 2] {
    let is_stream = prepared.answer.stream.is_some();
    let kept = fetch.take().filter(|_| prepared.status == 200);
    let kept = kept.and_then(|fetch| keep(fetch, id?.into(), prepared.widest, is_stream));
    let cache = upstream.cache().filter(|_| is_stream).map(Arc::clone);
    let told = cache.map(|cache| {
        let hear = move |message: &[u8]| {
            if let Some(change) = Change::told_by(message) {
                cache.tell(&change);
            }
        };
        Watch::new(NOTIFICATION, true, NOTIFICATION_BYTES_MAX, hear)
    });
    [kept, told]
}

/// A notification that tells of a change is short: a method and a URI.
const NOTIFICATION_BYTES_MAX: u64 = 64 * 1024;

fn keep(
    mut fetch: Box<Fetch>,
    id: Box<str>,
    widest: Option<Scope>,
    is_stream: bool,
) -> Option<Watch> {
    fetch.answer_begins(Instant::now());
    let widest = widest?;
    let bytes_max = fetch.message_bytes_max();
    let hear = move |message: &[u8]| {
        if let Some(answer) = Cacheable::of(message, &id) {
            fetch.keep(&answer, widest, Instant::now());
        }
    };
    Some(Watch::new(b"\"result\"", is_stream, bytes_max, hear))
}

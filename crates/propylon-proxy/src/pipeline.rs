//! A request's life, top to bottom: classify → route → guard → affinity → dial → forward → relay → record.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use crate::cache::Fetch;
use crate::cached::{self, Cached};
use crate::client::connection::{After, ClientConnection, Transport};
use crate::client::own_answer;
use crate::conversation::{Conversation, Held};
use crate::error::ProxyError;
use crate::http1::head::RequestHead;
use crate::look;
use crate::outgoing::Outgoing;
use crate::phase::bond::Bond;
use crate::phase::classify::Facts;
use crate::phase::forwarded::Client;
use crate::phase::guard::{self, Gate};
use crate::phase::messages;
use crate::phase::origin::{self, Preflight};
use crate::phase::route::{Routed, Wanted};
use crate::reason::Reason;
use crate::record::Record;
use crate::relay::body::Body;
use crate::renew;
use crate::tables::Tables;
use crate::worker::{Stage, Worker};

/// How often a request is sent that no server has looked at: each of them has said so.
const ATTEMPTS_MAX: u32 = 3;

/// What every phase may look at.
pub(crate) struct Context<'a> {
    pub(crate) worker: &'a Rc<Worker>,
    pub(crate) tables: &'a Tables,
    pub(crate) who: Client,
    /// Whether the client's connection may carry another request.
    pub(crate) keep_alive: bool,
}

/// Takes one request through its whole life, and says what becomes of the connection.
pub(crate) async fn exchange<S: Transport>(
    worker: &Rc<Worker>,
    client: &mut ClientConnection<S>,
    request: RequestHead,
) -> After {
    let tables = &worker.tables();
    let who = Client::of(&request, &client.ends, &tables.trusted_proxies);
    let keep_alive = request.wants_keep_alive() && worker.stage() == Stage::Serving;
    let context = Context {
        worker,
        tables,
        who,
        keep_alive,
    };
    let mut record = Record::begin(worker, &context.who, &request);
    // What the listener answers by itself, whatever the routes say.
    let own = own_answer::for_listener(&context, client, &request, &mut record).await;
    let outcome = match own {
        Ok(None) => run(&context, client, request, &mut record).await,
        Ok(Some(after)) => Ok(after),
        Err(error) => Err(error),
    };
    let after = match outcome {
        Ok(after) => after,
        Err(error) => own_answer::fail(client, &error, &mut record, keep_alive).await,
    };
    record.finish(worker);
    after
}

async fn run<S: Transport>(
    context: &Context<'_>,
    client: &mut ClientConnection<S>,
    mut request: RequestHead,
    record: &mut Record,
) -> Result<After, ProxyError> {
    let (tables, who) = (context.tables, &context.who);

    // Classify: what the request is, in MCP's terms.
    record.facts = Facts::of_head(&request);
    let mut body = Body::of(&mut request, &mut client.unread)?;
    record.is_request_read = body.inbound.is_done();
    let wanted = Wanted::of(&request)?;

    // Route: the upstream, and the path there.
    let Some(routed) = tables.find(wanted) else {
        return own_answer::no_route(context, client, wanted, &body, record).await;
    };
    let upstream = &routed.route.upstream;
    record.routed(&routed);

    // Guard: what is refused, or answered, before anything is dialled.
    let is_local = || who.peer.ip().is_loopback() && tables.is_loopback_only(who.local);
    record.shown = origin::admit(&request, wanted, who, &routed.route, is_local)?;
    if let Some(preflight) = Preflight::of(&request, &mut record.shown, &routed.route) {
        return Ok(own_answer::allow(client, &preflight, record, context.keep_alive).await);
    }
    let gate = Gate::of(context, upstream);
    guard::admit(request.method(), body.known_bytes(), &record.facts, &gate)?;

    // Classify, the rest: a bounded peek at the body, unless its client waits to be asked for it.
    look::inside(context, client, &request, &mut body, upstream, record).await?;

    // Cache: an answer that others were given already, or are about to be.
    let asked = (&request, &body);
    match cached::answer(context, client, asked, (wanted, &routed), record).await? {
        Cached::Answered(after) => Ok(after),
        Cached::Not(fetch) => {
            let asked = Box::new((request, body));
            send_on(context, client, asked, (routed, fetch), record).await
        }
    }
}

/// The second half: what could not be answered here is sent on. The request is boxed, since each future that is given it
/// would keep room for it, twice, for as long as the answer streams.
async fn send_on<S: Transport>(
    context: &Context<'_>,
    client: &mut ClientConnection<S>,
    asked: Box<(RequestHead, Body)>,
    (mut routed, fetch): (Routed, Option<Box<Fetch>>),
    record: &mut Record,
) -> Result<After, ProxyError> {
    let (request, body) = &*asked;
    let wanted = Wanted::of(request)?;
    let upstream = &routed.route.upstream;

    // Affinity: the instance the request belongs to.
    let (route, target) = (&routed.route, &mut routed.target);
    messages::recognise(route, target, wanted, request, &mut record.facts)?;
    let bond = Bond::find(upstream, request, &record.facts, Instant::now())?;
    let kept = renew::to_keep(upstream, &record.facts, body);

    // Dial, forward, relay: again only where the server says that it did not look at the request.
    let wants_plain = routed.is_rewritten(wanted) || fetch.is_some();
    let mut talk_of = (bond, kept, fetch.into());
    let mut sent = asked;
    for _ in 0..ATTEMPTS_MAX {
        let (bond, kept, fetch) = talk_of;
        let (request, body) = &*sent;
        let outgoing = Outgoing {
            context,
            routed: &routed,
            request,
            wanted: Wanted::of(request)?,
            body,
            wants_plain,
        };
        let (bond, reached) = outgoing.send(bond, record).await?;
        record.reached(&reached);
        let talk = Conversation {
            context,
            routed: &routed,
            bond,
            kept,
            instance: Arc::clone(&reached.instance),
            fetch,
        };
        match talk.hold(client, sent, Box::new(reached), record).await? {
            Held::Over(after) => return Ok(after),
            Held::Untouched(asked) => sent = asked,
        }
        talk_of = (talk.bond, talk.kept, talk.fetch);
    }
    let refused = "the server refused the stream";
    Err(ProxyError::found(Reason::UpstreamUnreachable, refused))
}

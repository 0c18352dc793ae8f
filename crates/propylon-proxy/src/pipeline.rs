//! A request's life, top to bottom: classify → route → guard → affinity → dial → forward → relay → record.

use std::rc::Rc;
use std::time::Instant;

use crate::client::connection::{After, ClientConnection, Transport};
use crate::client::own_answer;
use crate::error::ProxyError;
use crate::http1::head::RequestHead;
use crate::phase::classify::{Facts, RpcFacts};
use crate::phase::forward::Forward;
use crate::phase::forwarded::Client;
use crate::phase::guard::{self, Gate};
use crate::phase::place::{self, Place};
use crate::phase::route::{Routed, Wanted};
use crate::reach::{Reached, reach};
use crate::reason::Reason;
use crate::record::Record;
use crate::relay::body::Body;
use crate::relay::exchange::{Exchange, Opening, Patience};
use crate::response::{self, Asked};
use crate::tables::Tables;
use crate::worker::{Stage, Worker};

/// What every phase may look at.
struct Context<'a> {
    worker: &'a Rc<Worker>,
    tables: &'a Tables,
    who: Client,
    keep_alive: bool,
}

/// Takes one request through its whole life, and says what becomes of the connection.
pub(crate) async fn exchange<S: Transport>(
    worker: &Rc<Worker>,
    client: &mut ClientConnection<S>,
    request: RequestHead,
) -> After {
    let tables = worker.tables();
    let who = Client::of(&request, client.peer, client.local, &tables.trusted_proxies);
    let keep_alive = request.wants_keep_alive() && worker.stage() == Stage::Serving;
    let context = Context {
        worker,
        tables: &tables,
        who,
        keep_alive,
    };
    let mut record = Record::begin(worker, who.address, &request);
    let outcome = run(&context, client, request, &mut record).await;
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
    let Context {
        worker,
        tables,
        who,
        ..
    } = context;

    // Classify: what the head says of the request, in MCP's terms.
    record.facts = Facts::of_head(&request);
    let mut body = Body::of(&mut request)?;
    let wanted = Wanted::of(&request)?;

    // Route: the upstream, and the path there.
    let Some(routed) = tables.routes.find(wanted) else {
        return no_route(context, client, wanted, body, record).await;
    };
    record.routed(&routed);

    // Guard: what is refused before anything is dialled.
    let gate = Gate {
        limits: &tables.limits,
        streams: &worker.shared.streams,
        client: who.address,
    };
    guard::admit(request.method(), body.framing(), &record.facts, &gate)?;

    // Classify, the rest: a bounded peek at the body, unless its client waits to be asked for it.
    if !request.expects_continue() {
        body.gather(worker, client, tables).await?;
        record.facts.rpc = RpcFacts::of_body(body.beginning());
    }

    // Affinity: the instance the request belongs to.
    let upstream = &routed.route.upstream;
    let place = place::find(upstream, &record.facts, Instant::now());

    // Dial and forward: the request's first bytes leave.
    body.begin(&mut client.unread, tables)?;
    let minted = record.minted_request_id();
    let target = &routed.target;
    let forward = Forward {
        request: &request,
        client: who,
        wanted,
        target,
        body: body.framing(),
        request_id: minted,
    };
    let reached = reach(worker, upstream, &place, |instance, out| {
        forward.write(upstream, instance, out);
        body.write(out);
    })
    .await
    .inspect_err(|error| {
        if let (Place::Held(instance), Reason::SessionLost) = (&place, error.reason) {
            place::lose(upstream, &record.facts, instance);
        }
    })?;
    record.reached(&reached);

    // Relay: the rest of the request and the answer, both ways at once.
    converse(
        context,
        client,
        request,
        body,
        (&routed, place),
        reached,
        record,
    )
    .await
}

async fn converse<S: Transport>(
    context: &Context<'_>,
    client: &mut ClientConnection<S>,
    request: RequestHead,
    body: Body,
    (routed, place): (&Routed, Place),
    reached: Reached,
    record: &mut Record,
) -> Result<After, ProxyError> {
    let Context {
        worker,
        tables,
        who,
        keep_alive,
    } = context;
    let upstream = &routed.route.upstream;
    let Reached {
        mut connection,
        instance,
        in_flight: _in_flight,
        unsent,
        ..
    } = reached;
    let patience = Patience {
        client: tables.timeouts,
        upstream: upstream.config.timeouts,
    };
    let opening = Opening {
        limits: &tables.limits,
        patience,
        version: request.version,
        body,
        unsent,
        started: record.started,
    };
    let mut exchange = Exchange::new(worker, client, &mut connection.io, opening);

    let received = exchange.receive_head().await;
    record.tally = exchange.tally;
    let asked = Asked {
        request: &request,
        who,
        routed,
        instance: &instance,
        keep_alive: *keep_alive,
        request_id: record.request_id(),
    };
    let prepared = response::prepare(received?, &asked)?;
    place::learn(
        upstream,
        &record.facts,
        &place,
        &instance,
        &prepared.answered(&request),
        Instant::now(),
    );
    record.answered(worker, &prepared);
    let prepared_for = prepared.connection;
    drop(request);

    let relayed = exchange.relay(prepared.answer).await;
    record.tally = exchange.tally;
    let (uploaded, ended_early) = (exchange.is_uploaded(), exchange.tally.surplus);
    relayed?;
    if prepared_for.upstream_reusable
        && uploaded
        && !ended_early
        && worker.stage() == Stage::Serving
    {
        connection.keep_alive = prepared_for.upstream_keep_alive;
        worker
            .pool()
            .give(&instance, connection, upstream.config.pool, Instant::now());
    }
    Ok(if prepared_for.client_reusable && uploaded {
        After::KeepAlive
    } else {
        After::Close
    })
}

/// A path that no route serves is the listener's own health path, or nothing.
async fn no_route<S: Transport>(
    context: &Context<'_>,
    client: &mut ClientConnection<S>,
    wanted: Wanted<'_>,
    mut body: Body,
    record: &mut Record,
) -> Result<After, ProxyError> {
    if !context.tables.is_health_path(client.local, wanted.path) || !body.is_empty() {
        return Err(Reason::RouteUnknown.into());
    }
    body.begin(&mut client.unread, context.tables)?;
    let ready = context.worker.stage() == Stage::Serving;
    record.own_answer(if ready { 200 } else { 503 });
    let answer = own_answer::health_answer(ready, record.request_id(), !context.keep_alive);
    Ok(own_answer::send(client, &answer, context.keep_alive).await)
}

//! From the first bytes sent to the last byte relayed: the answer is read, learned from, and sent on.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use crate::cache::Fetch;
use crate::cached;
use crate::client::connection::{After, ClientConnection, Transport};
use crate::diagnosed;
use crate::error::ProxyError;
use crate::http1::field::Field;
use crate::http1::head::{RequestHead, Version};
use crate::lost;
use crate::metadata;
use crate::mirrored;
use crate::phase::bond::Bond;
use crate::phase::classify::{Facts, RpcFacts};
use crate::phase::place;
use crate::phase::route::{Routed, Wanted};
use crate::pipeline::Context;
use crate::reach::Reached;
use crate::reason::Reason;
use crate::record::Record;
use crate::relay::body::Body;
use crate::relay::exchange::{Exchange, Opening, Patience, Received};
use crate::relay::watch::Watch;
use crate::renew;
use crate::response::{self, Asked, ConnectionUse, Prepared};
use crate::streams::{OpenStream, StreamKind};
use crate::upstream::connection::Connection;
use crate::upstream::instance::Instance;
use crate::upstream::link::Link;
use crate::worker::Stage;

/// An exchange whose request has begun to leave.
pub(crate) struct Conversation<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) routed: &'a Routed,
    pub(crate) bond: Bond,
    /// The request itself, where it is part of a handshake that is to be kept.
    pub(crate) kept: Option<Box<[u8]>>,
    pub(crate) instance: Arc<Instance>,
    /// What its answer is for, where others may be given it.
    pub(crate) fetch: Cell<Option<Box<Fetch>>>,
}

/// What came of holding it.
pub(crate) enum Held {
    /// It is over, and this becomes of the client's connection.
    Over(After),
    /// The server has said that it did not look at the request, which is given back whole.
    Untouched(Box<(RequestHead, Body)>),
}

impl Conversation<'_> {
    /// Holds the conversation to its end.
    pub(crate) async fn hold<S: Transport>(
        &self,
        client: &mut ClientConnection<S>,
        asked: Box<(RequestHead, Body)>,
        reached: Box<Reached>,
        record: &mut Record,
    ) -> Result<Held, ProxyError> {
        let Context { worker, tables, .. } = self.context;
        let (request, body) = *asked;
        let Reached {
            mut connection,
            unsent,
            in_flight: _counted,
            ..
        } = *reached;
        let upstream = self.routed.route.upstream.config.timeouts;
        let link_version = connection.io.version();
        // Only HTTP/2 has words for a request that was not looked at.
        let again = match link_version {
            Version::Http2 => body.again(),
            _ => None,
        };
        let opening = Opening {
            limits: &tables.limits,
            patience: Patience {
                client: tables.timeouts,
                upstream,
            },
            version: request.version,
            link_version,
            body,
            unsent,
            started: record.started,
        };
        let mut exchange = Exchange::new(worker, client, &mut connection.io, opening);
        let relayed = match exchange.receive_head().await {
            Ok(received) => self.relay(&mut exchange, received, request, record).await,
            Err(error) => match again.filter(|_| exchange.is_refused()) {
                Some(body) => return Ok(Held::Untouched(Box::new((request, body)))),
                None => Err(error),
            },
        };
        record.tally = exchange.tally;
        if let Some(beginning) = exchange.captured() {
            record.facts.rpc = RpcFacts::of_body(beginning);
        }
        let uploaded = exchange.is_uploaded();
        record.is_request_read = exchange.is_request_read();
        let good_for = relayed?;
        if good_for.upstream_reusable && uploaded && !record.tally.surplus {
            self.keep(connection, good_for);
        }
        Ok(Held::Over(if good_for.client_reusable && uploaded {
            After::KeepAlive
        } else {
            After::Close
        }))
    }

    async fn relay<S: Transport>(
        &self,
        exchange: &mut Exchange<'_, S>,
        mut received: Received,
        request: RequestHead,
        record: &mut Record,
    ) -> Result<ConnectionUse, ProxyError> {
        let (instance, upstream) = (&self.instance, &self.routed.route.upstream);
        received = lost::judge(exchange, received, upstream, &self.bond, record).await?;
        let kind = record.facts.stream_kind(request.method());
        let asked = Asked {
            request: &request,
            kind,
            facts: &record.facts,
            wanted: Wanted::of(&request)?,
            who: &self.context.who,
            routed: self.routed,
            instance,
            // What is still to come of the request may never come, and a drain may have begun.
            keep_alive: self.context.keep_alive
                && exchange.is_uploaded()
                && self.context.worker.stage() == Stage::Serving,
            request_id: record.request_id(),
            hsts: record.hsts,
            shown: record.shown.as_ref(),
            alias: self.bond.alias.as_ref(),
            cache: record.cache,
            renewed: self.bond.renewed.as_deref(),
        };
        if self.routed.is_rewritten(asked.wanted) {
            received = metadata::rewrite(exchange, received, &asked).await?;
        }
        let mut prepared = response::prepare(received, &asked)?;
        let answered = prepared.answered(&request);
        place::learn(
            upstream,
            &record.facts,
            &self.bond,
            instance,
            &answered,
            Instant::now(),
        );
        if let Some(message) = self.kept.clone() {
            renew::keep(upstream, &self.bond, message, &answered);
        }
        if answered.status == 200 {
            let watch = self.watch(&record.facts, &request, &prepared);
            exchange.watches.extend(watch.map(|watch| *watch));
        }
        let id = record.facts.rpc.id.as_deref();
        let watches = cached::watches(&self.fetch, upstream, id, &prepared);
        exchange.watches.extend(watches.into_iter().flatten());
        let suspicion = std::mem::take(&mut prepared.suspicion);
        let watch = diagnosed::observe(suspicion, prepared.status, upstream, record);
        exchange.watches.extend(watch);
        let stream = self.open_stream(&prepared, kind)?;
        record.answered(&prepared, stream);
        // A stream may last for hours: nothing of its request is kept that is not needed.
        drop(request);
        exchange.relay(prepared.answer).await?;
        Ok(prepared.connection)
    }

    /// Who learns from the answer as it passes.
    fn watch(
        &self,
        facts: &Facts,
        request: &RequestHead,
        prepared: &Prepared,
    ) -> Option<Box<Watch>> {
        let told = request.lines.first(request.head(), Field::McpMethod);
        let method = facts.rpc.method.as_deref().map(str::as_bytes).or(told)?;
        let upstream = &self.routed.route.upstream;
        let limits = &self.context.tables.limits;
        let is_stream = prepared.answer.stream.is_some();
        let tools_max = limits.annotated_tools;
        mirrored::learn_tools(upstream, facts, method, (is_stream, tools_max)).or_else(|| {
            place::learn_tasks(
                upstream,
                &self.instance,
                facts,
                method,
                limits.peek_bytes,
                is_stream,
            )
        })
    }

    /// Counts an event stream. One that stays open can still be refused without loss, however many
    /// were let through together; a call has run, and its client gets the answer.
    fn open_stream(
        &self,
        prepared: &Prepared,
        kind: StreamKind,
    ) -> Result<Option<OpenStream>, ProxyError> {
        if prepared.answer.stream.is_none() {
            return Ok(None);
        }
        let Context {
            worker,
            tables,
            who,
            ..
        } = self.context;
        let streams = &worker.shared.streams;
        let mut stream = streams
            .try_begin(kind, who.address, &tables.limits)
            .ok_or(Reason::StreamLimit)?;
        let backend = self.routed.route.upstream.backend.as_ref();
        if let Some(backend) = backend.filter(|_| kind.stays()) {
            stream.of_tenant = Some(backend.tenant.begin()?);
        }
        Ok(Some(stream))
    }

    /// Keeps the upstream's connection for the next exchange.
    fn keep(&self, mut connection: Connection, good_for: ConnectionUse) {
        let worker = self.context.worker;
        if let Link::Http2(stream) = connection.io {
            stream.settle();
        } else if worker.stage() == Stage::Serving {
            let pool = self.routed.route.upstream.config.pool;
            connection.keep_alive = good_for.upstream_keep_alive;
            worker
                .pool()
                .give(&self.instance, connection, pool, Instant::now());
        }
    }
}

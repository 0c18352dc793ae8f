//! What is remembered of an exchange, and said of it once at its end: a log line and the counters.

mod fields;
mod line;
mod request_id;

use std::borrow::Cow;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use propylon_net::tls::ClientIdentity;

use crate::cache::{Cache, Use};
use crate::diagnosed::Found;
use crate::error::ProxyError;
use crate::http1::field::Field;
use crate::http1::head::{RequestHead, Version};
use crate::phase::classify::{Facts, bounded};
use crate::phase::forwarded::Client;
use crate::phase::hsts;
use crate::phase::origin::Shown;
use crate::phase::place::Place;
use crate::phase::route::{Route, Routed};
use crate::phase::trace::Trace;
use crate::reach::Reached;
use crate::reason::Reason;
use crate::relay::exchange::Tally;
use crate::response::Prepared;
use crate::streams::OpenStream;
use crate::upstream::instance::Instance;
use crate::worker::Worker;
pub use fields::log_fields_markdown;
use line::Line;
pub(crate) use request_id::{RequestId, RequestIds};

/// One exchange as the log will tell it. Holds nothing a client or server said, but names.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) started: Instant,
    pub(crate) facts: Facts,
    pub(crate) tally: Tally,
    /// How long browsers are to use nothing but https.
    pub(crate) hsts: Option<Duration>,
    /// What every answer tells the browser of the page that asked.
    pub(crate) shown: Option<Shown>,
    /// Where it stands in its trace, if it names one.
    pub(crate) trace: Option<Trace>,
    /// What the cache had for it.
    pub(crate) cache: Option<Use>,
    /// What its answer gave away.
    pub(crate) sign: Option<Found>,
    /// Whether the whole request has been read: what comes next on the connection is the next one.
    pub(crate) is_request_read: bool,
    request_id: RequestId,
    client: IpAddr,
    identity: Option<Rc<ClientIdentity>>,
    method: Cow<'static, str>,
    version: Option<Version>,
    route: Option<Arc<Route>>,
    instance: Option<Arc<Instance>>,
    reused: bool,
    connect: Duration,
    sent_at: Option<Instant>,
    head_at: Option<Instant>,
    status: u16,
    /// Whether the client has been sent the beginning of the upstream's answer.
    is_answered: bool,
    is_stream: bool,
    failed: Option<(Reason, Option<String>)>,
    /// What was done for its session, which was lost.
    repair: Option<&'static str>,
    open_stream: Option<OpenStream>,
}

impl Record {
    /// Begins the record of a request.
    pub(crate) fn begin(worker: &Worker, client: &Client, request: &RequestHead) -> Self {
        let told = request.lines.first(request.head(), Field::XRequestId);
        let mut record = Self::blank(worker, client.address);
        record.identity = client.identity.clone();
        record.hsts = hsts::of(worker.tables().listener(client.asked));
        if let Some(kept) = told {
            record.request_id = RequestId::kept(kept, record.request_id);
        }
        if worker.tables().continues_traces {
            record.trace = Trace::of(request, || worker.mint_numbers());
        }
        record.version = Some(request.version);
        record.method = match request.method() {
            "POST" => "POST".into(),
            "GET" => "GET".into(),
            "DELETE" => "DELETE".into(),
            other => bounded(other).to_owned().into(),
        };
        record
    }

    /// Begins the record of something that never became a request.
    pub(crate) fn blank(worker: &Worker, client: IpAddr) -> Self {
        Self {
            started: Instant::now(),
            facts: Facts::default(),
            tally: Tally::default(),
            hsts: None,
            shown: None,
            trace: None,
            cache: None,
            sign: None,
            is_request_read: false,
            request_id: worker.mint_request_id(),
            client,
            identity: None,
            method: "".into(),
            version: None,
            route: None,
            instance: None,
            reused: false,
            connect: Duration::ZERO,
            sent_at: None,
            head_at: None,
            status: 0,
            is_answered: false,
            is_stream: false,
            failed: None,
            repair: None,
            open_stream: None,
        }
    }

    pub(crate) fn request_id(&self) -> &str {
        self.request_id.as_str()
    }

    /// Whether the request asked for a head alone.
    pub(crate) fn is_to_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// The id to add to the request, where the client sent none.
    pub(crate) fn minted_request_id(&self) -> Option<&str> {
        self.request_id
            .is_minted()
            .then(|| self.request_id.as_str())
    }

    pub(crate) fn routed(&mut self, routed: &Routed) {
        self.route = Some(Arc::clone(&routed.route));
    }

    /// Where the request belongs, which the log wants to know above all when it cannot get there.
    pub(crate) fn placed(&mut self, place: &Place) {
        self.instance = place.instance().map(Arc::clone);
    }

    /// The request has begun to leave.
    pub(crate) fn reached(&mut self, reached: &Reached) {
        self.instance = Some(Arc::clone(&reached.instance));
        self.reused = reached.connection.reused;
        self.connect = reached.connect;
        self.sent_at = Some(Instant::now());
    }

    /// The upstream's answer is about to be sent on.
    pub(crate) fn answered(&mut self, prepared: &Prepared, stream: Option<OpenStream>) {
        self.head_at = Some(Instant::now());
        self.status = prepared.status;
        self.is_answered = true;
        self.is_stream = stream.is_some();
        self.open_stream = stream;
    }

    /// Something was done for its session, which was lost.
    pub(crate) fn repaired(&mut self, how: &'static str) {
        self.repair = Some(how);
    }

    /// What was found where the exchange failed, in words without payload.
    pub(crate) fn detail(&self) -> Option<&str> {
        self.failed.as_ref()?.1.as_deref()
    }

    /// What the cache had for the request.
    pub(crate) fn used(&mut self, cache: &Cache, used: Use) {
        cache.count(used);
        self.cache = Some(used);
    }

    /// The proxy answers by itself.
    pub(crate) fn own_answer(&mut self, status: u16) {
        self.status = status;
    }

    /// The exchange failed. True where the client can still be told.
    pub(crate) fn fail(&mut self, error: &ProxyError) -> bool {
        self.failed = Some((error.reason, error.detail()));
        if !self.is_answered {
            self.status = error.reason.explain().status;
        }
        !self.is_answered
    }

    /// Says it all: one line, a handful of counters.
    pub(crate) fn finish(self, worker: &Worker) {
        let total = self.started.elapsed();
        if let Some((reason, _)) = &self.failed {
            worker.shared.metrics.refuse(*reason);
        }
        if let Some(route) = &self.route {
            let metrics = &route.metrics;
            metrics.count(self.status);
            metrics.total.observe(total);
            metrics
                .request_bytes
                .fetch_add(self.tally.request_bytes, Ordering::Relaxed);
            metrics
                .response_bytes
                .fetch_add(self.tally.response_bytes, Ordering::Relaxed);
            if let Some((sent, head)) = self.sent_at.zip(self.head_at) {
                metrics.head.observe(head.saturating_duration_since(sent));
            }
            if let Some(stream) = &self.open_stream {
                stream
                    .kind
                    .of(&metrics.streams)
                    .fetch_add(1, Ordering::Relaxed);
                metrics
                    .events
                    .fetch_add(self.tally.events, Ordering::Relaxed);
            }
        }
        worker.log(|stamp, format, out| Line::of(&self, stamp, total).write(format, out));
    }
}

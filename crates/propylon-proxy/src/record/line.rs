//! The access log line: names, numbers and reasons, and no way to hold a secret.

use std::io::Write as _;
use std::time::Duration;

use propylon_config::LogFormat;
use propylon_mcp::mirror::Mismatch;
use propylon_mcp::{Era, Revision};
use serde::Serialize;

use super::Record;
use crate::cache::Use;
use crate::http1::head::Version;
use crate::phase::route::Route;
use crate::phase::trace::Trace;

/// One line. The field names are documented for users: they change only with a note.
#[derive(Debug, Serialize)]
pub(super) struct Line<'r> {
    time: &'r str,
    request_id: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'r str>,
    client: std::net::IpAddr,
    /// The version of HTTP that the client spoke.
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<&'static str>,
    /// Who the client is by its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_subject: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_names: Option<String>,
    method: &'r str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    era: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'static str>,
    /// The first 8 bytes of the SHA-256 of the session id.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// The same of the task id, or of the first of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpc_method: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpc_name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    param_keys: Option<&'r str>,
    request_bytes: u64,
    response_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<u64>,
    /// Until the dial began: reading the request, and the peek.
    queue_us: u64,
    connect_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    head_us: Option<u64>,
    total_us: u64,
    reused: bool,
    /// `complete`, or the reason why not.
    end: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'r str>,
    /// How headers and body disagree.
    #[serde(skip_serializing_if = "Option::is_none")]
    mismatch: Option<&'static str>,
    /// What the cache had for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<&'static str>,
    /// What was done for a lost session: its answer's `status` made 404, or the session `reinitialized`.
    #[serde(skip_serializing_if = "Option::is_none")]
    repair: Option<&'static str>,
    /// The practice that the answer shows to be broken, and by what it shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    practice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign: Option<&'static str>,
}

impl<'r> Line<'r> {
    pub(super) fn of(record: &'r Record, time: &'r str, total: Duration) -> Self {
        let failed = record.failed.as_ref();
        let reason = failed.map(|(reason, _)| reason.id());
        let rpc = &record.facts.rpc;
        let until_sent = record
            .sent_at
            .map_or(total, |sent| sent.saturating_duration_since(record.started));
        let head = record
            .sent_at
            .zip(record.head_at)
            .map(|(sent, head)| head.saturating_duration_since(sent));
        let identity = record.identity.as_deref();
        let route: Option<&Route> = record.route.as_deref();
        let sign = record.sign.as_ref().and_then(|found| found.get());
        Self {
            time,
            request_id: record.request_id.as_str(),
            trace_id: record.trace.as_ref().map(Trace::id),
            client: record.client,
            http: record.version.map(Version::as_str),
            client_subject: identity.map(|identity| identity.subject.as_str()),
            client_names: identity
                .filter(|identity| !identity.names.is_empty())
                .map(|identity| identity.names.join(" ")),
            method: &record.method,
            status: record.status,
            route: route.map(|route| route.metrics.name.as_str()),
            upstream: route.map(|route| route.upstream.config.name.as_str()),
            instance: record
                .instance
                .as_ref()
                .map(|instance| instance.name.as_str()),
            era: record.facts.era.map(Era::as_str),
            revision: record.facts.revision.map(Revision::as_str),
            session: record.facts.session.map(|session| session.to_string()),
            task: rpc.tasks.first().map(ToString::to_string),
            rpc_method: rpc.method.as_deref(),
            rpc_name: rpc.name.as_deref(),
            param_keys: rpc.param_keys.as_deref(),
            request_bytes: record.tally.request_bytes,
            response_bytes: record.tally.response_bytes,
            events: record.is_stream.then_some(record.tally.events),
            queue_us: micros(until_sent.saturating_sub(record.connect)),
            connect_us: micros(record.connect),
            head_us: head.map(micros),
            total_us: micros(total),
            reused: record.reused,
            end: reason.unwrap_or("complete"),
            reason,
            detail: failed.and_then(|(_, detail)| detail.as_deref()),
            mismatch: record.facts.mismatch.map(Mismatch::words),
            cache: record.cache.map(Use::name),
            repair: record.repair,
            practice: sign.map(|sign| sign.practice),
            sign: sign.map(|sign| sign.id),
        }
    }

    /// Writes the line with its end.
    pub(super) fn write(&self, format: LogFormat, out: &mut Vec<u8>) {
        match format {
            LogFormat::Json => {
                // Neither a map with odd keys nor a writer that fails: this cannot fail.
                let _ = serde_json::to_writer(&mut *out, self);
                out.push(b'\n');
            }
            LogFormat::Pretty => self.write_pretty(out),
        }
    }

    fn write_pretty(&self, out: &mut Vec<u8>) {
        let words = [
            Some(self.method),
            self.rpc_method,
            self.rpc_name,
            self.route,
            self.instance,
        ];
        // Writing to a Vec cannot fail.
        let _ = write!(out, "{} {}", self.time, self.status);
        for word in words.into_iter().flatten() {
            let _ = write!(out, " {}", word.escape_debug());
        }
        let (millis, micros) = (self.total_us / 1000, self.total_us % 1000 / 100);
        let _ = write!(
            out,
            " {millis}.{micros}ms {}B {}",
            self.response_bytes, self.end
        );
        if let Some(events) = self.events {
            let _ = write!(out, " events={events}");
        }
        if let Some(detail) = self.detail {
            let _ = write!(out, " ({})", detail.escape_debug());
        }
        let _ = writeln!(out, " id={}", self.request_id);
    }
}

/// Microseconds in the width that is written fastest.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

//! The head the upstream gets: the client's own lines as they came, less what belongs to its connection.

use std::io::Write as _;

use propylon_config::HostHeader;

use super::forwarded::Client;
use super::route::Wanted;
use crate::backends::hides_from_upstream;
use crate::http1::field::Field;
use crate::http1::framing::Framing;
use crate::http1::head::RequestHead;
use crate::http1::lines::{Line, Lines};
use crate::record::Record;
use crate::relay::body::Body;
use crate::upstream::Upstream;
use crate::upstream::instance::Instance;

/// A request on its way to an instance.
pub(crate) struct Forward<'a> {
    pub(crate) request: &'a RequestHead,
    pub(crate) client: &'a Client,
    pub(crate) wanted: Wanted<'a>,
    pub(crate) target: &'a str,
    pub(crate) body: &'a Body,
    /// The answer is to be read, so it must come without a content coding.
    pub(crate) wants_plain: bool,
    /// The request's id, where it was minted here, and its trace.
    pub(crate) record: &'a Record,
    /// The id by which the instance knows the session, where the client knows it by another.
    pub(crate) session: Option<&'a [u8]>,
    /// Whether an event id that the request names can be one of this session.
    pub(crate) can_resume: bool,
}

/// How the proxy signs `Via` on what came to it over HTTP/1.1 (RFC 9110, 7.6.3).
pub(crate) const VIA: &str = "1.1 propylon";
const NAME: &str = "propylon";

impl Forward<'_> {
    /// Writes the request's head for an instance.
    pub(crate) fn write(&self, upstream: &Upstream, instance: &Instance, out: &mut Vec<u8>) {
        self.begin(self.request.method(), (upstream, instance), |_| true, out);
        if self.wants_plain {
            out.extend_from_slice(b"Accept-Encoding: identity\r\n");
        }
        if matches!(self.body.framing(), Framing::Chunked | Framing::UntilClose) {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        }
        // Writing to a Vec cannot fail.
        let received = self.request.version.as_str();
        let _ = write!(out, "Via: {received} {NAME}\r\n\r\n");
    }

    /// Writes another message in the request's name, with its credentials and to its place.
    pub(crate) fn write_instead(
        &self,
        message: &[u8],
        upstream: &Upstream,
        instance: &Instance,
        out: &mut Vec<u8>,
    ) {
        let head = self.request.head();
        let is_of_message = |line: Line| {
            let about_body = line.name(head).get(..8);
            matches!(
                line.field,
                Field::Accept | Field::AcceptEncoding | Field::Expect | Field::LastEventId
            ) || line.field == Field::McpSessionId
                || about_body.is_some_and(|start| start.eq_ignore_ascii_case(b"content-"))
        };
        self.begin(
            "POST",
            (upstream, instance),
            |line| !is_of_message(line),
            out,
        );
        // Writing to a Vec cannot fail.
        let _ = write!(
            out,
            "Accept: application/json, text/event-stream\r\nAccept-Encoding: identity\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nVia: {VIA}\r\n\r\n",
            message.len()
        );
        out.extend_from_slice(message);
    }

    /// Writes the request line and the request's own lines, as far as they are to be kept.
    fn begin(
        &self,
        method: &str,
        (upstream, instance): (&Upstream, &Instance),
        keep: impl Fn(Line) -> bool,
        out: &mut Vec<u8>,
    ) {
        let head = self.request.head();
        let lines = &self.request.lines;
        // Writing to a Vec cannot fail.
        let _ = write!(out, "{method} {} HTTP/1.1\r\n", self.target);
        let host = self.host(upstream, instance);
        if let Some(host) = host {
            let _ = write!(out, "Host: {host}\r\n");
        }
        let dropped = Dropped::of(head, lines);
        let backend = upstream.backend.as_deref();
        copy_lines(head, lines, out, |line| {
            let replaced = match line.field {
                Field::Host => host.is_some(),
                Field::McpSessionId => self.session.is_some(),
                Field::LastEventId => !self.can_resume,
                Field::ClientClaim => !self.client.trusted,
                Field::Expect => self.body.is_asked_for,
                Field::Traceparent => self.record.trace.is_some(),
                Field::Tracestate => self.record.trace.is_some_and(|trace| trace.is_new),
                Field::AcceptEncoding => self.wants_plain,
                field => field.is_ours(),
            };
            let is_kept_back = backend.is_some_and(|backend| {
                let name = line.name(head);
                let given = &backend.spec.headers;
                hides_from_upstream(name) || given.iter().any(|header| header.is_named(name))
            });
            keep(line) && !(replaced || is_kept_back || dropped.covers(head, line))
        });
        for header in backend.iter().flat_map(|backend| &backend.spec.headers) {
            let _ = write!(out, "{}: {}\r\n", header.name(), header.reveal());
        }
        self.client.write(self.request, self.wanted.authority, out);
        if let Some(session) = self.session {
            write_session(session, out);
        }
        if let Some(trace) = &self.record.trace {
            trace.write(out);
        }
        if let Some(id) = self.record.minted_request_id() {
            let _ = write!(out, "X-Request-Id: {id}\r\n");
        }
    }

    /// The `Host` to write, where the client's own line is not to be kept.
    fn host<'h>(&'h self, upstream: &'h Upstream, instance: &'h Instance) -> Option<&'h str> {
        match &upstream.config.host {
            HostHeader::Keep => {
                let sent = self.request.lines.first(self.request.head(), Field::Host);
                (sent != Some(self.wanted.authority.as_bytes())).then_some(self.wanted.authority)
            }
            HostHeader::Upstream => Some(upstream.host_of(instance)),
            HostHeader::Fixed(host) => Some(host),
        }
    }
}

/// Writes the line that names the session.
pub(crate) fn write_session(id: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"Mcp-Session-Id: ");
    out.extend_from_slice(id);
    out.extend_from_slice(b"\r\n");
}

/// The lines that belong to one connection: the known ones and those that `Connection` names.
pub(crate) struct Dropped {
    named: Vec<Box<[u8]>>,
}

impl Dropped {
    pub(crate) fn of(head: &[u8], lines: &Lines) -> Self {
        let named = lines
            .all(head, Field::Connection)
            .flat_map(crate::http1::field::elements)
            .filter(|name| {
                !name.eq_ignore_ascii_case(b"close") && !name.eq_ignore_ascii_case(b"keep-alive")
            })
            .map(Into::into)
            .collect();
        Self { named }
    }

    pub(crate) fn covers(&self, head: &[u8], line: Line) -> bool {
        line.field.is_hop_by_hop()
            || self.named.iter().any(|name| {
                let framing = matches!(line.field, Field::ContentLength | Field::Host);
                !framing && name.eq_ignore_ascii_case(line.name(head))
            })
    }
}

/// Copies the lines that are kept, whole runs of neighbours at a time.
pub(crate) fn copy_lines(
    head: &[u8],
    lines: &Lines,
    out: &mut Vec<u8>,
    keep: impl Fn(Line) -> bool,
) {
    let mut run: Option<(Line, Line)> = None;
    for line in lines.iter().filter(|line| keep(*line)) {
        run = match run {
            Some((first, last)) if last.touches(line) => Some((first, line)),
            Some((first, last)) => {
                out.extend_from_slice(first.run_to(last, head));
                Some((line, line))
            }
            None => Some((line, line)),
        };
    }
    if let Some((first, last)) = run {
        out.extend_from_slice(first.run_to(last, head));
    }
}

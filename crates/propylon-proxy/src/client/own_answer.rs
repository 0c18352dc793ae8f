//! What the proxy says in its own name: a status, a reason, and a JSON-RPC error that explains itself.

use std::borrow::Cow;
use std::future::poll_fn;
use std::io::Write as _;
use std::task::Poll;
use std::time::{Duration, Instant};

use propylon_config::Listener;
use propylon_mcp::error_body;

use crate::client::connection::{After, ClientConnection, Transport};
use crate::error::ProxyError;
use crate::http1::field::Field;
use crate::http1::head::RequestHead;
use crate::phase::answer::Encoding;
use crate::phase::origin::Preflight;
use crate::phase::route::Wanted;
use crate::phase::{hsts, redirect};
use crate::pipeline::Context;
use crate::reason::Reason;
use crate::record::Record;
use crate::relay::body::Body;
use crate::relay::outbound::Outbound;
use crate::worker::{Stage, Worker};

/// How long a client may take to accept some more of an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers what never became a request, and records it.
pub(crate) async fn refuse<S: Transport>(
    worker: &Worker,
    client: &mut ClientConnection<S>,
    error: ProxyError,
) -> After {
    let mut record = Record::blank(worker, client.ends.peer.ip().to_canonical());
    let after = fail(client, &error, &mut record, false).await;
    record.finish(worker);
    after
}

/// Answers an exchange that failed, where its client has not been told anything yet; else cuts it.
pub(crate) async fn fail<S: Transport>(
    client: &mut ClientConnection<S>,
    error: &ProxyError,
    record: &mut Record,
    keep_alive: bool,
) -> After {
    let can_answer = record.fail(error);
    match error.reason {
        Reason::ClientClosed => return After::Drop,
        _ if !can_answer => return After::Abort,
        _ => {}
    }
    // A request that was not read to its end leaves bytes on the connection that are no request.
    let keep_alive = keep_alive && record.is_request_read && error.leaves_client_clean();
    let answer = error_answer(error.reason, record, keep_alive);
    send(client, &answer, keep_alive).await
}

/// The whole answer for a reason.
fn error_answer(reason: Reason, record: &Record, keep_alive: bool) -> Vec<u8> {
    let row = reason.explain();
    let id = record.facts.rpc.rpc_id();
    let mut data = vec![("reason", row.id)];
    data.extend(row.key.map(|key| ("key", key)));
    // Which header it is, whoever sent it has to know; no value is named.
    let found = record.detail().filter(|_| reason == Reason::HeaderMismatch);
    let message = found.map_or(row.message.into(), |found| {
        Cow::from(format!("{}: {found}", row.message))
    });
    let body = error_body(id.as_ref(), reason.rpc_code(), &message, &data);
    let mut lines = format!(
        "Content-Type: application/json\r\nPropylon-Reason: {}\r\n",
        row.id
    );
    if let Some(seconds) = row.retry_after_seconds {
        lines.push_str(&format!("Retry-After: {seconds}\r\n"));
    }
    whole_answer(row.status, &lines, &body, record, keep_alive)
}

/// What a listener answers by itself, its health first: whoever asks for that often follows no redirect.
pub(crate) async fn for_listener<S: Transport>(
    context: &Context<'_>,
    client: &mut ClientConnection<S>,
    request: &RequestHead,
    record: &mut Record,
) -> Result<Option<After>, ProxyError> {
    let wanted = Wanted::of(request)?;
    let listener = context.tables.listener(context.who.asked);
    if let Some(proof) = context.tables.acme.answer(wanted.path) {
        record.own_answer(200);
        let lines = "Content-Type: application/octet-stream\r\n";
        let answer = whole_answer(200, lines, proof.as_bytes(), record, false);
        return Ok(Some(send(client, &answer, false).await));
    }
    let Some(location) = redirect::location(listener, &context.who, request, wanted)? else {
        return Ok(None);
    };
    // What there is of a body is not read.
    let has_body =
        [Field::ContentLength, Field::TransferEncoding].map(|field| request.lines.has(field));
    let keep_alive = context.keep_alive && has_body == [false, false];
    let is_health = |listener: &Listener| listener.health.as_deref() == Some(wanted.path);
    let answer = if listener.is_some_and(is_health) {
        let is_ready = context.worker.stage() == Stage::Serving;
        record.own_answer(if is_ready { 200 } else { 503 });
        health_answer(is_ready, record, keep_alive)
    } else {
        record.own_answer(308);
        let lines = format!("Location: {location}\r\n");
        whole_answer(308, &lines, b"", record, keep_alive)
    };
    Ok(Some(send(client, &answer, keep_alive).await))
}

/// Answers with this status, these header lines and this body.
pub(crate) async fn say<S: Transport>(
    client: &mut ClientConnection<S>,
    (status, lines, body): (u16, &str, &[u8]),
    record: &Record,
    keep_alive: bool,
) -> After {
    let keep_alive = keep_alive && record.is_request_read;
    let answer = whole_answer(status, lines, body, record, keep_alive);
    send(client, &answer, keep_alive).await
}

/// A path that no route serves is the listener's own health path, or nothing.
pub(crate) async fn no_route<S: Transport>(
    context: &Context<'_>,
    client: &mut ClientConnection<S>,
    wanted: Wanted<'_>,
    body: &Body,
    record: &mut Record,
) -> Result<After, ProxyError> {
    if !context
        .tables
        .is_health_path(client.ends.local, wanted.path)
        || !body.is_empty()
    {
        return Err(Reason::RouteUnknown.into());
    }
    let ready = context.worker.stage() == Stage::Serving;
    record.own_answer(if ready { 200 } else { 503 });
    let answer = health_answer(ready, record, context.keep_alive);
    Ok(send(client, &answer, context.keep_alive).await)
}

/// The answer to a health check on a listener.
fn health_answer(is_ready: bool, record: &Record, keep_alive: bool) -> Vec<u8> {
    let (status, body) = if is_ready {
        (200, "ready\n")
    } else {
        (503, "draining\n")
    };
    whole_answer(
        status,
        "Content-Type: text/plain\r\nCache-Control: no-store\r\n",
        body.as_bytes(),
        record,
        keep_alive,
    )
}

/// Asks a client for the body that it holds back until it is asked.
pub(crate) async fn ask_on<S: Transport>(
    client: &mut ClientConnection<S>,
) -> Result<(), ProxyError> {
    match send(client, b"HTTP/1.1 100 Continue\r\n\r\n", true).await {
        After::KeepAlive => Ok(()),
        _ => Err(Reason::ClientClosed.into()),
    }
}

/// Answers a browser's preflight; nobody else hears of it.
pub(crate) async fn allow<S: Transport>(
    client: &mut ClientConnection<S>,
    preflight: &Preflight,
    record: &mut Record,
    keep_alive: bool,
) -> After {
    record.own_answer(204);
    let keep_alive = keep_alive && record.is_request_read;
    let answer = preflight_answer(preflight, record, keep_alive);
    send(client, &answer, keep_alive).await
}

/// The answer to a browser that asks what a page may send.
fn preflight_answer(preflight: &Preflight, record: &Record, keep_alive: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let connection = if keep_alive { "keep-alive" } else { "close" };
    // Writing to a Vec cannot fail.
    let _ = write!(
        out,
        "HTTP/1.1 204 No Content\r\nX-Request-Id: {}\r\nConnection: {connection}\r\n",
        record.request_id()
    );
    out.extend_from_slice(&preflight.lines());
    hsts::write(record.hsts, &mut out);
    out.extend_from_slice(b"\r\n");
    out
}

fn whole_answer(
    status: u16,
    lines: &str,
    body: &[u8],
    record: &Record,
    keep_alive: bool,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256 + body.len());
    // Said either way: an HTTP/1.0 client takes silence for the end.
    let connection = if keep_alive { "keep-alive" } else { "close" };
    // Writing to a Vec cannot fail.
    let _ = write!(
        out,
        "HTTP/1.1 {status} {}\r\n{lines}X-Request-Id: {}\r\nContent-Length: {}\r\nConnection: {connection}\r\n",
        reason_phrase(status),
        record.request_id(),
        body.len()
    );
    if let Some(shown) = &record.shown {
        shown.write(&mut out);
    }
    hsts::write(record.hsts, &mut out);
    out.extend_from_slice(b"\r\n");
    if !record.is_to_head() {
        out.extend_from_slice(body);
    }
    out
}

/// Sends an answer of our own, as long as its client goes on reading.
pub(crate) async fn send<S: Transport>(
    client: &mut ClientConnection<S>,
    bytes: &[u8],
    keep_alive: bool,
) -> After {
    let mut outbound = Outbound::new(Encoding::Plain);
    outbound.keep(bytes);
    let mut due = Instant::now() + PATIENCE;
    poll_fn(|cx| {
        let before = outbound.waiting();
        match outbound.poll_flush(cx, &mut client.io) {
            Poll::Ready(Ok(())) if keep_alive => Poll::Ready(After::KeepAlive),
            Poll::Ready(Ok(())) => Poll::Ready(After::Close),
            Poll::Ready(Err(_)) => Poll::Ready(After::Drop),
            Poll::Pending => {
                if outbound.waiting() < before {
                    due = Instant::now() + PATIENCE;
                }
                client.deadline.poll(cx, due).map(|()| After::Abort)
            }
        }
    })
    .await
}

fn reason_phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        499 => "Client Closed Request",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Error",
    }
}

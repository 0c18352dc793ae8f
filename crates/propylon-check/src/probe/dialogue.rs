//! From a request to whoever answers it: health, metadata, the old transport, or MCP at any path.

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::is_our_name;
use super::census::count;
use super::fleet::Place;
use super::head::RequestHead;
use super::message::{self, INVALID_REQUEST, Message, Refusal};
use super::request::Request;
use super::wire::{Extent, ResponseHead, Wire};
use super::{get_stream, legacy, modern, sse_transport};

/// Answers one request.
pub(crate) async fn answer<W: Wire>(place: &Place, request: &Arc<Request>, wire: &mut W) {
    let census = &place.instance.census;
    let head = &request.head;
    match head.method.as_str() {
        "GET" | "HEAD" if head.path() == "/health" => {
            count(&census.health);
            let body = json!({"status": "ok", "instance": &*place.instance.name});
            reply(wire, 200, Vec::new(), Some(body)).await;
            return;
        }
        "GET"
            if head
                .path()
                .contains("/.well-known/oauth-protected-resource") =>
        {
            reply(
                wire,
                200,
                Vec::new(),
                Some(resource_metadata(place, request)),
            )
            .await;
            return;
        }
        _ => {}
    }
    count(&census.endpoint);
    // Noted before the answer: whoever gets it may ask at once.
    let ticket =
        (!belongs(place, request)).then(|| census.foreign(request, place.fleet.clock.stamp()));
    let status = match head.method.as_str() {
        "POST" => post(place, request, wire).await,
        "GET" => get(place, request, wire).await,
        "DELETE" => legacy::delete(place, request, wire).await,
        "OPTIONS" => {
            reply(wire, 204, vec![allow()], None).await;
            204
        }
        _ => refuse_method(wire).await,
    };
    if let Some(ticket) = ticket {
        census.answered(ticket, status);
    }
}

/// Whether a request is the checker's, or will only be known to be.
fn belongs(place: &Place, request: &Request) -> bool {
    let head = &request.head;
    if head.method == "OPTIONS" || opens_http_sse(head) {
        return true;
    }
    let session = head
        .get("mcp-session-id")
        .or_else(|| head.query("sessionId").map(str::to_owned));
    if session.is_some_and(|id| {
        place
            .instance
            .sessions()
            .find(&id)
            .is_some_and(|session| session.is_ours())
    }) {
        return true;
    }
    match message::read(&request.body) {
        Ok(Message::Request { method, params, .. }) => is_our_name(&method, &params),
        _ => false,
    }
}

/// Whether a request asks for the 2024-11-05 transport. Who asks is known once it has been initialized.
fn opens_http_sse(head: &RequestHead) -> bool {
    let is_modern = head.get("mcp-protocol-version").as_deref() == Some("2026-07-28");
    let ends_in_sse = head.path().trim_end_matches('/').ends_with("/sse");
    head.method == "GET" && !is_modern && ends_in_sse && head.get("mcp-session-id").is_none()
}

async fn post<W: Wire>(place: &Place, request: &Arc<Request>, wire: &mut W) -> u16 {
    if request.head.query("sessionId").is_some() {
        return sse_transport::post(place, request, wire).await;
    }
    let (id, method, params) = match message::read(&request.body) {
        Ok(Message::Request { id, method, params }) => (id, method, params),
        Ok(other) => return legacy::accept(place, request, &other, wire).await,
        Err(refusal) => {
            refuse(wire, &refusal, None).await;
            return refusal.status;
        }
    };
    if modern::is_modern(&request.head, &method, &params) {
        modern::request(place, request, (id, method, params), wire).await
    } else if method == "initialize" {
        legacy::initialize(place, request, (id, params), wire).await
    } else {
        legacy::request(place, request, (id, method, params), wire).await
    }
}

async fn get<W: Wire>(place: &Place, request: &Arc<Request>, wire: &mut W) -> u16 {
    if request.head.get("mcp-protocol-version").as_deref() == Some("2026-07-28") {
        return refuse_method(wire).await;
    }
    if opens_http_sse(&request.head) {
        return sse_transport::open(place, request, wire).await;
    }
    get_stream::get(place, request, wire).await
}

fn allow() -> (String, String) {
    ("Allow".into(), "GET, POST, DELETE, OPTIONS".into())
}

async fn refuse_method<W: Wire>(wire: &mut W) -> u16 {
    let refusal = Refusal::new(405, INVALID_REQUEST, "this method is not offered here");
    reply(wire, 405, vec![allow()], Some(refusal.json(None))).await;
    405
}

/// A small answer; whether it arrives is the client's affair.
pub(crate) async fn reply<W: Wire>(
    wire: &mut W,
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<Value>,
) {
    let mut headers = headers;
    let body = body.map(|body| body.to_string());
    let extent = match &body {
        Some(body) => {
            headers.push(("Content-Type".into(), "application/json".into()));
            Extent::Length(body.len())
        }
        None if status == 204 => Extent::Bodiless,
        None => Extent::Length(0),
    };
    if wire
        .head(ResponseHead {
            status,
            headers,
            extent,
        })
        .await
        .is_ok()
        && let Some(body) = body
    {
        let _ = wire.body(body.as_bytes()).await;
    }
}

/// A JSON-RPC error under its status.
pub(crate) async fn refuse<W: Wire>(wire: &mut W, refusal: &Refusal, id: Option<&Value>) {
    let mut headers = Vec::new();
    if refusal.status == 503 {
        headers.push(("Retry-After".to_owned(), "1".to_owned()));
    }
    reply(wire, refusal.status, headers, Some(refusal.json(id))).await;
}

/// What an SDK's metadata route would say, and what it saw.
fn resource_metadata(place: &Place, request: &Request) -> Value {
    let head = &request.head;
    let scheme = head
        .get("x-forwarded-proto")
        .unwrap_or_else(|| "http".into());
    let host = head.get("host").unwrap_or_default();
    let path = head
        .path()
        .split_once("/.well-known/oauth-protected-resource")
        .map(|(_, path)| path)
        .unwrap_or_default();
    json!({
        "resource": format!("{scheme}://{host}{path}"),
        "authorization_servers": [format!("{scheme}://{host}")],
        "bearer_methods_supported": ["header"],
        "dev.propylon/probe": {"instance": &*place.instance.name, "request": head.json()},
    })
}

//! The legacy era over Streamable HTTP: a handshake, sessions, GET streams, resumption.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use propylon_mcp::{Era, Revision};
use serde_json::{Value, json};

use super::arguments::Arguments;
use super::call::Call;
use super::census::count;
use super::dialogue::{refuse, reply};
use super::emission::Schedule;
use super::fleet::Place;
use super::ledger::Record;
use super::members::Members;
use super::message::{
    INVALID_REQUEST, Message, Refusal, SESSION_NOT_FOUND, result, server_info, stamp_result,
};
use super::outlet::{Disconnection, Outlet};
use super::perform::perform;
use super::request::Request;
use super::script::{Closing, Form, Script};
use super::session::Session;
use super::wire::Wire;
use super::{methods, tools};

/// Opens a session.
pub(crate) async fn initialize<W: Wire>(
    place: &Place,
    request: &Request,
    (id, params): (Value, Members<'_>),
    wire: &mut W,
) -> u16 {
    let call = Call::new(
        place,
        request,
        negotiate(&params),
        None,
        (id, "initialize".into(), params),
    );
    if let Some(status) = place.instance.refused_status() {
        let refusal = Refusal::new(
            status,
            INVALID_REQUEST,
            "this instance refuses sessions for now, as asked",
        );
        refuse(wire, &refusal, Some(&call.id)).await;
        return status;
    }
    match open(&call, false) {
        Ok(session) => {
            let headers = vec![("Mcp-Session-Id".to_owned(), session.id.clone())];
            reply(wire, 200, headers, Some(initialize_response(&call))).await;
            200
        }
        Err(refusal) => {
            refuse(wire, &refusal, Some(&call.id)).await;
            refusal.status
        }
    }
}

/// The revision a session will speak.
pub(crate) fn negotiate(params: &Members<'_>) -> Revision {
    params
        .text("protocolVersion")
        .and_then(|version| Revision::parse(version.as_bytes()))
        .filter(|revision| revision.era() == Era::Legacy)
        .unwrap_or(Revision::V2025_11_25)
}

/// Mints the session of an `initialize`, with what its `_meta` asks of its GET stream.
pub(crate) fn open(call: &Call<'_>, is_http_sse: bool) -> Result<Arc<Session>, Refusal> {
    let Place { fleet, instance } = call.place;
    let schedule = schedule(call)?;
    let mut sessions = instance.sessions();
    let session = sessions.mint(
        call.revision,
        is_http_sse,
        &fleet.options.limits,
        &fleet.budget,
    );
    sessions.counts.initialized += 1;
    session.is_ours.store(call.is_ours(), Ordering::Relaxed);
    *session
        .schedule
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = schedule;
    Ok(session)
}

/// The schedule a long-lived stream's `_meta` asks for.
pub(crate) fn schedule(call: &Call<'_>) -> Result<Option<Schedule>, Refusal> {
    match call.meta.object("dev.propylon/stream") {
        Some(members) => Schedule::read(&Arguments(members)).map(Some),
        None => Ok(None),
    }
}

/// The response to `initialize`.
pub(crate) fn initialize_response(call: &Call<'_>) -> Value {
    let mut members = match json!({
        "protocolVersion": call.revision.as_str(),
        "capabilities": methods::capabilities(false),
        "serverInfo": server_info(),
        "instructions": methods::INSTRUCTIONS,
    }) {
        Value::Object(members) => members,
        _ => serde_json::Map::new(),
    };
    stamp_result(&mut members, false, &call.place.instance.name);
    result(&call.id, Value::Object(members))
}

/// The session a request names (2025-11-25 transports, Session Management).
pub(crate) fn session_of(place: &Place, request: &Request) -> Result<Arc<Session>, Refusal> {
    let version = request.head.get("mcp-protocol-version");
    if version
        .as_ref()
        .is_some_and(|version| Revision::parse(version.as_bytes()).is_none())
    {
        return Err(Refusal::new(
            400,
            INVALID_REQUEST,
            "Bad Request: unsupported MCP-Protocol-Version",
        ));
    }
    let Some(id) = request.head.get("mcp-session-id") else {
        return Err(Refusal::new(
            400,
            INVALID_REQUEST,
            "Bad Request: Mcp-Session-Id header is required",
        ));
    };
    place
        .instance
        .sessions()
        .find(&id)
        .filter(|session| !session.is_http_sse)
        .ok_or_else(|| {
            count(&place.instance.census.unknown_session);
            let data = json!({"instance": &*place.instance.name});
            Refusal::new(404, SESSION_NOT_FOUND, "Session not found").with(data)
        })
}

/// Takes a notification or a response.
pub(crate) async fn accept<W: Wire>(
    place: &Place,
    request: &Request,
    message: &Message<'_>,
    wire: &mut W,
) -> u16 {
    let is_modern = request.head.get("mcp-protocol-version").as_deref() == Some("2026-07-28");
    let initialized = matches!(message, Message::Notification { method } if method == "notifications/initialized");
    let session = session_of(place, request);
    match session {
        Err(_) if is_modern && !initialized => {
            reply(wire, 202, Vec::new(), None).await;
            202
        }
        Ok(_) => {
            reply(wire, 202, Vec::new(), None).await;
            202
        }
        Err(refusal) => {
            refuse(wire, &refusal, None).await;
            refusal.status
        }
    }
}

/// Answers a request of a session.
pub(crate) async fn request<W: Wire>(
    place: &Place,
    request: &Request,
    (id, method, params): (Value, String, Members<'_>),
    wire: &mut W,
) -> u16 {
    let session = match session_of(place, request) {
        Ok(session) => session,
        Err(refusal) => {
            refuse(wire, &refusal, Some(&id)).await;
            return refusal.status;
        }
    };
    let call = Call::new(
        place,
        request,
        session.revision,
        Some(Arc::clone(&session)),
        (id, method, params),
    );
    let Planned { script, record } = plan(&call);
    let fleet = &place.fleet;
    let mut outlet = Outlet::direct(wire, Disconnection::ChangesNothing, fleet.clock, record);
    if script.form == Form::Sse {
        let log = session.open_stream(&fleet.options.limits, &fleet.budget);
        outlet = outlet.resumable(log, session.revision >= Revision::V2025_11_25);
    }
    let status = script.status;
    perform(&call, script, &mut outlet).await;
    status
}

/// What a call comes to: its script, and its record if it is known by a key.
pub(crate) struct Planned {
    pub(crate) script: Script,
    pub(crate) record: Option<Record>,
}

/// Decides what a call does. A refused call is no execution.
pub(crate) fn plan(call: &Call<'_>) -> Planned {
    let planned = if call.method == "tools/call" {
        tools::plan(call)
    } else {
        methods::plan(call)
    };
    planned.unwrap_or_else(|refusal| {
        let status = if call.is_modern() {
            refusal.status
        } else {
            200
        };
        Planned {
            script: Script {
                status,
                ..Script::close(Closing::Error(refusal))
            },
            record: None,
        }
    })
}

/// Ends a session.
pub(crate) async fn delete<W: Wire>(place: &Place, request: &Request, wire: &mut W) -> u16 {
    match session_of(place, request) {
        Ok(session) => {
            place.instance.sessions().end(&session.id);
            reply(wire, 200, Vec::new(), None).await;
            200
        }
        Err(refusal) => {
            refuse(wire, &refusal, None).await;
            refusal.status
        }
    }
}

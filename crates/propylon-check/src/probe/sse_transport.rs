//! The 2024-11-05 HTTP+SSE transport: one stream for everything the server says, and POSTs that are answered 202.

use std::sync::Arc;

use propylon_mcp::Revision;

use super::call::Call;
use super::census::{Gauge, count};
use super::dialogue::{refuse, reply};
use super::fleet::Place;
use super::get_stream::event_stream_head;
use super::ledger::{Deed, Disconnect, Outcome, Phase};
use super::legacy::{self, Planned};
use super::message::{self, INTERNAL_ERROR, Message, Refusal, SESSION_NOT_FOUND};
use super::outlet::Outlet;
use super::perform::perform;
use super::request::Request;
use super::session::Session;
use super::stream_log::{Idle, Item, frame};
use super::wire::{Gone, Nobody, Wire};

/// Opens a session's stream. Its first event says where to POST (2024-11-05 transports, HTTP with SSE).
pub(crate) async fn open<W: Wire>(place: &Place, request: &Request, wire: &mut W) -> u16 {
    let Place { fleet, instance } = place;
    let session = instance.sessions().mint(
        Revision::V2024_11_05,
        true,
        &fleet.options.limits,
        &fleet.budget,
    );
    let endpoint = endpoint(&request.head, &session.id);
    let _gauge = Gauge::raise(&instance.census.get_streams);
    let mut record = fleet.ledger.begin(
        fleet.clock,
        Deed {
            key: format!("get:{}", session.id),
            instance: Arc::clone(&instance.name),
            tool: "GET".into(),
            connection: request.connection.id,
            is_run: false,
        },
    );
    let following = async {
        wire.head(event_stream_head(true)).await?;
        wire.body(&frame(None, "endpoint", &endpoint)).await?;
        session.get_stream.follow(0, Idle::default(), wire).await
    };
    match following.await {
        Ok(was_cut) => record.settle(if was_cut {
            Outcome::Cut
        } else {
            Outcome::Completed
        }),
        Err(Gone(how)) => {
            let (at, sent_bytes) = (fleet.clock.stamp(), wire.sent_bytes());
            record.disconnected(Disconnect {
                at,
                how,
                sent_bytes,
                phase: Phase::Streaming,
            });
            record.settle(Outcome::Completed);
        }
    }
    // The session lives as long as its stream.
    instance.sessions().end(&session.id);
    if !session.is_ours() {
        let ticket = instance.census.foreign(request, fleet.clock.stamp());
        instance.census.answered(ticket, 200);
    }
    200
}

/// The URL reference of the `endpoint` event, in the form the query asks for.
fn endpoint(head: &super::head::RequestHead, id: &str) -> String {
    match head.query("endpoint") {
        Some("same") => format!("?sessionId={id}"),
        Some("relative") => format!("messages?sessionId={id}"),
        _ => {
            let path = head.path().trim_end_matches('/');
            let folder = path.strip_suffix("/sse").unwrap_or_default();
            format!("{folder}/messages?sessionId={id}")
        }
    }
}

fn session_of(place: &Place, request: &Request) -> Result<Arc<Session>, Refusal> {
    let id = request.head.query("sessionId").unwrap_or_default();
    place
        .instance
        .sessions()
        .find(id)
        .filter(|session| session.is_http_sse)
        .ok_or_else(|| {
            count(&place.instance.census.unknown_session);
            let data = serde_json::json!({"instance": &*place.instance.name});
            Refusal::new(404, SESSION_NOT_FOUND, "Session not found").with(data)
        })
}

/// Takes a message of such a session; the answer goes onto its stream.
pub(crate) async fn post<W: Wire>(place: &Place, request: &Arc<Request>, wire: &mut W) -> u16 {
    let session = match session_of(place, request) {
        Ok(session) => session,
        Err(refusal) => {
            refuse(wire, &refusal, None).await;
            return refusal.status;
        }
    };
    let initialized = match message::read(&request.body) {
        Ok(Message::Request { method, .. }) => method == "initialize",
        Ok(_) => {
            reply(wire, 202, Vec::new(), None).await;
            return 202;
        }
        Err(refusal) => {
            refuse(wire, &refusal, None).await;
            return refusal.status;
        }
    };
    let job = answer(place.clone(), Arc::clone(request), Arc::clone(&session));
    if initialized {
        job.await;
    } else if !place.fleet.spawn(job) {
        let refusal = Refusal::new(503, INTERNAL_ERROR, "the probe does as much as it may");
        refuse(wire, &refusal, None).await;
        return refusal.status;
    }
    reply(wire, 202, Vec::new(), None).await;
    202
}

/// Answers one request onto its session's stream.
async fn answer(place: Place, request: Arc<Request>, session: Arc<Session>) {
    let Ok(Message::Request { id, method, params }) = message::read(&request.body) else {
        return;
    };
    let log = Arc::clone(&session.get_stream);
    let revision = if method == "initialize" {
        legacy::negotiate(&params)
    } else {
        session.revision
    };
    let call = Call::new(
        &place,
        &request,
        revision,
        Some(Arc::clone(&session)),
        (id, method, params),
    );
    if call.method == "initialize" {
        session
            .is_ours
            .store(call.is_ours(), std::sync::atomic::Ordering::Relaxed);
        place.instance.sessions().counts.initialized += 1;
        let response = legacy::initialize_response(&call).to_string();
        log.append(|_| Item::Frame(frame(None, "message", &response)));
        return;
    }
    let Planned { script, record } = legacy::plan(&call);
    let mut outlet = Outlet::<Nobody>::onto(Arc::clone(&log), place.fleet.clock, record);
    tokio::select! {
        () = perform(&call, script, &mut outlet) => {}
        // The stream is the session: without it nobody is left to answer.
        () = log.ended() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::endpoint;
    use crate::probe::head::parse;

    #[test]
    fn the_endpoint_takes_the_form_asked_for() {
        let of = |target: &str| {
            let head = parse(format!("GET {target} HTTP/1.1\r\n\r\n").as_bytes())
                .unwrap()
                .unwrap()
                .0;
            endpoint(&head, "id")
        };
        assert_eq!(of("/sse"), "/messages?sessionId=id");
        assert_eq!(of("/a/b/sse/"), "/a/b/messages?sessionId=id");
        assert_eq!(of("/a/sse?endpoint=relative"), "messages?sessionId=id");
        assert_eq!(of("/a/sse?endpoint=same"), "?sessionId=id");
    }
}

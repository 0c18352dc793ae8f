//! The stream a legacy client opens with GET, or resumes after the last event it saw.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::census::Gauge;
use super::dialogue::refuse;
use super::emission::{Notice, Schedule};
use super::fleet::Place;
use super::ledger::{Deed, Disconnect, Outcome, Phase};
use super::legacy::session_of;
use super::message::{INVALID_REQUEST, Refusal};
use super::request::Request;
use super::session::Session;
use super::stream_log::{Idle, Item, StreamLog, frame};
use super::wire::{Extent, Gone, ResponseHead, Wire};

/// The stream a GET is for, and the event it goes on after.
struct Found {
    session: Arc<Session>,
    log: Arc<StreamLog>,
    after: u64,
    schedule: Option<Schedule>,
}

fn find(place: &Place, request: &Request) -> Result<Found, Refusal> {
    let session = session_of(place, request)?;
    let Some(event_id) = request.head.get("last-event-id") else {
        let (log, schedule) = (Arc::clone(&session.get_stream), session.take_schedule());
        return Ok(Found {
            after: log.followed(),
            session,
            log,
            schedule,
        });
    };
    let unknown = || {
        Refusal::new(
            400,
            INVALID_REQUEST,
            "no stream of this session has that event id",
        )
    };
    let (log, after) = session.stream_of(&event_id).ok_or_else(unknown)?;
    Ok(Found {
        session,
        log,
        after,
        schedule: None,
    })
}

/// Opens or resumes a stream.
pub(crate) async fn get<W: Wire>(place: &Place, request: &Request, wire: &mut W) -> u16 {
    let found = match find(place, request) {
        Ok(found) => found,
        Err(refusal) => {
            refuse(wire, &refusal, None).await;
            return refusal.status;
        }
    };
    let schedule = found.schedule.unwrap_or_else(Schedule::silent);
    let _gauge = Gauge::raise(&place.instance.census.get_streams);
    let head = event_stream_head(schedule.accel);
    let idle = Idle {
        comment: schedule.comment,
        until: schedule.lasts.map(|lasts| Instant::now() + lasts),
    };
    let following = async {
        wire.head(head).await?;
        found.log.follow(found.after, idle, wire).await
    };
    let fleet = &place.fleet;
    let mut record = fleet.ledger.begin(
        fleet.clock,
        Deed {
            key: format!("get:{}", found.session.id),
            instance: Arc::clone(&place.instance.name),
            tool: "GET".into(),
            connection: request.connection.id,
            is_run: false,
        },
    );
    let ended = tokio::select! {
        ended = following => ended,
        () = scheduled(place, &found.log, schedule) => Ok(false),
    };
    match ended {
        Ok(true) => record.settle(Outcome::Cut),
        Ok(false) => record.settle(Outcome::Completed),
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
    200
}

/// The head of a long-lived event stream.
pub(crate) fn event_stream_head(accel: bool) -> ResponseHead {
    let mut headers = vec![
        ("Content-Type".to_owned(), "text/event-stream".to_owned()),
        ("Cache-Control".to_owned(), "no-cache".to_owned()),
    ];
    if accel {
        headers.push(("X-Accel-Buffering".into(), "no".into()));
    }
    ResponseHead {
        status: 200,
        headers,
        extent: Extent::Stream,
    }
}

/// Emits what was asked, and never returns: the follower ends the stream.
async fn scheduled(place: &Place, log: &StreamLog, schedule: Schedule) {
    tokio::time::sleep(schedule.first_delay).await;
    emit(place, log, schedule.events, schedule.interval).await;
    std::future::pending::<()>().await;
}

/// Appends emissions to a session's stream.
pub(crate) async fn emit(place: &Place, log: &StreamLog, events: u64, interval: Duration) {
    for n in 1..=events {
        if n > 1 {
            tokio::time::sleep(interval).await;
        }
        log.room().await;
        log.append(|id| {
            let notification = Notice::Message
                .json(n, events, place.fleet.clock.stamp(), "")
                .to_string();
            Item::Frame(frame(log.has_ids().then_some(id), "message", &notification))
        });
    }
}

//! Streams on which nothing is sent for the profile's quiet time: what crossed meanwhile, and whether they lived.

use std::rc::Rc;
use std::time::{Duration, Instant};

use propylon_mcp::sse::Item;
use serde_json::{Value, json};

use crate::lab::Lab;
use crate::talk::{Session, Stream, Voice, emission};
use crate::wire::{Request, Trouble};

/// How often the server sends a comment on the streams that have them, as it should (2026-07-28 streamable-http,
/// Receiving Messages).
const COMMENT: Duration = Duration::from_secs(15);
/// How much later than due the event may come before it counts as missing.
const LATE: Duration = Duration::from_secs(8);

/// Most sessions that are tried for one that works.
const SESSIONS_MAX: usize = 8;

/// One quiet stream.
#[derive(Clone, Debug)]
pub(crate) struct QuietStream {
    pub(crate) label: &'static str,
    /// The server sends a comment now and then; else it sends nothing.
    pub(crate) has_comments: bool,
    /// When comments came, since the head.
    pub(crate) comments: Vec<Duration>,
    /// When the event came that ends the quiet.
    pub(crate) event: Option<Duration>,
    /// How and when it ended, if it did before the event.
    pub(crate) ended: Option<(Duration, String)>,
    /// The longest time without a byte.
    pub(crate) silence: Duration,
}

/// All quiet streams.
#[derive(Clone, Debug)]
pub(crate) struct Quiet {
    pub(crate) lasted: Duration,
    pub(crate) streams: Vec<QuietStream>,
    /// Streams that could not be opened.
    pub(crate) troubles: Vec<String>,
}

/// The measurement, made once.
pub(crate) async fn quiet(lab: &Rc<Lab>, lasts: Duration) -> Result<&Quiet, Trouble> {
    let cell = &lab.measured.quiet;
    cell.get_or_init(|| measure(lab, lasts))
        .await
        .as_ref()
        .map_err(Clone::clone)
}

async fn measure(lab: &Rc<Lab>, lasts: Duration) -> Result<Quiet, Trouble> {
    let mut running = Vec::new();
    for has_comments in [false, true] {
        let schedule = schedule(lasts, has_comments);
        if lab.facts.legacy {
            let (lab, schedule) = (Rc::clone(lab), schedule.clone());
            running.push(tokio::task::spawn_local(async move {
                let request = legacy_request(&lab, &schedule).await?;
                watch(&lab, ("GET stream", has_comments), &request, lasts).await
            }));
        }
        if lab.facts.modern {
            let lab = Rc::clone(lab);
            running.push(tokio::task::spawn_local(async move {
                let params =
                    json!({"notifications": {"toolsListChanged": true}, "_meta": schedule});
                let request = Voice::Modern.request(&lab, "subscriptions/listen", params);
                watch(
                    &lab,
                    ("subscriptions/listen stream", has_comments),
                    &request,
                    lasts,
                )
                .await
            }));
        }
    }
    let (mut streams, mut troubles) = (Vec::new(), Vec::new());
    for stream in running {
        match stream.await {
            Ok(Ok(stream)) => streams.push(stream),
            Ok(Err(error)) => troubles.push(error.to_string()),
            Err(error) => troubles.push(error.to_string()),
        }
    }
    Ok(Quiet {
        lasted: lasts,
        streams,
        troubles,
    })
}

/// What the probe is asked to do on a quiet stream: one event after the quiet time.
fn schedule(lasts: Duration, has_comments: bool) -> Value {
    let comment = if has_comments {
        COMMENT
    } else {
        Duration::ZERO
    };
    let in_ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    json!({"dev.propylon/stream": {"events": 1, "first_delay_ms": in_ms(lasts), "comment_ms": in_ms(comment)}})
}

/// A session whose GET stream emits after the quiet time. Of a few, one whose requests reach its instance: that others
/// do not is not this measurement's to tell.
async fn legacy_request(lab: &Lab, schedule: &Value) -> Result<Request, Trouble> {
    let mut session = Session::open_with(lab, schedule).await?;
    for _ in 0..SESSIONS_MAX {
        let ping = json!({"jsonrpc": "2.0", "id": lab.next_id(), "method": "ping"});
        let answer = lab.settle(&session.request(lab, &ping), lab.soon()).await;
        if answer.is_ok_and(|answer| answer.status() == 200) {
            break;
        }
        session = Session::open_with(lab, schedule).await?;
    }
    Ok(session.get(lab))
}

async fn watch(
    lab: &Lab,
    (label, has_comments): (&'static str, bool),
    request: &Request,
    lasts: Duration,
) -> Result<QuietStream, Trouble> {
    let mut stream = lab.stream(request).await?;
    let since = stream.head.at;
    let due = since + lasts + LATE;
    let mut seen = QuietStream {
        label,
        has_comments,
        comments: Vec::new(),
        event: None,
        ended: None,
        silence: Duration::ZERO,
    };
    let mut last = Duration::ZERO;
    while Instant::now() < due {
        let left = due.saturating_duration_since(Instant::now());
        let at = match stream.next(left).await {
            Err(Trouble::Silent { .. }) => break,
            Err(error) => {
                seen.ended = Some((since.elapsed(), error.to_string()));
                break;
            }
            Ok(None) => {
                seen.ended = Some((since.elapsed(), ending(&stream)));
                break;
            }
            Ok(Some(arrived)) => {
                let at = arrived.at.saturating_duration_since(since);
                match arrived.item {
                    Item::Comment(_) => seen.comments.push(at),
                    Item::Event(event) if is_emission(&event.data) => seen.event = Some(at),
                    Item::Event(_) => {}
                }
                at
            }
        };
        seen.silence = seen.silence.max(at.saturating_sub(last));
        last = at;
        if seen.event.is_some() {
            break;
        }
    }
    let until = seen.ended.as_ref().map_or(since.elapsed(), |(at, _)| *at);
    seen.silence = seen
        .silence
        .max(seen.event.unwrap_or(until).saturating_sub(last));
    Ok(seen)
}

fn ending(stream: &Stream) -> String {
    stream
        .ending()
        .map_or_else(|| "open".into(), crate::wire::Ending::describe)
}

fn is_emission(data: &str) -> bool {
    serde_json::from_str(data).is_ok_and(|message: Value| emission(&message).is_some())
}

//! `subscriptions/listen`: the long-lived stream of the modern era (2026-07-28 subscriptions).

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::broadcast;

use super::call::Call;
use super::census::Gauge;
use super::dialogue::refuse;
use super::emission::{Notice, Schedule};
use super::get_stream::event_stream_head;
use super::legacy::schedule;
use super::message::{MISSING_CAPABILITY, Refusal, result, stamp_result};
use super::outlet::{Disconnection, Outlet, Stopped};
use super::stream_log::{COMMENT, frame};
use super::wire::Wire;

/// URIs and task ids of one subscription, at most.
const SUBJECTS_MAX: usize = 64;
/// How often the tasks subscribed to are looked at.
const TASK_LOOK: Duration = Duration::from_millis(100);

/// What was asked for and is given.
struct Subscription {
    id: Value,
    granted: Map<String, Value>,
    uris: Vec<String>,
    task_ids: Vec<String>,
    schedule: Schedule,
}

fn read(call: &Call<'_>) -> Result<Subscription, Refusal> {
    let filter = call.params.object("notifications");
    let filter = filter
        .ok_or_else(|| Refusal::params("subscriptions/listen needs a notifications object"))?;
    let list = |name: &str| -> Result<Vec<String>, Refusal> {
        let Some(value) = filter.value(name) else {
            return Ok(Vec::new());
        };
        let list: Option<Vec<String>> = serde_json::from_value(value).ok();
        list.filter(|list| list.len() <= SUBJECTS_MAX)
            .ok_or_else(|| {
                Refusal::params(format!(
                    "{name} must be a list of at most {SUBJECTS_MAX} strings"
                ))
            })
    };
    let (uris, mut task_ids) = (list("resourceSubscriptions")?, list("taskIds")?);
    if !task_ids.is_empty() && !call.takes_tasks() {
        return Err(missing_tasks());
    }
    let now = Instant::now();
    task_ids.retain(|id| call.place.instance.tasks().find(id, now).is_some());
    let mut granted = Map::new();
    for name in [
        "toolsListChanged",
        "promptsListChanged",
        "resourcesListChanged",
    ] {
        if filter.raw(name) == Some("true") {
            granted.insert(name.into(), json!(true));
        }
    }
    if !uris.is_empty() {
        granted.insert("resourceSubscriptions".into(), json!(uris));
    }
    if !task_ids.is_empty() {
        granted.insert("taskIds".into(), json!(task_ids));
    }
    let mut schedule = schedule(call)?.unwrap_or_else(Schedule::silent);
    if uris.is_empty() && !granted.contains_key("toolsListChanged") {
        // Only what was asked for may be sent (2026-07-28 subscriptions, Opening a Stream).
        schedule.events = 0;
    }
    Ok(Subscription {
        id: call.id.clone(),
        granted,
        uris,
        task_ids,
        schedule,
    })
}

/// The refusal of a client that does not declare the tasks extension.
pub(crate) fn missing_tasks() -> Refusal {
    let data =
        json!({"requiredCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}}});
    Refusal::new(
        400,
        MISSING_CAPABILITY,
        "Missing required client capability",
    )
    .with(data)
}

/// Opens the stream and keeps it until the client closes it or its time is over; returns the status.
pub(crate) async fn listen<W: Wire>(call: &Call<'_>, wire: &mut W) -> u16 {
    let prepared = read(call).and_then(|subscription| Ok((subscription, call.record(false)?)));
    let (subscription, record) = match prepared {
        Ok(prepared) => prepared,
        Err(refusal) => {
            refuse(wire, &refusal, Some(&call.id)).await;
            return refusal.status;
        }
    };
    let fleet = &call.place.fleet;
    let _gauge = Gauge::raise(&call.place.instance.census.listen_streams);
    let mut nudges = fleet.nudges.subscribe();
    let mut outlet = Outlet::direct(wire, Disconnection::Cancels, fleet.clock, record);
    let lasts = subscription
        .schedule
        .lasts
        .unwrap_or(fleet.options.limits.exchange);
    if keep(
        call,
        &subscription,
        Instant::now() + lasts,
        &mut nudges,
        &mut outlet,
    )
    .await
    .is_ok()
    {
        outlet.complete();
    }
    200
}

async fn keep<W: Wire>(
    call: &Call<'_>,
    subscription: &Subscription,
    until: Instant,
    nudges: &mut broadcast::Receiver<()>,
    outlet: &mut Outlet<'_, W>,
) -> Result<(), Stopped> {
    outlet
        .head(event_stream_head(subscription.schedule.accel))
        .await?;
    let meta = json!({"io.modelcontextprotocol/subscriptionId": subscription.id});
    let acknowledged = json!({
        "jsonrpc": "2.0",
        "method": "notifications/subscriptions/acknowledged",
        "params": {"_meta": meta.clone(), "notifications": subscription.granted},
    });
    send(outlet, &acknowledged).await?;
    let mut moments = Moments::new(&subscription.schedule);
    let mut quiet_since = Instant::now();
    let mut told: Vec<Value> = vec![Value::Null; subscription.task_ids.len()];
    loop {
        tell_tasks(call, subscription, &mut told, outlet).await?;
        let now = Instant::now();
        if now >= until {
            break;
        }
        if moments.due(now) {
            emit(call, subscription, moments.advance(), outlet).await?;
            quiet_since = Instant::now();
            continue;
        }
        let mut pause = moments.next(until).saturating_duration_since(now);
        if !subscription.task_ids.is_empty() {
            pause = pause.min(TASK_LOOK);
        }
        if let Some(comment) = subscription.schedule.comment {
            pause = pause.min(comment.saturating_sub(quiet_since.elapsed()));
        }
        // Nothing is written in here, for the wait may be dropped half way.
        let nudged = tokio::select! {
            waited = outlet.wait(pause, None) => { waited?; false }
            nudge = nudges.recv() => nudge.is_ok(),
        };
        if subscription
            .schedule
            .comment
            .is_some_and(|comment| quiet_since.elapsed() >= comment)
        {
            outlet.raw(COMMENT).await?;
            quiet_since = Instant::now();
        }
        if nudged && subscription.granted.contains_key("toolsListChanged") {
            emit(call, subscription, moments.count(), outlet).await?;
        }
    }
    let mut members = Map::new();
    members.insert("_meta".into(), meta);
    stamp_result(&mut members, true, &call.place.instance.name);
    send(outlet, &result(&call.id, Value::Object(members))).await?;
    outlet.finish().await
}

async fn send<W: Wire>(outlet: &mut Outlet<'_, W>, message: &Value) -> Result<(), Stopped> {
    let bytes: Bytes = frame(None, "message", &message.to_string());
    outlet.event(|_| bytes).await.map(drop)
}

async fn emit<W: Wire>(
    call: &Call<'_>,
    subscription: &Subscription,
    n: u64,
    outlet: &mut Outlet<'_, W>,
) -> Result<(), Stopped> {
    let notice = match subscription.uris.first() {
        Some(uri) => Notice::Updated(uri.clone(), subscription.id.clone()),
        None => Notice::ListChanged(subscription.id.clone()),
    };
    let total = subscription.schedule.events;
    let clock = call.place.fleet.clock;
    let make = |_: Option<&str>| {
        frame(
            None,
            "message",
            &notice.json(n, total, clock.stamp(), "").to_string(),
        )
    };
    outlet.event(make).await.map(drop)
}

/// Sends the state of each task subscribed to when it is another than was last told.
async fn tell_tasks<W: Wire>(
    call: &Call<'_>,
    subscription: &Subscription,
    told: &mut [Value],
    outlet: &mut Outlet<'_, W>,
) -> Result<(), Stopped> {
    for (id, told) in subscription.task_ids.iter().zip(told) {
        let now = Instant::now();
        let Some(mut task) = call
            .place
            .instance
            .tasks()
            .find(id, now)
            .map(|task| task.json(now, true))
        else {
            continue;
        };
        let status = task.get("status").cloned().unwrap_or_default();
        if status == *told {
            continue;
        }
        *told = status;
        task.insert(
            "_meta".into(),
            json!({"io.modelcontextprotocol/subscriptionId": subscription.id}),
        );
        send(
            outlet,
            &json!({"jsonrpc": "2.0", "method": "notifications/tasks", "params": task}),
        )
        .await?;
    }
    Ok(())
}

/// When the scheduled emissions are due.
struct Moments {
    left: u64,
    sent: u64,
    at: Instant,
    interval: Duration,
}

impl Moments {
    fn new(schedule: &Schedule) -> Self {
        Self {
            left: schedule.events,
            sent: 0,
            at: Instant::now() + schedule.first_delay,
            interval: schedule.interval,
        }
    }

    fn due(&self, now: Instant) -> bool {
        self.left > 0 && now >= self.at
    }

    /// Takes the emission that is due and returns its number.
    fn advance(&mut self) -> u64 {
        self.left = self.left.saturating_sub(1);
        self.at += self.interval;
        self.count()
    }

    /// Numbers an emission that is out of turn.
    fn count(&mut self) -> u64 {
        self.sent += 1;
        self.sent
    }

    fn next(&self, until: Instant) -> Instant {
        if self.left > 0 {
            self.at.min(until)
        } else {
            until
        }
    }
}

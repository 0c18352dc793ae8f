//! Event streams of known rhythm, next to small calls that tell what the chain takes at the same moment.

use std::rc::Rc;
use std::time::{Duration, Instant};

use propylon_mcp::sse::Item;
use serde_json::{Value, json};

use super::delay::Delays;
use super::latency::{Latency, Pinger};
use crate::judge::Turn;
use crate::lab::Lab;
use crate::talk::{Voice, emission};
use crate::timeline::{EventPoint, StreamLine, milliseconds};
use crate::wire::Trouble;

/// What one stream showed.
#[derive(Clone, Debug)]
pub(crate) struct PacedStream {
    pub(crate) label: String,
    /// From the request's last byte to the head's.
    pub(crate) head_after: Duration,
    pub(crate) delays: Delays,
    /// Events asked for.
    pub(crate) expected: usize,
    /// The first event was held back.
    pub(crate) is_held: bool,
}

/// All streams, and the small calls made meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Paced {
    pub(crate) streams: Vec<PacedStream>,
    /// How long the probe held the first event back on the streams that say so.
    pub(crate) held: Duration,
    pub(crate) latency: Latency,
}

impl Paced {
    /// How late three bursts in four are at most on the slowest stream that is not held back.
    pub(crate) fn pace(&self) -> Duration {
        let streams = self.streams.iter().filter(|stream| !stream.is_held);
        streams
            .map(|stream| stream.delays.bursts(INTERVAL / 2).at(75))
            .max()
            .unwrap_or_default()
    }
}

/// How far apart events leave.
pub(crate) const INTERVAL: Duration = Duration::from_millis(150);
/// How long the first event is held back.
const HELD: Duration = Duration::from_millis(2_500);

/// The measurement, made once for each turn.
pub(crate) async fn paced(lab: &Rc<Lab>, turn: Turn) -> Result<&Paced, Trouble> {
    let cell = match turn {
        Turn::First => &lab.measured.paced,
        Turn::Second => &lab.measured.paced_again,
    };
    cell.get_or_init(|| measure(lab))
        .await
        .as_ref()
        .map_err(Clone::clone)
}

struct Plan {
    label: &'static str,
    arguments: Value,
    events: usize,
}

fn plans() -> Vec<Plan> {
    let interval = 150;
    let plan = |label, events: usize, mut arguments: Value| {
        if let Some(members) = arguments.as_object_mut() {
            members.insert("events".into(), json!(events));
        }
        Plan {
            label,
            arguments,
            events,
        }
    };
    vec![
        plan("one event at a time", 20, json!({"interval_ms": interval})),
        plan(
            "one event at a time, without X-Accel-Buffering",
            20,
            json!({"interval_ms": interval, "accel_header": false, "prime": false}),
        ),
        plan(
            "bursts of four",
            48,
            json!({"interval_ms": 250, "burst": 4, "size": 200}),
        ),
        plan(
            "first event held back",
            2,
            json!({"interval_ms": interval, "first_delay_ms": 2_500, "prime": false}),
        ),
        plan(
            "first event held back, without X-Accel-Buffering",
            2,
            json!({"interval_ms": interval, "first_delay_ms": 2_500, "accel_header": false, "prime": false}),
        ),
    ]
}

async fn measure(lab: &Rc<Lab>) -> Result<Paced, Trouble> {
    let voices = lab.voices().await?;
    let pinger = Pinger::start(lab, lab.voice().await?);
    let mut running = Vec::new();
    for voice in &voices {
        for plan in plans() {
            let (lab, voice) = (Rc::clone(lab), voice.clone());
            running.push(tokio::task::spawn_local(async move {
                one(&lab, &voice, plan).await
            }));
        }
    }
    let mut streams = Vec::new();
    let mut trouble = None;
    for stream in running {
        match stream.await {
            Ok(Ok(stream)) => streams.push(stream),
            Ok(Err(error)) => trouble = Some(error),
            Err(error) => trouble = Some(Trouble::unexpected(error.to_string())),
        }
    }
    let latency = pinger.finish().await?;
    if let (true, Some(trouble)) = (streams.is_empty(), trouble) {
        return Err(trouble);
    }
    Ok(Paced {
        streams,
        held: HELD,
        latency,
    })
}

async fn one(lab: &Lab, voice: &Voice, plan: Plan) -> Result<PacedStream, Trouble> {
    let request = voice.streaming_tool(lab, "stream", plan.arguments);
    let mut stream = lab.stream(&request).await?;
    let mut emissions = Vec::new();
    let mut last = None;
    let due = Instant::now() + Duration::from_secs(30);
    while Instant::now() < due {
        let Some(arrived) = stream.next(lab.soon()).await? else {
            break;
        };
        let Item::Event(event) = arrived.item else {
            continue;
        };
        let Ok(message) = serde_json::from_str::<Value>(&event.data) else {
            continue;
        };
        match emission(&message) {
            Some(emission) => emissions.push((emission, arrived.at)),
            None if message.get("result").is_some() => last = Some(message),
            None => {}
        }
    }
    let label = format!("{} ({})", plan.label, voice.era());
    let result = last.ok_or_else(|| {
        Trouble::unexpected(format!("{label}: the stream ended without its result"))
    })?;
    let received = result
        .pointer("/result/structuredContent/received/at_ns")
        .and_then(Value::as_u64)
        .ok_or_else(|| Trouble::unexpected(format!("{label}: the result has no clock")))?;
    let instance = result
        .pointer("/result/structuredContent/instance")
        .and_then(Value::as_str);
    let delays = Delays::new(stream.sent, received, &emissions);
    let head_after = stream.head.at.saturating_duration_since(stream.sent);
    lab.timeline.borrow_mut().streams.push(StreamLine {
        label: label.clone(),
        http: lab.http(),
        instance: instance.unwrap_or("?").to_owned(),
        head_ms: milliseconds(head_after),
        events: delays
            .events
            .iter()
            .map(|event| EventPoint {
                emitted_ms: milliseconds(event.emitted),
                arrived_ms: milliseconds(event.arrived),
            })
            .collect(),
    });
    Ok(PacedStream {
        label,
        head_after,
        delays,
        expected: plan.events,
        is_held: plan.label.starts_with("first event held back"),
    })
}

//! `http2-stream-limit`: more streams of one client than the usual limit of 100, at the same time.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;
use crate::wire::{Client, Trouble};

pub(super) const CHECK: Check = Check {
    id: "http2-stream-limit",
    needs: &[Need::Probe],
    stage: Stage::Heavy,
    run: |lab| Box::pin(run(lab)),
};

const STREAMS: usize = 128;
/// How long the probe keeps each open.
const OPEN_SECONDS: u64 = 10;
/// Within this each must have carried its event while all others stay open.
const PATIENCE: Duration = Duration::from_secs(5);

async fn run(lab: Rc<Lab>) -> Checked {
    let voice = lab.voice().await?;
    let client = Rc::new(lab.client().await?);
    let mut running = Vec::new();
    let (due, open) = (Instant::now() + PATIENCE, Rc::new(Cell::new(0)));
    for _ in 0..STREAMS {
        let (lab, voice, open) = (Rc::clone(&lab), voice.clone(), Rc::clone(&open));
        let client = Rc::clone(&client);
        running.push(tokio::task::spawn_local(async move {
            carries(&lab, &client, &voice, due, &open).await
        }));
    }
    let mut carried = 0;
    let mut first_refusal = None;
    for stream in running {
        match stream.await {
            Ok(Ok(())) => carried += 1,
            Ok(Err(error)) => drop(first_refusal.get_or_insert(error.to_string())),
            Err(error) => drop(first_refusal.get_or_insert(error.to_string())),
        }
    }
    let limit = client.streams_max();
    let connections = match limit {
        None => "as many HTTP/1.1 connections",
        Some(_) => "one HTTP/2 connection",
    };
    let outcome = if carried == STREAMS {
        Outcome::pass(format!(
            "{STREAMS} concurrent streams of one client carried their event"
        ))
    } else {
        Outcome::fail("not all concurrent streams of one client are served")
    };
    let found = match first_refusal {
        Some(refusal) => format!("{carried}; first refusal: {refusal}"),
        None => carried.to_string(),
    };
    let outcome = outcome.saw(
        format!("concurrent streams over {connections} that carried an event"),
        STREAMS.to_string(),
        found,
    );
    Ok(match limit {
        None => outcome,
        Some(limit) => outcome.saw(
            "streams that the server allows on a connection (SETTINGS_MAX_CONCURRENT_STREAMS)",
            format!("{STREAMS} or more"),
            allowed(limit),
        ),
    })
}

/// A limit for a person; a server that sets none leaves the largest number there is.
fn allowed(limit: usize) -> String {
    match u32::try_from(limit) {
        Ok(u32::MAX) | Err(_) => "no limit".into(),
        Ok(limit) => limit.to_string(),
    }
}

/// Opens a stream, reads its event, and holds it until all are open or the time is over: a stream that only waited for
/// another to end was not served beside it.
async fn carries(
    lab: &Lab,
    client: &Client,
    voice: &Voice,
    due: Instant,
    open: &Cell<usize>,
) -> Result<(), Trouble> {
    let request = voice.streaming_tool(
        lab,
        "quiet_stream",
        json!({"seconds": OPEN_SECONDS, "before": 1, "after": 0}),
    );
    let opened = async {
        let mut stream = lab.stream_of(client, &request).await?;
        let event = stream.emission(lab.soon()).await?;
        event.ok_or_else(|| Trouble::unexpected("the stream ended without an event"))?;
        Ok(stream)
    };
    let held = tokio::time::timeout_at(due.into(), opened).await;
    let late = || Trouble::unexpected(format!("no event within {} s", PATIENCE.as_secs()));
    let _held = held.map_err(|_| late())??;
    open.set(open.get() + 1);
    while open.get() < STREAMS && Instant::now() < due {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

//! `http2-stream-limit`: more streams of one client than the usual limit of 100, at the same time.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "http2-stream-limit",
    needs: &[Need::Probe],
    stage: Stage::Heavy,
    run: |lab| Box::pin(run(lab)),
};

const STREAMS: usize = 128;
/// How long each stays open after its event, so that all are open together.
const OPEN_SECONDS: u64 = 3;

async fn run(lab: Rc<Lab>) -> Checked {
    let voice = lab.voice().await?;
    let mut running = Vec::new();
    for _ in 0..STREAMS {
        let (lab, voice) = (Rc::clone(&lab), voice.clone());
        running.push(tokio::task::spawn_local(async move {
            carries(&lab, &voice).await
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
    let outcome = if carried == STREAMS {
        Outcome::pass(format!(
            "{STREAMS} concurrent streams over as many HTTP/1.1 connections carried their event; HTTP/2 was not tried"
        ))
    } else {
        Outcome::fail("not all concurrent streams of one client are served")
    };
    let found = match first_refusal {
        Some(refusal) => format!("{carried}; first refusal: {refusal}"),
        None => carried.to_string(),
    };
    Ok(outcome.saw(
        "concurrent streams that carried an event",
        STREAMS.to_string(),
        found,
    ))
}

async fn carries(lab: &Lab, voice: &Voice) -> Result<(), Trouble> {
    let request = voice.streaming_tool(
        lab,
        "quiet_stream",
        json!({"seconds": OPEN_SECONDS, "before": 1, "after": 0}),
    );
    let mut stream = lab.stream(&request).await?;
    let event = stream.emission(lab.soon()).await?;
    event.ok_or_else(|| Trouble::unexpected("the stream ended without an event"))?;
    // Held until every other stream is open too.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    Ok(())
}

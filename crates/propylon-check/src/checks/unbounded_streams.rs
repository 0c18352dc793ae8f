//! `unbounded-streams`: more streams than the operator means to allow, and how the rest are refused.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::wire::{Head, Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "unbounded-streams",
    needs: &[Need::Probe],
    stage: Stage::Heavy,
    run: |lab| Box::pin(run(lab)),
};

/// Streams opened over the limit.
const SURPLUS: usize = 10;

async fn run(lab: Rc<Lab>) -> Checked {
    let Some(limit) = lab.options.streams_limit else {
        return Ok(Outcome::not_seen(
            "streams are not opened without end unasked",
            "the limit that is meant to hold: --streams-limit 100",
        ));
    };
    let voice = lab.voice().await?;
    let client = lab.client().await?;
    let mut open = Vec::new();
    let mut refused = Vec::new();
    for _ in 0..limit + SURPLUS {
        let request =
            voice.streaming_tool(&lab, "quiet_stream", json!({"seconds": 60, "before": 1}));
        let mut connection = client.connect().await?;
        let sent = connection.send(&request).await?;
        let head = connection.head("POST", lab.soon()).await?;
        if head.status == 200 {
            open.push(connection);
        } else {
            let described = refusal(&mut connection, head, sent, &lab).await?;
            refused.push(described);
        }
    }
    let beside = lab.ask(&voice.tool(&lab, "whoami", json!({}))).await?;
    let count = open.len();
    drop(open);
    Ok(judge(limit, count, &refused, beside.status()))
}

/// How a stream was refused: its head, and whether a reason came with it.
struct Refusal {
    head: Head,
    has_reason: bool,
}

async fn refusal(
    connection: &mut crate::wire::Connection,
    head: Head,
    sent: std::time::Instant,
    lab: &Lab,
) -> Result<Refusal, Trouble> {
    let response = Response::rest(connection, head, sent, lab.soon()).await?;
    let has_reason = !response.body.is_empty();
    Ok(Refusal {
        head: response.head,
        has_reason,
    })
}

fn judge(limit: usize, open: usize, refused: &[Refusal], beside: u16) -> Outcome {
    let mut faults = Vec::new();
    if open > limit {
        faults.push(Evidence::new(
            format!("streams open at once, of {}", limit + SURPLUS),
            limit.to_string(),
            open.to_string(),
        ));
    }
    for refusal in refused
        .iter()
        .filter(|refusal| !matches!(refusal.head.status, 429 | 503) || !refusal.has_reason)
        .take(3)
    {
        let reason = if refusal.has_reason {
            "with a body"
        } else {
            "without a reason"
        };
        faults.push(Evidence::new(
            "refusal of a stream over the limit",
            "429 or 503 with a reason",
            format!("{}, {reason}", refusal.head.describe()),
        ));
    }
    if beside != 200 {
        faults.push(Evidence::new(
            "a plain call meanwhile",
            "200",
            format!("HTTP {beside}"),
        ));
    }
    Outcome::of_faults(
        faults,
        "streams have no limit, or are refused without a word",
        format!(
            "{open} streams were open, and {} refused with a reason",
            refused.len()
        ),
    )
}

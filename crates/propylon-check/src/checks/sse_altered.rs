//! `sse-altered`: the bytes of a stream with ids, `retry`, comments and a large event, against what the probe wrote.

use std::rc::Rc;
use std::time::Duration;

use propylon_mcp::sse::{Item, Parser};
use propylon_practices::Evidence;
use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Voice, emission};
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "sse-altered",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

const RETRY: Duration = Duration::from_millis(1_500);
const LARGE: usize = 1 << 20;

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    for voice in lab.voices().await? {
        let forms = json!({"events": 4, "interval_ms": 120, "retry_ms": 1_500, "comment_ms": 50});
        faults.extend(
            one(
                &lab,
                &voice,
                "retry, comments and small events",
                forms,
                true,
            )
            .await?,
        );
        let large = json!({"events": 2, "interval_ms": 0, "size": LARGE});
        faults.extend(one(&lab, &voice, "events of 1 MiB", large, false).await?);
    }
    Ok(Outcome::of_faults(
        faults,
        "event streams are changed on their way",
        "event streams crossed byte for byte, ids, `retry` and comments included",
    ))
}

async fn one(
    lab: &Lab,
    voice: &Voice,
    what: &str,
    arguments: Value,
    has_marks: bool,
) -> Result<Vec<Evidence>, Trouble> {
    let mut stream = lab
        .stream(&voice.streaming_tool(lab, "stream", arguments))
        .await?;
    let (_, last) = stream.drain(lab.soon()).await?;
    let last = last.ok_or_else(|| Trouble::unexpected("the stream ended without its result"))?;
    let written: Vec<u64> = last
        .pointer("/result/structuredContent/emissions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|emission| emission.get("bytes")?.as_u64())
        .collect();
    let is_legacy = matches!(voice, Voice::Legacy(_));
    Ok(judge(
        &format!("{what} ({})", voice.era()),
        &stream.raw,
        &written,
        is_legacy,
        has_marks,
    ))
}

fn judge(
    what: &str,
    raw: &[u8],
    written: &[u64],
    is_legacy: bool,
    has_marks: bool,
) -> Vec<Evidence> {
    let mut faults = Vec::new();
    let arrived = emission_bytes(raw);
    if arrived != written {
        faults.push(Evidence::new(
            format!("bytes of each event: {what}"),
            format!("{written:?}"),
            format!("{arrived:?}"),
        ));
    }
    let items = Parser::with_limit(raw.len() + 1)
        .push(raw)
        .unwrap_or_default();
    let without_id = items
        .iter()
        .filter(|item| matches!(item, Item::Event(event) if event.id.is_none()))
        .count();
    if is_legacy && without_id > 0 {
        faults.push(Evidence::new(
            format!("events without the id they were sent with: {what}"),
            "0",
            without_id.to_string(),
        ));
    }
    if has_marks {
        let text = String::from_utf8_lossy(raw);
        let retried = text
            .lines()
            .any(|line| line == format!("retry: {}", RETRY.as_millis()));
        if !retried {
            faults.push(Evidence::new(
                format!("retry field: {what}"),
                format!("retry: {}", RETRY.as_millis()),
                "nothing",
            ));
        }
        if !text.contains(": still here") {
            faults.push(Evidence::new(
                format!("the server's comments: {what}"),
                ": still here",
                "nothing",
            ));
        }
    }
    faults
}

/// The bytes of each event that is an emission, blank line included, comments before it left out.
fn emission_bytes(raw: &[u8]) -> Vec<u64> {
    let text = String::from_utf8_lossy(raw);
    text.split_inclusive("\n\n")
        .filter_map(|block| {
            let mut parser = Parser::with_limit(block.len() + 1);
            let items = parser.push(block.as_bytes()).ok()?;
            let is_emission = items.iter().any(|item| match item {
                Item::Event(event) => serde_json::from_str(&event.data)
                    .is_ok_and(|message: Value| emission(&message).is_some()),
                Item::Comment(_) => false,
            });
            // Between events are only the comments before the first line of this one.
            let comments: usize = block
                .split_inclusive('\n')
                .take_while(|line| line.starts_with(':'))
                .map(str::len)
                .sum();
            is_emission.then(|| u64::try_from(block.len() - comments).unwrap_or(u64::MAX))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::judge;

    const EVENT: &str = "id: s-1\nevent: message\ndata: {\"method\":\"notifications/message\",\"params\":{\"data\":{\"n\":1,\"at_ns\":5}}}\n\n";

    #[test]
    fn bytes_ids_and_marks_are_compared() {
        let written = [EVENT.len() as u64];
        let whole = format!("retry: 1500\n\n: still here\n\n: added\n\n{EVENT}");
        assert!(judge("x", whole.as_bytes(), &written, true, true).is_empty());
        let rewritten = EVENT.replace("event: message\n", "");
        assert_eq!(
            judge("x", rewritten.as_bytes(), &written, true, false).len(),
            1
        );
        let without_id = EVENT.replace("id: s-1\n", "");
        assert_eq!(
            judge("x", without_id.as_bytes(), &written, true, false).len(),
            2
        );
        assert_eq!(judge("x", EVENT.as_bytes(), &written, true, true).len(), 2);
    }
}

//! `rate-limit-shape`: how a burst of calls is refused, if it is.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::options::Profile;
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;
use crate::wire::{Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "rate-limit-shape",
    needs: &[Need::Mcp],
    stage: Stage::Heavy,
    run: |lab| Box::pin(run(lab)),
};

const AT_ONCE: usize = 20;
/// Quiet streams that must not use the limit up.
const STREAMS: usize = 10;

async fn run(lab: Rc<Lab>) -> Checked {
    let most = if lab.options.profile == Profile::Quick {
        200
    } else {
        500
    };
    let voice = lab.voice().await?;
    let mut sent = 0;
    while sent < most {
        let answers = burst(&lab, &voice).await;
        sent += AT_ONCE;
        let refusal = answers
            .iter()
            .find(|answer| matches!(answer.status(), 403 | 420..=599));
        if let Some(refusal) = refusal {
            return Ok(judge(sent, refusal));
        }
    }
    if !lab.facts.is_probe {
        return Ok(Outcome::not_applicable(format!(
            "nothing refused in {sent} calls"
        )));
    }
    Ok(beside_streams(&lab, &voice).await?.unwrap_or_else(|| {
        Outcome::not_applicable(format!(
            "nothing refused in {sent} calls, nor beside {STREAMS} open streams"
        ))
    }))
}

async fn burst(lab: &Rc<Lab>, voice: &Voice) -> Vec<Response> {
    let mut running = Vec::new();
    for _ in 0..AT_ONCE {
        let (lab, voice) = (Rc::clone(lab), voice.clone());
        running.push(tokio::task::spawn_local(async move {
            let method = if matches!(voice, Voice::Modern) {
                "server/discover"
            } else {
                "ping"
            };
            lab.settle(&voice.request(&lab, method, json!({})), lab.soon())
                .await
        }));
    }
    let mut answers = Vec::new();
    for call in running {
        if let Ok(Ok(answer)) = call.await {
            answers.push(answer);
        }
    }
    answers
}

fn judge(sent: usize, refusal: &Response) -> Outcome {
    let retry = refusal.head.get("retry-after");
    let found = format!(
        "HTTP {}, Retry-After: {}",
        refusal.status(),
        retry.as_deref().unwrap_or("none")
    );
    let line = Evidence::new(
        format!("refusal after about {sent} calls"),
        "429 with Retry-After",
        found,
    );
    if refusal.status() == 429 && retry.is_some() {
        Outcome::pass("calls over the limit are told to come again, and when").with(vec![line])
    } else {
        Outcome::fail("calls over the limit are refused in a way clients cannot act on")
            .with(vec![line])
    }
}

/// Opens quiet streams and calls beside them; an outcome only if that is refused.
async fn beside_streams(lab: &Rc<Lab>, voice: &Voice) -> Result<Option<Outcome>, Trouble> {
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        let request = voice.streaming_tool(lab, "quiet_stream", json!({"seconds": 5, "before": 1}));
        streams.push(lab.stream(&request).await?);
    }
    let answers = burst(lab, voice).await;
    drop(streams);
    Ok(answers
        .iter()
        .find(|answer| answer.status() == 429)
        .map(|refusal| {
            Outcome::fail("open streams use up the rate limit").saw(
                format!("a call beside {STREAMS} quiet streams"),
                "its answer",
                refusal.head.describe(),
            )
        }))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use propylon_practices::Verdict;

    use super::judge;
    use crate::wire::{Ending, Head, Response};

    #[test]
    fn a_refusal_says_when_to_come_again() {
        let check = |status: u16, lines: &[(&str, &str)], expected: Verdict| {
            let at = Instant::now();
            let lines = lines
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
            let head = Head {
                status,
                lines: lines.collect(),
                at,
            };
            let response = Response {
                head,
                body: Vec::new(),
                ending: Ending::Whole,
                sent: at,
                done: at,
            };
            assert_eq!(judge(40, &response).verdict, expected);
        };
        check(429, &[("Retry-After", "3")], Verdict::Pass);
        check(429, &[], Verdict::Fail);
        check(503, &[("Retry-After", "3")], Verdict::Fail);
    }
}

//! `trace-context-lost`: the trace a request belongs to, in headers and in `_meta`.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Report, Voice};

pub(super) const CHECK: Check = Check {
    id: "trace-context-lost",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const STATE: &str = "propylon=canary";
const BAGGAGE: &str = "propylon-canary=1";

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    for voice in lab.voices().await? {
        let copies = json!({"traceparent": PARENT, "tracestate": STATE, "baggage": BAGGAGE});
        let params = json!({"name": "echo_request", "arguments": {}, "_meta": copies});
        let request = voice
            .request(&lab, "tools/call", params)
            .with("traceparent", PARENT)
            .with("tracestate", STATE)
            .with("baggage", BAGGAGE);
        let report = lab.report("echo_request", &request).await?;
        faults.extend(judge(&voice, &report));
    }
    Ok(Outcome::of_faults(
        faults,
        "the trace of a request is lost on its way",
        "the trace arrived in headers and in `_meta`",
    ))
}

fn judge(voice: &Voice, report: &Report) -> Vec<Evidence> {
    let fault = |what: &str, expected: &str, found: &[String]| {
        Evidence::new(
            format!("{what} ({})", voice.era()),
            expected,
            found.join(" | "),
        )
    };
    let mut faults = Vec::new();
    let parent = report.header("traceparent");
    if !matches!(parent.as_slice(), [one] if one.split('-').nth(1) == Some(TRACE)) {
        faults.push(fault("traceparent", PARENT, &parent));
    }
    for (name, entry) in [("tracestate", STATE), ("baggage", BAGGAGE)] {
        let values = report.header(name);
        let kept = values
            .iter()
            .flat_map(|value| value.split(','))
            .any(|each| each.trim() == entry);
        if !kept {
            faults.push(fault(name, entry, &values));
        }
    }
    for (name, sent) in [
        ("traceparent", PARENT),
        ("tracestate", STATE),
        ("baggage", BAGGAGE),
    ] {
        let copy = report
            .at(&format!("/message/meta/{name}"))
            .and_then(Value::as_str);
        if copy != Some(sent) {
            faults.push(fault(
                &format!("_meta {name}"),
                sent,
                &[copy.unwrap_or("nothing").to_owned()],
            ));
        }
    }
    faults
}

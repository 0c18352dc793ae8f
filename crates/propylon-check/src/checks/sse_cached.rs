//! `sse-cached`: the same request from several clients, and whether each gets an answer of its own.

use std::collections::BTreeSet;
use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Report;
use crate::wire::{Head, Request, Trouble};

pub(super) const CHECK: Check = Check {
    id: "sse-cached",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

/// The same bytes are sent this often, at once and one after the other.
const SENT: usize = 4;

async fn run(lab: Rc<Lab>) -> Checked {
    let voice = lab.voice().await?;
    let mut faults = Vec::new();
    for form in ["sse", "json"] {
        let params = json!({"name": "cacheable", "arguments": {"as": form}, "_meta": {"io.modelcontextprotocol/logLevel": "info"}});
        let request = voice.request(&lab, "tools/call", params);
        faults.extend(same_request(&lab, form, &request).await?);
    }
    Ok(Outcome::of_faults(
        faults,
        "an answer is given to clients it was not made for",
        "every client got an answer of its own",
    ))
}

async fn same_request(
    lab: &Rc<Lab>,
    form: &str,
    request: &Request,
) -> Result<Vec<Evidence>, Trouble> {
    let mut running = Vec::new();
    for _ in 0..SENT / 2 {
        let (lab, request) = (Rc::clone(lab), request.clone());
        running.push(tokio::task::spawn_local(async move {
            lab.report("cacheable", &request).await
        }));
    }
    let mut reports = Vec::new();
    for report in running {
        reports.push(
            report
                .await
                .map_err(|error| Trouble::unexpected(error.to_string()))??,
        );
    }
    for _ in 0..SENT / 2 {
        reports.push(lab.report("cacheable", request).await?);
    }
    let mut faults: Vec<Evidence> = judge_nonces(form, &reports).into_iter().collect();
    faults.extend(
        reports
            .iter()
            .find_map(|report| cache_mark(&report.response.head))
            .map(|mark| {
                Evidence::new(
                    format!("marks of a cache on an answer ({form})"),
                    "none",
                    mark,
                )
            }),
    );
    Ok(faults)
}

fn judge_nonces(form: &str, reports: &[Report]) -> Option<Evidence> {
    let nonces: BTreeSet<&str> = reports
        .iter()
        .filter_map(|report| report.at("/nonce").and_then(Value::as_str))
        .collect();
    (nonces.len() != reports.len()).then(|| {
        Evidence::new(
            format!(
                "different answers to the same request, sent {} times ({form})",
                reports.len()
            ),
            reports.len().to_string(),
            nonces.len().to_string(),
        )
    })
}

/// A header that says that a cache answered.
fn cache_mark(head: &Head) -> Option<String> {
    [
        "age",
        "x-cache",
        "cf-cache-status",
        "x-cache-status",
        "x-proxy-cache",
    ]
    .iter()
    .find_map(|name| {
        let value = head.get(name)?;
        let hit = *name == "age" || value.to_ascii_lowercase().contains("hit");
        hit.then(|| format!("{name}: {value}"))
    })
}

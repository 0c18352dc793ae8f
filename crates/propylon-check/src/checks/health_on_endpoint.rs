//! `health-on-endpoint`: who else asks the MCP endpoint while the chain is watched.

use std::collections::BTreeMap;
use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "health-on-endpoint",
    needs: &[Need::Probe, Need::Legacy],
    stage: Stage::Quiet,
    run: |lab| Box::pin(run(lab)),
};

/// How often the probe is asked, to meet each of its instances.
const ASKED: usize = 12;
/// Agents of our own, whose odd requests are known.
const OURS: &[&str] = &["propylon"];

async fn run(lab: Rc<Lab>) -> Checked {
    let watched = lab.options.profile.quiet();
    let before = strangers(&lab).await?;
    tokio::time::sleep(watched).await;
    let after = strangers(&lab).await?;
    let mut by_agent: BTreeMap<String, usize> = BTreeMap::new();
    for (stamp, agent) in after {
        if !before.contains_key(&stamp) {
            *by_agent.entry(agent).or_default() += 1;
        }
    }
    // One stranger is a passer-by; a health check comes again.
    by_agent.retain(|_, count| *count > 1);
    let lines = by_agent.iter().map(|(agent, count)| {
        Evidence::new(
            format!(
                "requests to the MCP endpoint in {} s by {agent}",
                watched.as_secs()
            ),
            "none",
            count.to_string(),
        )
    });
    Ok(Outcome::of_faults(
        lines.collect(),
        "something asks the MCP endpoint again and again besides this check",
        format!(
            "nobody else asked the MCP endpoint in {} s",
            watched.as_secs()
        ),
    ))
}

/// What the instances say of requests that were not ours: instance and clock, and the agent.
async fn strangers(lab: &Lab) -> Result<BTreeMap<(String, u64), String>, Trouble> {
    let voice = lab.voice().await?;
    let mut found = BTreeMap::new();
    for _ in 0..ASKED {
        let report = lab.call(&voice, "sessions", json!({})).await?;
        let recent = report
            .at("/foreign_recent")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        for each in recent {
            let agent = each
                .get("user_agent")
                .and_then(Value::as_str)
                .unwrap_or("no User-Agent");
            let at = each
                .pointer("/at/at_ns")
                .and_then(Value::as_u64)
                .unwrap_or_default();
            if !OURS.iter().any(|ours| agent.starts_with(ours)) {
                found.insert((report.instance().to_owned(), at), agent.to_owned());
            }
        }
    }
    Ok(found)
}

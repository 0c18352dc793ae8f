//! `task-scattered`: whether whoever asks for a task reaches the instance that made it.

use std::collections::BTreeSet;
use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Voice, rpc_error};
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "task-scattered",
    needs: &[Need::Probe, Need::Modern, Need::Instances],
    stage: Stage::Heavy,
    run: |lab| Box::pin(run(lab)),
};

const TASKS: usize = 9;
const POLLS: usize = 10;

async fn run(lab: Rc<Lab>) -> Checked {
    let mut asked: Vec<Asked> = Vec::new();
    let mut makers = BTreeSet::new();
    for n in 0..TASKS {
        let (id, maker) = make(&lab).await?;
        for _ in 0..POLLS {
            asked.push(ask(&lab, "tasks/get", &id, &maker).await?);
        }
        if n % 3 == 1 {
            asked.push(ask(&lab, "tasks/update", &id, &maker).await?);
        }
        asked.push(ask(&lab, "tasks/cancel", &id, &maker).await?);
        makers.insert(maker);
    }
    Ok(judge(&asked, makers.len()))
}

/// A request for a task, and what came if it was not its instance's answer.
struct Asked {
    method: &'static str,
    maker: String,
    astray: Option<String>,
}

/// Makes a task: its id and the instance that has it.
async fn make(lab: &Lab) -> Result<(String, String), Trouble> {
    let response = lab
        .ask(&Voice::Modern.tool(lab, "task", json!({"seconds": 60, "input": true})))
        .await?;
    let message = response.message().unwrap_or_default();
    let id = message.pointer("/result/taskId").and_then(Value::as_str);
    let id =
        id.ok_or_else(|| Trouble::unexpected(format!("no task was made: {}", response.excerpt())))?;
    let named = message
        .pointer("/result/_meta/dev.propylon~1probe/instance")
        .and_then(Value::as_str);
    let maker = named
        .map(str::to_owned)
        .or_else(|| response.head.instance())
        .unwrap_or_else(|| "?".into());
    Ok((id.to_owned(), maker))
}

async fn ask(lab: &Lab, method: &'static str, id: &str, maker: &str) -> Result<Asked, Trouble> {
    let params = match method {
        "tasks/update" => {
            json!({"taskId": id, "inputResponses": {"confirm": {"action": "accept", "content": {"confirm": true}}}})
        }
        _ => json!({"taskId": id}),
    };
    let response = lab.ask(&Voice::Modern.request(lab, method, params)).await?;
    let by = response.head.instance();
    let unknown = response
        .message()
        .as_ref()
        .and_then(rpc_error)
        .is_some_and(|(_, text)| text.contains("unknown task"));
    let elsewhere = by.as_deref().is_some_and(|by| by != maker);
    let astray = (unknown || elsewhere).then(|| {
        format!(
            "HTTP {} from {}: {}",
            response.status(),
            by.unwrap_or_else(|| "?".into()),
            response.excerpt()
        )
    });
    Ok(Asked {
        method,
        maker: maker.to_owned(),
        astray,
    })
}

fn judge(asked: &[Asked], makers: usize) -> Outcome {
    let missed: Vec<Evidence> = asked
        .iter()
        .filter_map(|each| {
            let found = each.astray.clone()?;
            Some(Evidence::new(
                format!("{} of a task that {} has", each.method, each.maker),
                "its answer",
                found,
            ))
        })
        .collect();
    if missed.is_empty() && makers < 2 {
        return Outcome::not_seen(
            "all tasks were made by one instance",
            "two or more instances behind the chain",
        );
    }
    let summary = format!(
        "{} of {} requests for a task reached an instance that does not have it",
        missed.len(),
        asked.len()
    );
    Outcome::of_faults(
        missed.into_iter().take(5).collect(),
        summary,
        format!(
            "{} requests for tasks of {makers} instances reached them",
            asked.len()
        ),
    )
}

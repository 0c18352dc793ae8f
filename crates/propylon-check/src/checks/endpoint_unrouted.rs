//! `endpoint-unrouted`: the endpoint's path with and without its slash, and who answers there.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Voice, initialize_body};
use crate::wire::Response;

pub(super) const CHECK: Check = Check {
    id: "endpoint-unrouted",
    needs: &[],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let target = lab.endpoint().target.clone();
    let mut spellings = vec![(target.clone(), true)];
    spellings.extend(other_spelling(&target).map(|other| (other, false)));
    let mut faults = Vec::new();
    let mut evidence = Vec::new();
    for (target, is_given) in spellings {
        let initialize = lab
            .post(&initialize_body(&lab, "2025-11-25"))
            .to(target.clone());
        let discover = Voice::Modern
            .request(&lab, "server/discover", json!({}))
            .to(target.clone());
        for (method, request) in [("initialize", initialize), ("server/discover", discover)] {
            let response = lab.ask(&request).await?;
            let line = Evidence::new(
                format!("{method} to {target}"),
                "the server's answer",
                described(&response),
            );
            if is_unrouted(lab.facts.is_probe, is_given, &response) {
                faults.push(line);
            } else {
                evidence.push(line);
            }
        }
    }
    Ok(Outcome::of_faults(faults, "the endpoint's path is answered by something that is not the server", "the endpoint's path reaches the server, and its other spelling is not answered by somebody else").with(evidence))
}

/// The path with its slash if it has none, and without if it has one; the root has no other spelling.
fn other_spelling(target: &str) -> Option<String> {
    let (path, query) = target
        .split_once('?')
        .map_or((target, String::new()), |(path, query)| {
            (path, format!("?{query}"))
        });
    match path.strip_suffix('/') {
        Some("") => None,
        Some(bare) => Some(format!("{bare}{query}")),
        None => Some(format!("{path}/{query}")),
    }
}

/// A redirect is judged by redirect-drops-body. For the other spelling, a refusal is as good as an answer.
fn is_unrouted(is_probe: bool, is_given: bool, response: &Response) -> bool {
    let speaks_mcp = response
        .message()
        .is_some_and(|message| message.get("jsonrpc").is_some());
    let from_server = if is_probe {
        response.head.instance().is_some()
    } else {
        speaks_mcp
    };
    match response.status() {
        300..=399 => false,
        200..=299 => !from_server,
        // An error with a JSON-RPC body is an MCP component's, the server's or the proxy's.
        _ => is_given && !speaks_mcp,
    }
}

fn described(response: &Response) -> String {
    match response.head.instance() {
        Some(name) => format!("HTTP {} from {name}", response.status()),
        None => format!(
            "{}, {} bytes",
            response.head.describe(),
            response.body.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::other_spelling;

    #[test]
    fn a_path_has_one_other_spelling() {
        assert_eq!(other_spelling("/mcp").as_deref(), Some("/mcp/"));
        assert_eq!(other_spelling("/mcp/").as_deref(), Some("/mcp"));
        assert_eq!(other_spelling("/mcp?a=b").as_deref(), Some("/mcp/?a=b"));
        assert_eq!(other_spelling("/"), None);
    }
}

//! `auth-metadata-unreachable`: where a client learns who gives out tokens, asked without any.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::Value;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::wire::{Endpoint, Request, Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "auth-metadata-unreachable",
    needs: &[Need::Mcp],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

async fn run(lab: Rc<Lab>) -> Checked {
    let authenticates = lab
        .options
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let mut answers = Vec::new();
    for target in [
        format!(
            "{WELL_KNOWN}{}",
            lab.endpoint().path().trim_end_matches('/')
        ),
        WELL_KNOWN.to_owned(),
    ] {
        // No credentials: whoever asks has none yet.
        let request = Request::new("GET", &lab.endpoint().with_target(target.clone()))
            .with("Accept", "application/json");
        answers.push((target, lab.ask(&request).await?));
    }
    if !authenticates
        && !lab.facts.is_probe
        && answers.iter().all(|(_, answer)| metadata(answer).is_none())
    {
        return Ok(Outcome::not_applicable(
            "calls need no credentials, and no metadata is offered",
        ));
    }
    judge(lab.endpoint(), lab.facts.is_probe, &answers)
}

fn metadata(answer: &Response) -> Option<Value> {
    let value: Value = serde_json::from_slice(&answer.body).ok()?;
    (answer.status() == 200 && value.get("resource").is_some()).then_some(value)
}

fn judge(endpoint: &Endpoint, is_probe: bool, answers: &[(String, Response)]) -> Checked {
    let Some((target, found)) = answers
        .iter()
        .find_map(|(target, answer)| Some((target, metadata(answer)?)))
    else {
        let lines = answers.iter().map(|(target, answer)| {
            Evidence::new(
                format!("GET {target}"),
                "200 and metadata",
                answer.head.describe(),
            )
        });
        return Ok(Outcome::fail(
            "the metadata of the protected resource cannot be had without credentials",
        )
        .with(lines.collect()));
    };
    let resource = found
        .get("resource")
        .and_then(Value::as_str)
        .unwrap_or_default();
    // The probe names the path it saw, which a route may have changed; its origin must be the outside one.
    let expected = if is_probe {
        endpoint.origin()
    } else {
        endpoint.to_string()
    };
    let named = if is_probe {
        origin_of(resource)?
    } else {
        resource.trim_end_matches('/').to_owned()
    };
    let outcome = if named.eq_ignore_ascii_case(expected.trim_end_matches('/')) {
        Outcome::pass("the metadata of the protected resource can be had without credentials")
    } else {
        Outcome::fail("the metadata names another resource than the one under test")
    };
    Ok(outcome.saw(format!("resource at {target}"), expected, resource))
}

fn origin_of(resource: &str) -> Result<String, Trouble> {
    Endpoint::parse(resource)
        .map(|endpoint| endpoint.origin())
        .map_err(|error| Trouble::unexpected(format!("the metadata's resource: {error}")))
}

//! `health-missing`: a health path that answers anybody, cheaply, and makes no session.

use std::rc::Rc;
use std::time::Duration;

use propylon_practices::Evidence;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::measure::in_ms;
use crate::outcome::{Checked, Outcome};
use crate::wire::Request;

pub(super) const CHECK: Check = Check {
    id: "health-missing",
    needs: &[Need::Mcp],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

const PATHS: &[&str] = &["/health", "/healthz", "/livez", "/readyz"];
/// A check that takes longer would be taken for a dead service.
const CHEAP: Duration = Duration::from_secs(1);

async fn run(lab: Rc<Lab>) -> Checked {
    let paths: Vec<&str> = match &lab.options.health {
        Some(path) => vec![path],
        None => PATHS.to_vec(),
    };
    let mut tried = Vec::new();
    for path in paths {
        let endpoint = lab.endpoint().with_target(path);
        let response = lab
            .ask(&Request::new("GET", &endpoint).with("Accept", "*/*"))
            .await?;
        let session = response.head.get("mcp-session-id");
        let by = if response.head.instance().is_some() {
            "the probe"
        } else {
            "the chain"
        };
        let found = format!(
            "{} in {}, from {by}",
            response.head.describe(),
            in_ms(response.took())
        );
        if response.status() == 200 && session.is_none() && response.took() < CHEAP {
            return Ok(Outcome::pass(format!(
                "{path} answers without credentials and makes no session"
            ))
            .saw(path, "200", found));
        }
        tried.push(Evidence::new(path, "200 without credentials", found));
    }
    Ok(Outcome::fail("no health path answers; --health PATH names another").with(tried))
}

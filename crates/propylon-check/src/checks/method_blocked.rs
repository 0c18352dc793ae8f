//! `method-blocked`: POST, GET, DELETE and OPTIONS, and who answers each.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Session;
use crate::wire::{Head, Request, Trouble};

pub(super) const CHECK: Check = Check {
    id: "method-blocked",
    needs: &[Need::Mcp],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    let mut evidence = Vec::new();
    for (method, request) in requests(&lab).await {
        let head = head_of(&lab, &request).await?;
        let line = Evidence::new(method, "the server's answer", described(&lab, &head));
        if is_blocked(&lab, &head) {
            faults.push(line);
        } else {
            evidence.push(line);
        }
    }
    let outcome = Outcome::of_faults(
        faults,
        "a method is answered by something in front of the server",
        "POST, GET, DELETE and OPTIONS reach the server",
    );
    Ok(outcome.with(evidence))
}

async fn requests(lab: &Lab) -> Vec<(&'static str, Request)> {
    let session = if lab.facts.legacy {
        Session::open(lab).await.ok()
    } else {
        None
    };
    let ping = json!({"jsonrpc": "2.0", "id": lab.next_id(), "method": "ping"});
    let options = lab.bare("OPTIONS");
    match session {
        Some(session) => vec![
            ("POST", session.request(lab, &ping)),
            ("GET", session.get(lab)),
            ("OPTIONS", options),
            ("DELETE", session.delete(lab)),
        ],
        None => vec![
            ("POST", lab.post(&ping)),
            ("GET", lab.bare("GET").with("Accept", "text/event-stream")),
            ("OPTIONS", options),
            ("DELETE", lab.bare("DELETE")),
        ],
    }
}

async fn head_of(lab: &Lab, request: &Request) -> Result<Head, Trouble> {
    let mut connection = lab.connect().await?;
    connection.send(request).await?;
    connection.head(&request.method, lab.soon()).await
}

/// The probe signs what it answers. Any other server may refuse a method in its own words, but not in a page.
fn is_blocked(lab: &Lab, head: &Head) -> bool {
    if lab.facts.is_probe {
        return head.instance().is_none();
    }
    let page = head
        .get("content-type")
        .is_some_and(|kind| kind.starts_with("text/html"));
    matches!(head.status, 403 | 405 | 501) && page
}

fn described(lab: &Lab, head: &Head) -> String {
    match head.instance() {
        Some(name) => format!("{}, from {name}", head.describe()),
        None if lab.facts.is_probe => format!("{}, not from the probe", head.describe()),
        None => head.describe(),
    }
}

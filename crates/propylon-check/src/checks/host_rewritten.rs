//! `host-rewritten`: which name the server believes it is asked by.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Report;

pub(super) const CHECK: Check = Check {
    id: "host-rewritten",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let voice = lab.voice().await?;
    let authority = lab.endpoint().authority();
    let response = lab
        .settle(&voice.tool(&lab, "echo_request", json!({})), lab.soon())
        .await?;
    if matches!(response.status(), 421 | 403) {
        return Ok(Outcome::fail("a plain call is refused as misdirected").saw(
            "a plain call",
            "HTTP 200",
            response.head.describe(),
        ));
    }
    let report = Report::read("echo_request", response)?;
    let (host, forwarded) = (report.header("host"), report.header("x-forwarded-host"));
    Ok(judge(&authority, &host, &forwarded))
}

fn judge(authority: &str, host: &[String], forwarded: &[String]) -> Outcome {
    if matches!(host, [one] if one.eq_ignore_ascii_case(authority)) {
        return Outcome::pass(format!("the server sees Host: {authority}"));
    }
    let found = Evidence::new("Host at the server", authority, host.join(" | "));
    if matches!(forwarded, [one] if one.eq_ignore_ascii_case(authority)) {
        return Outcome::pass(
            "the server sees another Host, and the outside one in X-Forwarded-Host",
        )
        .with(vec![found]);
    }
    let told = if forwarded.is_empty() {
        "nothing".into()
    } else {
        forwarded.join(" | ")
    };
    Outcome::fail("the server sees another Host, and is not told the outside one").with(vec![
        found,
        Evidence::new("X-Forwarded-Host at the server", authority, told),
    ])
}

#[cfg(test)]
mod tests {
    use propylon_practices::Verdict;

    use super::judge;

    #[test]
    fn the_outside_name_must_be_known() {
        let check = |host: &str, forwarded: &[&str], expected: Verdict| {
            let forwarded: Vec<String> = forwarded.iter().map(ToString::to_string).collect();
            assert_eq!(
                judge("mcp.example.com:8443", &[host.into()], &forwarded).verdict,
                expected
            );
        };
        check("mcp.example.com:8443", &[], Verdict::Pass);
        check("10.0.0.1:3001", &["mcp.example.com:8443"], Verdict::Pass);
        check("10.0.0.1:3001", &["mcp.example.com"], Verdict::Fail);
        check("mcp.example.com", &[], Verdict::Fail);
    }
}

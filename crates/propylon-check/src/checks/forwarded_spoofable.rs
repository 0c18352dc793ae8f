//! `forwarded-spoofable`: who the server believes the client to be, when the client lies.

use std::rc::Rc;

use propylon_practices::Evidence;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Report;

pub(super) const CHECK: Check = Check {
    id: "forwarded-spoofable",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

/// Addresses and a name that are for documentation, so nobody's.
const FORGED: &str = "203.0.113.9";
const FORGED_TOO: &str = "198.51.100.7";
const FORGED_HOST: &str = "forged.example";

async fn run(lab: Rc<Lab>) -> Checked {
    let voice = lab.voice().await?;
    let scheme = lab.endpoint().scheme();
    let wrong = if lab.endpoint().is_tls {
        "http"
    } else {
        "https"
    };
    let report = lab
        .echo(&voice, |request| {
            request
                .with("X-Forwarded-For", FORGED)
                .with("X-Forwarded-For", FORGED_TOO)
                .with("X-Forwarded-Host", FORGED_HOST)
                .with("X-Forwarded-Proto", wrong)
                .with("X-Real-IP", FORGED)
                .with(
                    "Forwarded",
                    format!("for={FORGED};host={FORGED_HOST};proto={wrong}"),
                )
        })
        .await?;
    let mut faults = judge(&report, scheme);
    // A chain may refuse the odd spelling altogether, which is as good as dropping it.
    let odd = lab
        .echo(&voice, |request| request.with("X_Forwarded_For", FORGED))
        .await;
    let odd = odd
        .map(|report| report.header("x_forwarded_for"))
        .unwrap_or_default();
    if !odd.is_empty() {
        faults.push(Evidence::new(
            "X_Forwarded_For, which many servers read as X-Forwarded-For",
            "nothing",
            odd.join(" | "),
        ));
    }
    Ok(Outcome::of_faults(
        faults,
        "the server is told what an untrusted client made up",
        "no made-up address, host or scheme stands where the server would believe it",
    ))
}

fn judge(report: &Report, scheme: &str) -> Vec<Evidence> {
    let mut faults = Vec::new();
    let first = |name: &str| {
        let values = report.header(name);
        let element = values.first()?.split(',').next()?.trim().to_owned();
        Some((element, values.join(" | ")))
    };
    for name in [
        "X-Forwarded-For",
        "X-Real-IP",
        "X-Forwarded-Host",
        "Forwarded",
    ] {
        if let Some((element, all)) = first(name) {
            let forged = [FORGED, FORGED_TOO, FORGED_HOST]
                .iter()
                .any(|lie| element.contains(lie));
            if forged {
                faults.push(Evidence::new(
                    name,
                    "the real client first, or nothing",
                    all,
                ));
            }
        }
    }
    if let Some((element, all)) = first("X-Forwarded-Proto")
        && element != scheme
    {
        faults.push(Evidence::new("X-Forwarded-Proto", scheme, all));
    }
    faults
}

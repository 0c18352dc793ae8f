//! `cors-headers-hidden`: the preflights and answers a browser would judge, by the Fetch standard.

use std::rc::Rc;

use propylon_practices::Evidence;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::initialize_body;
use crate::wire::{Head, Request};

pub(super) const CHECK: Check = Check {
    id: "cors-headers-hidden",
    needs: &[Need::Mcp],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

const LEGACY: &str = "content-type,authorization,mcp-session-id,mcp-protocol-version,last-event-id";
const MODERN: &str =
    "content-type,authorization,mcp-protocol-version,mcp-method,mcp-name,mcp-param-region";

async fn run(lab: Rc<Lab>) -> Checked {
    let origin = lab
        .options
        .origin
        .clone()
        .unwrap_or_else(|| lab.endpoint().origin());
    let mut faults = Vec::new();
    let mut offered = false;
    for (method, headers) in [
        ("POST", LEGACY),
        ("POST", MODERN),
        ("GET", LEGACY),
        ("DELETE", LEGACY),
    ] {
        // A browser sends a preflight without credentials, so the operator's headers stay out.
        let request = Request::new("OPTIONS", lab.endpoint())
            .with("Origin", &origin)
            .with("Access-Control-Request-Method", method)
            .with("Access-Control-Request-Headers", headers);
        let response = lab.ask(&request).await?;
        offered |= offers(&response.head);
        faults.extend(judge_preflight(method, headers, &origin, &response.head));
    }
    let request = lab
        .post(&initialize_body(&lab, "2025-11-25"))
        .with("Origin", &origin);
    let response = lab.ask(&request).await?;
    offered |= offers(&response.head);
    if !offered {
        return Ok(Outcome::not_applicable(
            "no answer has a CORS header, so no browser is meant",
        ));
    }
    faults.extend(judge_answer(&origin, &response.head));
    Ok(Outcome::of_faults(
        faults,
        "a browser is kept from what an MCP client needs",
        "preflights pass, and a browser sees the headers it needs",
    ))
}

fn offers(head: &Head) -> bool {
    head.lines
        .iter()
        .any(|(name, _)| name.to_ascii_lowercase().starts_with("access-control-"))
}

fn judge_preflight(method: &str, headers: &str, origin: &str, head: &Head) -> Vec<Evidence> {
    let what = format!("preflight for {method}");
    let mut faults = Vec::new();
    if !(200..300).contains(&head.status) {
        faults.push(Evidence::new(&what, "2xx", head.describe()));
    }
    faults.extend(judge_origin(&what, origin, head));
    let allowed = head.list("access-control-allow-headers");
    // The wildcard does not cover Authorization (Fetch, 4.9).
    let missing: Vec<&str> = headers
        .split(',')
        .filter(|name| {
            let starred = allowed.iter().any(|each| each == "*") && *name != "authorization";
            !starred && !allowed.iter().any(|each| each == name)
        })
        .collect();
    if !missing.is_empty() {
        faults.push(Evidence::new(
            format!("{what}: headers that are not allowed"),
            "none",
            missing.join(", "),
        ));
    }
    let methods = head.list("access-control-allow-methods");
    let simple = matches!(method, "GET" | "POST");
    if !simple
        && !methods
            .iter()
            .any(|each| each == "*" || each.eq_ignore_ascii_case(method))
    {
        faults.push(Evidence::new(
            format!("{what}: Access-Control-Allow-Methods"),
            method,
            methods.join(", "),
        ));
    }
    faults
}

fn judge_origin(what: &str, origin: &str, head: &Head) -> Option<Evidence> {
    let values: Vec<String> = head.all("access-control-allow-origin").collect();
    let good = matches!(values.as_slice(), [one] if one == "*" || one == origin);
    (!good).then(|| {
        Evidence::new(
            format!("{what}: Access-Control-Allow-Origin"),
            format!("{origin}, once"),
            values.join(" | "),
        )
    })
}

fn judge_answer(origin: &str, head: &Head) -> Vec<Evidence> {
    let mut faults: Vec<Evidence> = judge_origin("answer to initialize", origin, head)
        .into_iter()
        .collect();
    let exposed = head.list("access-control-expose-headers");
    for name in ["mcp-session-id", "www-authenticate"] {
        if !exposed.iter().any(|each| each == name || each == "*") {
            faults.push(Evidence::new(
                "Access-Control-Expose-Headers",
                name,
                exposed.join(", "),
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::judge_preflight;
    use crate::wire::Head;

    fn head(lines: &[(&str, &str)]) -> Head {
        let lines = lines
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        Head {
            status: 204,
            lines: lines.collect(),
            at: Instant::now(),
        }
    }

    #[test]
    fn a_preflight_is_judged_by_the_fetch_standard() {
        let check = |lines: &[(&str, &str)], faults: usize| {
            let found = judge_preflight(
                "DELETE",
                "content-type,authorization",
                "https://a",
                &head(lines),
            );
            assert_eq!(found.len(), faults, "{lines:?}: {found:?}");
        };
        let (origin, methods) = (
            ("Access-Control-Allow-Origin", "https://a"),
            ("Access-Control-Allow-Methods", "DELETE"),
        );
        let headers = (
            "Access-Control-Allow-Headers",
            "Content-Type, Authorization",
        );
        check(&[origin, methods, headers], 0);
        check(&[origin, methods, ("Access-Control-Allow-Headers", "*")], 1);
        check(&[origin, origin, methods, headers], 1);
        check(&[origin, headers], 1);
        check(&[], 3);
    }
}

//! `redirect-drops-body`: where a POST is redirected, and whether it is still a POST when it gets there.

use std::rc::Rc;

use propylon_practices::Evidence;

use super::{Check, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::initialize_body;
use crate::wire::{Endpoint, Head, HttpVersion, Response};

pub(super) const CHECK: Check = Check {
    id: "redirect-drops-body",
    needs: &[],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let endpoint = lab.endpoint().clone();
    let (path, query) = endpoint.target.split_once('?').map_or(
        (endpoint.target.as_str(), String::new()),
        |(path, query)| (path, format!("?{query}")),
    );
    let other = match path.strip_suffix('/') {
        Some(bare) => bare.to_owned(),
        None => format!("{path}/"),
    };
    let mut variants = vec![endpoint.clone()];
    if !other.is_empty() {
        variants.push(endpoint.with_target(format!("{other}{query}")));
    }
    if endpoint.is_tls {
        variants.push(Endpoint {
            is_tls: false,
            port: 80,
            ..endpoint.clone()
        });
    }
    let mut faults = Vec::new();
    let mut evidence = Vec::new();
    for variant in variants {
        // Plain http need not be offered at all.
        let http = if variant.is_tls == endpoint.is_tls {
            lab.http()
        } else {
            HttpVersion::One
        };
        let Ok(mut connection) = lab.dialer().connect(&variant, http).await else {
            continue;
        };
        let request = lab
            .post(&initialize_body(&lab, "2025-11-25"))
            .to(variant.target.clone())
            .setting("Host", variant.authority());
        // Credentials stay off a connection that anybody can read.
        let request = if variant.is_tls == endpoint.is_tls {
            request
        } else {
            request.without("Authorization")
        };
        let response = Response::ask(&mut connection, &request, lab.soon()).await?;
        let what = format!("POST {variant}");
        match judge(&variant, &response.head) {
            Some(found) => faults.push(Evidence::new(
                what,
                "no redirect, or 307 or 308 to the endpoint",
                found,
            )),
            None => evidence.push(Evidence::new(
                what,
                "no redirect, or 307 or 308 to the endpoint",
                described(&response.head),
            )),
        }
    }
    Ok(Outcome::of_faults(
        faults,
        "a redirect turns a POST into a GET, or leads astray",
        "redirects keep method and body, or there are none",
    )
    .with(evidence))
}

fn described(head: &Head) -> String {
    match head.get("location") {
        Some(location) => format!("HTTP {} to {location}", head.status),
        None => format!("HTTP {}", head.status),
    }
}

fn judge(variant: &Endpoint, head: &Head) -> Option<String> {
    match head.status {
        301..=303 => Some(described(head)),
        307 | 308 => {
            let location = head.get("location").unwrap_or_default();
            let target = if location.starts_with('/') {
                Some(variant.with_target(location))
            } else {
                Endpoint::parse(&location).ok()
            };
            let good = target.is_some_and(|target| {
                target.host == variant.host && (target.is_tls || !variant.is_tls)
            });
            (!good).then(|| described(head))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::judge;
    use crate::wire::{Endpoint, Head};

    #[test]
    fn a_redirect_keeps_the_method_and_the_host() {
        let check = |status: u16, location: &str, is_good: bool| {
            let variant = Endpoint::parse("https://a.example/mcp").unwrap();
            let lines = vec![("Location".to_owned(), location.as_bytes().to_vec())];
            let head = Head {
                status,
                lines,
                at: Instant::now(),
            };
            assert_eq!(
                judge(&variant, &head).is_none(),
                is_good,
                "{status} {location}"
            );
        };
        check(200, "", true);
        check(301, "https://a.example/mcp/", false);
        check(308, "https://a.example/mcp/", true);
        check(308, "/mcp/", true);
        check(307, "http://a.example/mcp/", false);
        check(308, "https://10.0.0.7:3001/mcp", false);
    }
}

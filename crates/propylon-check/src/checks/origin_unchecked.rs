//! `origin-unchecked`: pages of other origins, and near misses of the right one.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Voice, initialize_body};
use crate::wire::{Endpoint, Request};

pub(super) const CHECK: Check = Check {
    id: "origin-unchecked",
    needs: &[Need::Mcp],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    let mut tried = 0;
    for origin in foreign(lab.endpoint(), lab.options.origin.as_deref()) {
        for (method, request) in requests(&lab) {
            let response = lab.ask(&request.with("Origin", &origin)).await?;
            tried += 1;
            // A preflight may be answered without the origin being allowed; what counts is the request after it.
            if response.status() != 403 {
                faults.push(Evidence::new(
                    format!("{method} with Origin: {origin}"),
                    "403",
                    response.head.describe(),
                ));
            }
        }
    }
    let plain = lab
        .ask(&lab.post(&initialize_body(&lab, "2025-11-25")))
        .await?;
    if plain.status() == 403 {
        faults.push(Evidence::new(
            "POST without Origin",
            "served, since no browser sent it",
            plain.head.describe(),
        ));
    }
    Ok(Outcome::of_faults(
        faults,
        "a page of another origin can talk to the server through its visitor's browser",
        format!("{tried} requests of foreign origins got 403"),
    ))
}

/// Origins that are not the one browsers are meant to come from.
fn foreign(endpoint: &Endpoint, meant: Option<&str>) -> Vec<String> {
    let right = meant.map_or_else(|| endpoint.origin(), str::to_owned);
    let (scheme, authority) = right.split_once("://").unwrap_or(("https", right.as_str()));
    let host = authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host);
    let mut origins = vec![
        "https://evil.example".to_owned(),
        "null".to_owned(),
        format!("{scheme}://{host}.evil.example"),
        format!("{scheme}://evil-{host}"),
    ];
    // Whoever guards loopback by name takes every port of it, as the specification's own advice does.
    if !is_loopback(host) {
        origins.push(format!("{scheme}://{host}:1"));
        let other = if scheme == "https" { "http" } else { "https" };
        origins.push(format!("{other}://{authority}"));
    }
    origins
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

fn requests(lab: &Lab) -> Vec<(&'static str, Request)> {
    let mut requests = Vec::new();
    if lab.facts.legacy {
        requests.push((
            "POST initialize",
            lab.post(&initialize_body(lab, "2025-11-25")),
        ));
        requests.push(("GET", lab.bare("GET").with("Accept", "text/event-stream")));
    }
    if lab.facts.modern {
        requests.push((
            "POST server/discover",
            Voice::Modern.request(lab, "server/discover", json!({})),
        ));
    }
    requests
}

#[cfg(test)]
mod tests {
    use super::foreign;
    use crate::wire::Endpoint;

    #[test]
    fn near_misses_surround_the_right_origin() {
        let endpoint = Endpoint::parse("https://mcp.example.com:8443/mcp").unwrap();
        let origins = foreign(&endpoint, None);
        assert!(origins.contains(&"https://mcp.example.com.evil.example".to_owned()));
        assert!(origins.contains(&"http://mcp.example.com:8443".to_owned()));
        assert!(!origins.contains(&endpoint.origin()));
        let local = foreign(&Endpoint::parse("http://127.0.0.1:80/mcp").unwrap(), None);
        assert!(!local.iter().any(|origin| origin.ends_with(":1")));
    }
}

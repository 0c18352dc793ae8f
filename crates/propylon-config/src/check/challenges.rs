//! Where a listener's certificates are issued: somebody answers the challenge, and no domain is asked for twice.

use crate::draft::Draft;
use crate::model::acme::{Acme, Challenge};
use crate::problem::Problem;
use crate::report::Report;

pub(super) fn check(report: &Report<'_>, draft: &Draft) {
    let has_plain = draft.listeners.iter().any(|l| l.value.tls.is_none());
    let mut known: Vec<(&Acme, &str)> = Vec::new();
    for listener in &draft.listeners {
        let tls = listener.value.tls.as_ref();
        let Some(acme) = tls.and_then(|tls| tls.acme.as_ref()) else {
            continue;
        };
        let key = |name: &str| {
            listener
                .key
                .replace(".address", &format!(".tls.acme.{name}"))
        };
        if acme.challenge == Challenge::Http01 && !has_plain {
            // Authorities follow a redirect to https, so that somebody else's may do as well.
            let summary = "the challenge comes to port 80, and there is no listener for plain http";
            let problem = Problem::warning(key("challenge"), summary).at(listener.position);
            report.add(problem.suggest("add `- { address: 0.0.0.0:80, redirect: https }`"));
        }
        for domain in &acme.domains {
            let is_known =
                |(other, name): &(&Acme, &str)| *name == domain && other.folder() == acme.folder();
            if known.iter().any(is_known) {
                let summary = format!("a certificate for {domain} is asked for twice");
                let problem = Problem::error(key("domains"), summary).at(listener.position);
                let file = acme.file(domain);
                report.add(problem.suggest(format!(
                    "let one listener ask, and name its file in the other: `certificate` and `key`, both {}",
                    file.display()
                )));
            }
            known.push((acme, domain));
        }
    }
}

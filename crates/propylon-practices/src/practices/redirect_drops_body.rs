//! `redirect-drops-body`: redirect turns POST into GET.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "redirect-drops-body",
    title: "Redirect turns POST into GET",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Tls,
    holds: "Redirects for http to https and for slashes keep method and body (308), or there is none.",
    seen: Seen::Outside(
        "POSTs over http and to the path with and without its slash, and reads the status.",
    ),
    consequence: "The first call fails with a puzzling 405 or 400, because it arrived as a GET without a body.",
    doc: include_str!("redirect_drops_body.md"),
};

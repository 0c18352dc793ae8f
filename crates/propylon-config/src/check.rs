//! Judges whether the parts of a description fit together.

mod addresses;
mod challenges;
mod routes;
mod upstreams;

use crate::draft::Draft;
use crate::report::Report;

/// Reports everything about `draft` that no single key can be blamed for alone.
pub(crate) fn check(report: &Report<'_>, draft: &Draft) {
    addresses::check(report, draft);
    challenges::check(report, draft);
    routes::check(report, draft);
    upstreams::check(report, draft);
}

//! Every route leads to an upstream, and no request could take two routes alike.

use std::collections::HashMap;

use crate::draft::{Draft, DraftRoute};
use crate::problem::Problem;
use crate::report::Report;
use crate::suggest;

pub(super) fn check(report: &Report<'_>, draft: &Draft) {
    let mut seen: HashMap<(Option<&str>, &str), &DraftRoute> = HashMap::new();
    for route in &draft.routes {
        lead(report, draft, route);
        let Some(path) = &route.path else {
            continue;
        };
        let Some(first) = seen.insert((route.host.as_deref(), &path.value), route) else {
            continue;
        };
        let host = route.host.as_deref().unwrap_or("any host");
        let mut problem = Problem::error(
            &path.key,
            format!("two routes for {host} and {}", path.value),
        )
        .at(path.position);
        if let Some(line) = first.path.as_ref().and_then(|path| path.position) {
            problem = problem.suggest(format!(
                "remove one of the two; the first is on line {}",
                line.line
            ));
        }
        report.add(problem);
    }
}

/// Reports a route to an upstream that does not exist.
fn lead(report: &Report<'_>, draft: &Draft, route: &DraftRoute) {
    let Some(to) = &route.upstream else {
        return;
    };
    let mut names = draft
        .upstreams
        .iter()
        .map(|upstream| upstream.name.value.as_str());
    if names.clone().any(|name| name == to.value) {
        return;
    }
    let mut problem = Problem::error(&to.key, format!("there is no upstream `{}`", to.value))
        .at(to.position)
        .found(&to.value);
    let known: Vec<_> = names.clone().take(SHOWN_MAX).collect();
    if !known.is_empty() {
        problem = problem.expected(crate::kind::one_of(&known));
    }
    let near = suggest::nearest(&to.value, names.by_ref());
    let advice = near.map_or_else(
        || format!("add `{}` under `upstreams`", to.value),
        |near| format!("did you mean `{near}`?"),
    );
    report.add(problem.suggest(advice));
}

/// Upstream names listed in one error.
const SHOWN_MAX: usize = 10;

//! The reference pages that come from tables of the code, or from the running program.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;

use super::{page, run};
use crate::workspace;

/// Name and text of each.
pub(super) fn pages(program: &Path) -> anyhow::Result<Vec<(&'static str, String)>> {
    let read = |path: &str| {
        let path = workspace::root().join(path);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let metrics = run::metrics(program)?;
    Ok(vec![
        ("check-matrix.md", read("docs/check-matrix.md")?),
        (
            "configuration.md",
            format!(
                "# Configuration\n\nEvery key of `propylon.yaml`. `propylon explain KEY` has what a metric or a reason says besides; \
                 `propylon config check FILE` says everything that is wrong with a file at once.\n\n{}\n\
                 ## Every key in one file\n\nA key marked required has no default; every other value is its default.\n\n```yaml\n{}```\n",
                propylon_config::settings_markdown(),
                read("examples/full.yaml")?
            ),
        ),
        (
            "diagnosis.md",
            format!(
                "# Diagnosis in passing\n\n{}",
                propylon_proxy::diagnosis_markdown()
            ),
        ),
        (
            "log.md",
            format!(
                "# The access log\n\nOne line for each request, when it is over. With `log.format: json`, the default, it has these \
                 fields; those in brackets are left out where they have no value. Nothing else is written: no header, no parameter, \
                 no body, no event.\n\n{}",
                propylon_proxy::log_fields_markdown()
            ),
        ),
        ("metrics.md", metrics_page(&metrics)),
        (
            "reasons.md",
            format!(
                "# Errors and reasons\n\n{}",
                propylon_proxy::reasons_markdown()
            ),
        ),
    ])
}

/// A metric as the program describes it.
#[derive(Default)]
struct Metric {
    help: String,
    kind: String,
    labels: Vec<String>,
}

/// A table of what `/metrics` says of itself.
fn metrics_page(text: &str) -> String {
    let mut out = String::from(
        "# Metrics\n\nWhat `/metrics` on the admin listener answers, in the OpenMetrics format. Taken from a running Propylon.\n\n\
         | metric | kind | labels | what it is |\n|---|---|---|---|\n",
    );
    for (name, metric) in read_metrics(text) {
        let suffix = if metric.kind == "counter" {
            "_total"
        } else {
            ""
        };
        let labels: Vec<String> = metric
            .labels
            .iter()
            .map(|label| format!("`{label}`"))
            .collect();
        out.push_str(&format!(
            "| `{name}{suffix}` | {} | {} | {} |\n",
            metric.kind,
            labels.join(", "),
            page::cell(metric.help.trim_end_matches('.'))
        ));
    }
    out
}

fn read_metrics(text: &str) -> BTreeMap<String, Metric> {
    let mut found: BTreeMap<String, Metric> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some((name, help)) = line
            .strip_prefix("# HELP ")
            .and_then(|rest| rest.split_once(' '))
        {
            current = name.to_owned();
            found.entry(current.clone()).or_default().help = help.to_owned();
        } else if let Some((name, kind)) = line
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.split_once(' '))
        {
            current = name.to_owned();
            found.entry(current.clone()).or_default().kind = kind.to_owned();
        } else if let Some(metric) = found.get_mut(&current)
            && let Some((_, rest)) = line.split_once('{')
        {
            for label in rest.split("\",").filter_map(|part| part.split_once("=\"")) {
                let label = label.0.to_owned();
                if label != "le" && !metric.labels.contains(&label) {
                    metric.labels.push(label);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_kinds_and_labels_are_read() {
        let text = "# HELP a_b Things.\n# TYPE a_b counter\na_b_total{x=\"1\",y=\"2,3\"} 4\n# HELP c C.\n# TYPE c gauge\nc 1\n# EOF\n";
        let found = read_metrics(text);
        assert_eq!(found["a_b"].labels, ["x", "y"]);
        assert_eq!((&*found["c"].kind, &*found["c"].help), ("gauge", "C."));
    }
}

//! The report as SARIF 2.1.0, for systems that show findings beside code.

use propylon_practices::{CheckResult, Severity, Verdict, find};
use serde_json::{Value, json};

use super::RunReport;

/// One run: a rule for each practice that was checked, a result for each that does not hold.
///
/// # Errors
/// Never for a report made by a run: nothing in it can fail to serialise.
pub fn render(report: &RunReport) -> Result<String, serde_json::Error> {
    let rules: Vec<Value> = report.results.iter().filter_map(rule).collect();
    let failures = report
        .results
        .iter()
        .enumerate()
        .filter(|(_, result)| result.verdict == Verdict::Fail);
    let results: Vec<Value> = failures
        .map(|(index, result)| finding(report, index, result))
        .collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": report.tool.name,
                "version": report.tool.version,
                "rules": rules,
            }},
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log)?;
    text.push('\n');
    Ok(text)
}

fn level(result: &CheckResult) -> &'static str {
    match find(&result.id).map(|practice| practice.severity) {
        Some(Severity::Warning) => "warning",
        _ => "error",
    }
}

fn rule(result: &CheckResult) -> Option<Value> {
    let practice = find(&result.id)?;
    Some(json!({
        "id": practice.id,
        "name": practice.title,
        "shortDescription": {"text": practice.title},
        "fullDescription": {"text": practice.holds},
        "help": {"text": practice.consequence, "markdown": practice.doc},
        "defaultConfiguration": {"level": level(result)},
    }))
}

fn finding(report: &RunReport, index: usize, result: &CheckResult) -> Value {
    let mut text = result.summary.clone();
    for line in &result.evidence {
        text.push_str(&format!(
            "\n{}: {} (expected {})",
            line.what, line.found, line.expected
        ));
    }
    json!({
        "ruleId": result.id,
        "ruleIndex": index,
        "level": level(result),
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": report.url}}}],
        "partialFingerprints": {"practice/v1": format!("{}@{}", result.id, report.url)},
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::render;
    use crate::report::example;

    #[test]
    fn a_failure_points_at_its_rule_and_at_the_endpoint() {
        let log: Value = serde_json::from_str(&render(&example()).unwrap()).unwrap();
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 4);
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 1);
        let at = usize::try_from(results[0]["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(
            run["tool"]["driver"]["rules"][at]["id"],
            results[0]["ruleId"]
        );
        assert_eq!(results[0]["level"], "error");
        assert_eq!(
            results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "https://mcp.example.com/mcp"
        );
    }
}

//! The checklist: every practice as a line to tick, for paper and as data.

use anyhow::Context;
use propylon_practices::{Group, PRACTICES, Product, fix};
use serde_json::json;

use super::page;

/// The page; its style prints it with room to write.
pub(super) fn markdown() -> String {
    let mut out = String::from(
        "# The checklist\n\nEvery practice, for one deployment. Print this page, or take it as data: \
         [checklist.json](checklist.json). Those marked *inside* no traffic can show: look at the configuration. The rest \
         `propylon check` measures.\n",
    );
    for &group in Group::ALL {
        out.push_str(&format!("\n## {}\n\n", group.title()));
        for practice in PRACTICES.iter().filter(|each| each.group == group) {
            let inside = if practice.seen.is_outside() {
                ""
            } else {
                " *(inside)*"
            };
            out.push_str(&format!(
                "- <span class=\"box\" aria-hidden=\"true\"></span> {} {}{inside}\n",
                practice.holds,
                page::practice_link(practice, 0)
            ));
        }
    }
    out
}

/// The same as data, with the fix for each product in Markdown.
pub(super) fn json() -> anyhow::Result<String> {
    let items: Vec<_> = PRACTICES
        .iter()
        .map(|practice| {
            let fixes: serde_json::Map<_, _> = Product::ALL
                .iter()
                .map(|&product| (product.as_str().to_owned(), json!(fix(practice, product))))
                .collect();
            json!({
                "id": practice.id,
                "title": practice.title,
                "group": practice.group.as_str(),
                "severity": practice.severity.as_str(),
                "era": practice.era.as_str(),
                "holds": practice.holds,
                "consequence": practice.consequence,
                "seen": practice.seen.as_str(),
                "page": format!("practices/{}.html", page::stem(practice)),
                "fixes": fixes,
            })
        })
        .collect();
    let document =
        json!({ "title": "Running MCP behind a proxy: the checklist", "practices": items });
    let mut text = serde_json::to_string_pretty(&document).context("the checklist is not JSON")?;
    text.push('\n');
    Ok(text)
}

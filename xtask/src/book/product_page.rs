//! What a product's page gets from the tables: the generated files, what they hold and what they cannot, and the fixes.

use anyhow::Context;
use propylon_config::load_str;
use propylon_dialects::{Coverage, Options, State, TARGETS, Target};
use propylon_practices::{PRACTICES, Product, find};

use super::page;
use crate::workspace;

/// The description whose files the tests run.
const DESCRIPTION: &str = "crates/propylon-dialects/tests/descriptions/simple.yaml";
/// Longer files are shown only when asked for.
const OPEN_LINES_MAX: usize = 40;

/// The made part of a product's page.
pub(super) fn render(product: Product, depth: usize) -> anyhow::Result<String> {
    let target = TARGETS
        .iter()
        .copied()
        .find(|target| target.product == product);
    let mut out = String::new();
    if let Some(target) = target {
        out.push_str(&generated(target)?);
        out.push_str(&coverage(target, depth));
    } else if product != Product::Propylon {
        out.push_str(&format!(
            "## The whole configuration\n\n`propylon generate` does not write {} configuration yet.\n\n",
            product.heading()
        ));
    }
    out.push_str(&fixes(product, depth));
    Ok(out)
}

/// The files for the simple description, as the tests run them.
fn generated(target: &Target) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(workspace::root().join(DESCRIPTION))
        .with_context(|| format!("cannot read {DESCRIPTION}"))?;
    let loaded = load_str("propylon.yaml", &text)
        .map_err(|problems| anyhow::anyhow!("{DESCRIPTION}: {problems:?}"))?;
    let options = Options {
        written: loaded.written,
        ..Options::default()
    };
    let emission = target.generate(&loaded.deployment, &options);
    let mut out = format!(
        "## The whole configuration\n\nWritten by `propylon generate {}` from this description of one endpoint with three \
         replicas:\n\n```yaml\n{}```\n\nRun it from its folder: `{}`. Each line names the practices it is for. {}\n\n",
        target.name(),
        without_comments(&text),
        target.run,
        proof(target.product),
    );
    for file in &emission.files {
        let lines = file.text.lines().count();
        let open = if lines <= OPEN_LINES_MAX { " open" } else { "" };
        out.push_str(&format!(
            "<details{open}>\n<summary><code>{}</code>, {lines} lines</summary>\n\n```{}\n{}```\n\n</details>\n\n",
            file.path,
            language(&file.path),
            file.text
        ));
    }
    Ok(out)
}

/// What became of these very files in the tests.
fn proof(product: Product) -> &'static str {
    match product {
        Product::AwsAlb => {
            "No AWS was asked: the tests lint the stack, run the script against a server that answers for the API, and \
             compare what that was told with all three files."
        }
        Product::Kubernetes => {
            "No cluster was asked: the tests judge the manifests by the schemas of their objects, and run Propylon on the \
             description in the ConfigMap."
        }
        _ => "These are the very files that the tests load, run, measure, and break line by line.",
    }
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

fn language(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("conf") => "nginx",
        Some("yaml" | "yml") => "yaml",
        Some("json" | "jsonc") => "json",
        Some("js") => "js",
        Some("sh") => "sh",
        _ => "text",
    }
}

/// What the files hold and what they cannot.
fn coverage(target: &Target, depth: usize) -> String {
    let count = |state: State| {
        let rows = target.coverage.iter().filter(|row| row.state == state);
        rows.count()
    };
    let mut out = format!("## What {} holds\n\n", target.title());
    let counts: Vec<String> = State::ALL
        .iter()
        .map(|&state| format!("{} {}", count(state), state.as_str()))
        .collect();
    out.push_str(&format!(
        "Of {} practices: {}.\n\n",
        target.coverage.len(),
        counts.join(", ")
    ));
    out.push_str(&format!("### What {} cannot\n\n", target.title()));
    let gaps: Vec<&Coverage> = target.coverage.iter().filter(|row| row.is_gap()).collect();
    if gaps.is_empty() {
        out.push_str("Nothing is missing.\n\n");
    } else {
        out.push_str("| practice | | what you meet | way out |\n|---|---|---|---|\n");
        for row in gaps {
            out.push_str(&format!(
                "| {} | {} | {} | {} |\n",
                link(row.practice, target.product, depth),
                row.state.as_str(),
                page::cell(row.note),
                page::cell(row.way_out)
            ));
        }
        out.push('\n');
    }
    out.push_str("### By what it holds the rest\n\n| practice | | |\n|---|---|---|\n");
    for row in target.coverage.iter().filter(|row| !row.is_gap()) {
        out.push_str(&format!(
            "| {} | {} | {} |\n",
            link(row.practice, target.product, depth),
            row.state.as_str(),
            page::cell(row.note)
        ));
    }
    if !target.without.is_empty() {
        out.push_str(
            "\n### Settings without a counterpart\n\n| setting | what holds instead |\n|---|---|\n",
        );
        for without in target.without {
            out.push_str(&format!(
                "| `{}` | {} |\n",
                without.setting,
                page::cell(without.why)
            ));
        }
    }
    out.push('\n');
    out
}

fn link(id: &str, product: Product, depth: usize) -> String {
    find(id).map_or_else(
        || format!("`{id}`"),
        |practice| page::fix_link(practice, product, depth),
    )
}

/// The fix for each practice, one by one.
fn fixes(product: Product, depth: usize) -> String {
    let mut out = format!(
        "## Fix by fix\n\nEach leads to what to do in {}:\n\n",
        product.heading()
    );
    for practice in PRACTICES {
        out.push_str(&format!(
            "- {}: {}\n",
            page::fix_link(practice, product, depth),
            practice.title
        ));
    }
    out
}

//! `<!-- made: NAME WORDS -->` on a line of its own: the place in a chapter where the build puts what code knows.

use anyhow::{Context, bail};
use propylon_practices::{Group, PRACTICES, Product};

use super::sources::Material;
use super::{page, picture, product_page};
use crate::workspace;

/// A thing that can be put into a chapter. Gets the words behind the name, and how many folders down the page is.
struct Directive {
    name: &'static str,
    make: fn(&Material<'_>, &str, usize) -> anyhow::Result<String>,
}

/// Every one, sorted by name.
const DIRECTIVES: &[Directive] = &[
    Directive {
        name: "example",
        make: |_, words, _| example(words),
    },
    Directive {
        name: "picture",
        make: |_, words, _| picture::svg(words),
    },
    Directive {
        name: "practices",
        make: |_, words, depth| practices(words, depth),
    },
    Directive {
        name: "product",
        make: |_, words, depth| {
            let product = Product::parse(words).with_context(|| format!("no product {words}"))?;
            product_page::render(product, depth)
        },
    },
    Directive {
        name: "section",
        make: |_, words, _| section(words),
    },
    Directive {
        name: "skipped",
        make: |material, _, _| Ok(material.tally.skipped_markdown()),
    },
    Directive {
        name: "summary-practices",
        make: |_, _, _| Ok(summary_practices()),
    },
    Directive {
        name: "tally",
        make: |material, _, _| Ok(material.tally.markdown()),
    },
];

/// The chapter with everything in its place.
pub(super) fn expand(
    material: &Material<'_>,
    markdown: &str,
    depth: usize,
) -> anyhow::Result<String> {
    let mut out = String::new();
    for line in markdown.lines() {
        let words = line.strip_prefix("<!-- made: ");
        let Some(words) = words.and_then(|rest| rest.strip_suffix(" -->")) else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        let (name, rest) = words.split_once(' ').unwrap_or((words, ""));
        let Some(directive) = DIRECTIVES.iter().find(|each| each.name == name) else {
            bail!("nothing is made by the name {name}");
        };
        let made = (directive.make)(material, rest, depth).with_context(|| line.to_owned())?;
        out.push_str(made.trim_end());
        out.push('\n');
    }
    Ok(out)
}

/// The practices of a group, with what must hold.
fn practices(group: &str, depth: usize) -> anyhow::Result<String> {
    let group = Group::parse(group).with_context(|| format!("no group {group}"))?;
    let mut out =
        String::from("| practice | what must hold | seen from outside |\n|---|---|---|\n");
    for practice in PRACTICES.iter().filter(|each| each.group == group) {
        let seen = if practice.seen.is_outside() {
            "yes"
        } else {
            "no"
        };
        out.push_str(&format!(
            "| {} | {} | {seen} |\n",
            page::practice_link(practice, depth),
            page::cell(practice.holds)
        ));
    }
    Ok(out)
}

/// A file of `examples`, which the tests load.
fn example(name: &str) -> anyhow::Result<String> {
    let path = workspace::root().join("examples").join(name);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(format!("```yaml\n{text}```\n"))
}

/// `FILE HEADING`: what stands under a heading of another document.
fn section(words: &str) -> anyhow::Result<String> {
    let (file, heading) = words
        .split_once(' ')
        .context("a file and a heading are needed")?;
    let path = workspace::root().join(file);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let level = |line: &str| line.bytes().take_while(|byte| *byte == b'#').count();
    let mut lines = text
        .lines()
        .skip_while(|line| level(line) == 0 || line.trim_start_matches('#').trim() != heading);
    let depth = level(
        lines
            .next()
            .with_context(|| format!("{file} has no heading {heading}"))?,
    );
    let body: Vec<&str> = lines
        .take_while(|line| level(line) == 0 || level(line) > depth)
        .collect();
    Ok(format!("{}\n", body.join("\n").trim()))
}

fn summary_practices() -> String {
    let mut out = String::new();
    for &group in Group::ALL {
        out.push_str(&format!(
            "- [{}](practices/{}.md)\n",
            group.title(),
            group.as_str()
        ));
        for practice in PRACTICES.iter().filter(|each| each.group == group) {
            let stem = page::stem(practice);
            out.push_str(&format!("  - [{}](practices/{stem}.md)\n", practice.id));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_sorted() {
        assert!(DIRECTIVES.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn a_section_ends_at_the_next_heading_of_its_level() {
        let made = section("docs/check-matrix.md Good chains").expect("it is there");
        assert!(
            made.starts_with("| chain |") && !made.contains("## "),
            "{made}"
        );
        assert!(section("docs/check-matrix.md No such thing").is_err());
    }
}

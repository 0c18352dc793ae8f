//! Markdown made by code: escaping for tables, links to practices, and the fences as readers see them.

use std::fs;

use propylon_practices::{PRACTICES, Practice, Product};

use super::{fence, prose_folder};

/// The stem that a practice's page shares with its files.
pub(super) fn stem(practice: &Practice) -> String {
    practice.id.replace('-', "_")
}

/// A link to a practice's page from a page `depth` folders down.
pub(super) fn practice_link(practice: &Practice, depth: usize) -> String {
    let up = "../".repeat(depth);
    format!("[`{}`]({up}practices/{}.md)", practice.id, stem(practice))
}

/// The same, to the fix for one product.
pub(super) fn fix_link(practice: &Practice, product: Product, depth: usize) -> String {
    let up = "../".repeat(depth);
    let anchor = product.heading().to_lowercase().replace(' ', "-");
    format!(
        "[`{}`]({up}practices/{}.md#{anchor})",
        practice.id,
        stem(practice)
    )
}

/// Text as it may stand in a cell.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The text between the characters that HTML reserves.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A page as mdBook gets it: fences with their language alone and the place of what they are for above them, and every
/// code span that is a practice's id a link to its page.
pub(super) fn for_readers(markdown: &str, depth: usize) -> String {
    let mut out = String::new();
    let mut fenced = false;
    for line in markdown.lines() {
        if let Some(info) = line.strip_prefix("```") {
            if !fenced && let Some(place) = place(info) {
                out.push_str(&format!("<p class=\"place\">Goes into {place}:</p>\n\n"));
            }
            let language = match fence::language(info) {
                _ if fenced => "",
                // mdBook's highlighter does not know them, and says so on the console.
                "caddyfile" | "haproxy" => "text",
                language => language,
            };
            out.push_str(&format!("```{language}\n"));
            fenced = !fenced;
            continue;
        }
        if fenced {
            out.push_str(line);
        } else {
            out.push_str(&linked(line, depth));
        }
        out.push('\n');
    }
    out
}

/// Where a block goes, as the first line of its context says it.
fn place(info: &str) -> Option<String> {
    let place = info
        .split_whitespace()
        .find_map(|word| word.strip_prefix("in="))?;
    let text = fs::read_to_string(context(place)?).ok()?;
    let words = text.lines().next()?.trim_start_matches(['#', '/', ' ']);
    let place = words.strip_prefix("goes into: ")?;
    let mut parts = place.split('`');
    let mut html = String::from(parts.next()?);
    for (index, part) in parts.enumerate() {
        let tag = if index % 2 == 0 { "<code>" } else { "</code>" };
        html.push_str(&format!("{tag}{}", escape(part)));
    }
    Some(html)
}

/// The file of a context, whatever its extension.
pub(super) fn context(place: &str) -> Option<std::path::PathBuf> {
    let wanted = prose_folder().join("contexts").join(place);
    let (folder, name) = (wanted.parent()?, wanted.file_name()?);
    let mut files = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()));
    files.find(|path| path.file_stem() == Some(name))
}

/// Makes links of code spans that are ids of practices, where they are not part of a link already.
fn linked(line: &str, depth: usize) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        let is_code = index % 2 == 1 && index + 1 < parts.len();
        let practice = PRACTICES.iter().find(|each| is_code && each.id == *part);
        match practice {
            Some(practice) if !out.ends_with('[') => out.push_str(&practice_link(practice, depth)),
            _ if is_code => out.push_str(&format!("`{part}`")),
            _ => {
                // The odd mark of a line with an odd number of them.
                out.push_str(if index % 2 == 1 { "`" } else { "" });
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_links_once() {
        let check = |line: &str, expected: &str| assert_eq!(linked(line, 1), expected);
        check(
            "See `sse-cached`, not `sse`.",
            "See [`sse-cached`](../practices/sse_cached.md), not `sse`.",
        );
        check("[`sse-cached`](x.md)", "[`sse-cached`](x.md)");
        check(
            "`a` and `sse-cached`",
            "`a` and [`sse-cached`](../practices/sse_cached.md)",
        );
        check("an odd ` mark", "an odd ` mark");
    }

    #[test]
    fn readers_see_the_language_alone() {
        let page = for_readers("```sh run=aws\n`sse-cached`\n```\n", 0);
        assert_eq!(page, "```sh\n`sse-cached`\n```\n");
    }
}

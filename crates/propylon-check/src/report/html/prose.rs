//! The Markdown of a fix as HTML: paragraphs, lists, code, and links as their text, for the page refers to nothing.

use std::fmt::Write as _;

use crate::report::xml::escape;

/// Renders it.
pub(super) fn render(markdown: &str) -> String {
    let mut html = String::new();
    let mut block: Vec<&str> = Vec::new();
    let mut code: Option<Vec<&str>> = None;
    for line in markdown.lines() {
        let is_fence = line.trim_start().starts_with("```");
        match (&mut code, is_fence) {
            (Some(lines), true) => {
                let _ = writeln!(html, "<pre>{}</pre>", escape(&lines.join("\n")));
                code = None;
            }
            (Some(lines), false) => lines.push(line),
            (None, true) => {
                flush(&mut html, &mut block);
                code = Some(Vec::new());
            }
            (None, false) if line.trim().is_empty() => flush(&mut html, &mut block),
            (None, false) => {
                if line.starts_with("- ") {
                    flush(&mut html, &mut block);
                }
                block.push(line);
            }
        }
    }
    if let Some(lines) = code {
        let _ = writeln!(html, "<pre>{}</pre>", escape(&lines.join("\n")));
    }
    flush(&mut html, &mut block);
    html
}

/// Ends a paragraph, or an item of a list.
fn flush(html: &mut String, block: &mut Vec<&str>) {
    if block.is_empty() {
        return;
    }
    let text = std::mem::take(block).join(" ");
    let _ = match text.strip_prefix("- ") {
        Some(item) => writeln!(html, "<ul><li>{}</li></ul>", inline(item)),
        None => writeln!(html, "<p>{}</p>", inline(&text)),
    };
}

/// Code between back quotes, and the text of links.
fn inline(text: &str) -> String {
    let mut html = String::new();
    for (part, is_code) in text.split('`').zip([false, true].into_iter().cycle()) {
        if is_code {
            let _ = write!(html, "<code>{}</code>", escape(part));
        } else {
            html.push_str(&escape(&unlinked(part)));
        }
    }
    html
}

/// `[text](address)` as `text`.
fn unlinked(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let link = after.split_once("](").and_then(|(label, tail)| {
            let (_, tail) = tail.split_once(')')?;
            Some((label, tail))
        });
        let Some((label, tail)) = link else { break };
        plain.push_str(before);
        plain.push_str(label);
        rest = tail;
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn prose_and_code_are_told_apart() {
        let check = |markdown: &str, expected: &str| assert_eq!(render(markdown), expected);
        check("Set\nit.", "<p>Set it.</p>\n");
        check(
            "Is `a<b`, see [x](y.md).",
            "<p>Is <code>a&lt;b</code>, see x.</p>\n",
        );
        check(
            "Say:\n\n```nginx\na {\n    b;\n}\n```\n\n- one\n  more\n- two",
            "<p>Say:</p>\n<pre>a {\n    b;\n}</pre>\n<ul><li>one   more</li></ul>\n<ul><li>two</li></ul>\n",
        );
        check("an open [bracket", "<p>an open [bracket</p>\n");
        check("```\nnever ended", "<pre>never ended</pre>\n");
    }
}

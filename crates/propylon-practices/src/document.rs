//! Finds a section of a practice's page by its heading, without being fooled by `#` inside code.

/// The sections every page has, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// The symptom, as an operator meets it.
    WhatGoesWrong,
    /// The cause, and the section of the specification that makes it a defect.
    Why,
    /// How the checker or the linter sees it.
    HowItIsDetected,
    /// The fix, one subsection for each product.
    Fix,
}

impl Section {
    /// Every section, in the order of the page.
    pub const ALL: &[Self] = &[
        Self::WhatGoesWrong,
        Self::Why,
        Self::HowItIsDetected,
        Self::Fix,
    ];

    /// The heading's text, without its marks.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::WhatGoesWrong => "What goes wrong",
            Self::Why => "Why",
            Self::HowItIsDetected => "How it is detected",
            Self::Fix => "Fix",
        }
    }
}

/// The text of one section of a page, trimmed, without its heading; empty when it has none.
#[must_use]
pub fn section(doc: &str, section: Section) -> &str {
    under(doc, 2, section.heading())
}

/// The trimmed text under the first heading of `level` called `title`, up to the next heading of
/// that level or above; empty when there is no such heading.
pub(crate) fn under<'doc>(doc: &'doc str, level: usize, title: &str) -> &'doc str {
    let mut start = None;
    for heading in headings(doc) {
        match start {
            None if heading.level == level && heading.title == title => start = Some(heading.end),
            Some(from) if heading.level <= level => {
                return doc.get(from..heading.start).unwrap_or_default().trim();
            }
            _ => {}
        }
    }
    start
        .and_then(|from| doc.get(from..))
        .unwrap_or_default()
        .trim()
}

/// A heading, and where its line starts and ends in the page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heading<'doc> {
    pub(crate) level: usize,
    pub(crate) title: &'doc str,
    start: usize,
    end: usize,
}

/// The headings of a page in order; lines of fenced code are skipped, since many products write
/// comments with `#`.
pub(crate) fn headings(doc: &str) -> impl Iterator<Item = Heading<'_>> {
    let mut fenced = false;
    let mut next = 0;
    doc.split_inclusive('\n').filter_map(move |line| {
        let start = next;
        next += line.len();
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            return None;
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        let title = line.get(level..)?.strip_prefix(' ')?;
        (!fenced && level > 0).then(|| Heading {
            level,
            title: title.trim(),
            start,
            end: next,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "## Why\n\nBecause.\n\n## Fix\n\n### nginx\n\n```nginx\n# a comment\n### no\na b;\n```\n\n### Caddy\n\nNothing.\n";

    #[test]
    fn a_section_ends_at_the_next_heading_of_its_level() {
        assert_eq!(section(PAGE, Section::Why), "Because.");
        assert!(section(PAGE, Section::Fix).ends_with("### Caddy\n\nNothing."));
    }

    #[test]
    fn marks_inside_code_are_not_headings() {
        assert_eq!(
            under(PAGE, 3, "nginx"),
            "```nginx\n# a comment\n### no\na b;\n```"
        );
    }

    #[test]
    fn a_missing_section_is_empty() {
        assert_eq!(section(PAGE, Section::WhatGoesWrong), "");
        assert_eq!(under(PAGE, 3, "Traefik"), "");
        assert_eq!(under("", 2, "Why"), "");
    }

    #[test]
    fn a_page_without_a_last_newline_is_read_whole() {
        assert_eq!(under("## Fix\n### nginx\nné", 3, "nginx"), "né");
    }
}

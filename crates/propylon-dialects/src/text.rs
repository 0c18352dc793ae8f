//! Writes the lines of a file: indentation, comments, and the practices a line is for.

use crate::emission::Emission;
use crate::target::Target;

/// Stands in the first lines of every generated file, so that it is known again.
pub const MARKER: &str = "Written by `propylon generate";

/// Columns a comment is wrapped at.
const COLUMNS: usize = 100;

/// A file being written.
#[derive(Debug)]
pub(crate) struct Text {
    out: String,
    depth: usize,
    indent: &'static str,
    comment: &'static str,
}

impl Text {
    /// An empty file whose comments begin with `comment` and whose blocks are indented by `indent`.
    pub(crate) fn new(comment: &'static str, indent: &'static str) -> Self {
        Text {
            out: String::new(),
            depth: 0,
            indent,
            comment,
        }
    }

    /// Who wrote this, how it is run, what the product does not hold, and which settings are not in it.
    pub(crate) fn opening(&mut self, target: &Target, emission: &Emission) {
        self.why(&format!(
            "{MARKER} {}`. What is changed by hand is lost when it is written again.",
            target.name()
        ));
        self.why(&format!("Run it from this folder: {}", target.run));
        if !emission.gaps.is_empty() {
            self.bare_comment();
            self.why(&format!("What {} does not hold:", target.title()));
        }
        for gap in &emission.gaps {
            let partly = if gap.is_partial { " (in part)" } else { "" };
            let (practice, consequence) = (gap.practice, &gap.consequence);
            self.item(&format!(
                "{practice}{partly}: {consequence} Way out: {}",
                gap.way_out
            ));
        }
        if !emission.warnings.is_empty() {
            self.bare_comment();
            self.why("Settings of the description that are not in these files:");
        }
        for warning in &emission.warnings {
            self.item(&format!("{}: {}.", warning.setting, warning.why));
        }
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) {
        self.start();
        self.out.push_str(line.as_ref());
        self.out.push('\n');
    }

    /// A line without which these practices do not hold.
    pub(crate) fn held(&mut self, line: impl AsRef<str>, practices: &[&str]) {
        debug_assert!(
            practices
                .iter()
                .all(|id| propylon_practices::find(id).is_some()),
            "{practices:?}"
        );
        let (line, comment) = (line.as_ref(), self.comment);
        self.line(format!("{line}  {comment} {}", practices.join(", ")));
    }

    /// A line without which these practices do not hold, if any.
    pub(crate) fn for_practices(&mut self, line: impl AsRef<str>, practices: &[&str]) {
        if practices.is_empty() {
            self.line(line);
        } else {
            self.held(line, practices);
        }
    }

    /// Comment lines, wrapped.
    pub(crate) fn why(&mut self, text: &str) {
        self.wrapped("", text);
    }

    /// A comment of nothing, between others.
    pub(crate) fn bare_comment(&mut self) {
        self.line(self.comment);
    }

    /// An empty line; never two in a row, nor at the start of a block.
    pub(crate) fn blank(&mut self) {
        if !self.out.ends_with("\n\n") && !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    /// What `inside` writes, one step deeper.
    pub(crate) fn deeper(&mut self, inside: impl FnOnce(&mut Self)) {
        self.depth += 1;
        inside(self);
        self.depth -= 1;
    }

    /// `open`, what `inside` writes one step deeper, and `close`.
    pub(crate) fn block(&mut self, open: &str, close: &str, inside: impl FnOnce(&mut Self)) {
        self.line(open);
        self.deeper(inside);
        self.line(close);
    }

    /// The whole file.
    pub(crate) fn finish(self) -> String {
        self.out
    }

    fn item(&mut self, text: &str) {
        self.wrapped("- ", text);
    }

    fn wrapped(&mut self, first: &str, text: &str) {
        let room = COLUMNS.saturating_sub(self.depth * self.indent.len() + self.comment.len() + 1);
        let mut line = first.to_owned();
        let rest = " ".repeat(first.len());
        let mut is_bare = true;
        for word in text.split_whitespace() {
            if !is_bare && line.len() + 1 + word.len() > room {
                self.line(format!("{} {line}", self.comment));
                line.clone_from(&rest);
                is_bare = true;
            }
            if !is_bare {
                line.push(' ');
            }
            line.push_str(word);
            is_bare = false;
        }
        self.line(format!("{} {line}", self.comment));
    }

    fn start(&mut self) {
        for _ in 0..self.depth {
            self.out.push_str(self.indent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_indented_commented_and_wrapped() {
        let mut text = Text::new("#", "  ");
        text.block("a {", "}", |text| {
            text.why(&"word ".repeat(30));
            text.held("b off;", &["sse-buffered", "sse-compressed"]);
            text.blank();
            text.blank();
            text.line("c");
        });
        let out = text.finish();
        assert!(out.lines().all(|line| line.len() <= COLUMNS), "{out}");
        assert!(
            out.contains("\n  b off;  # sse-buffered, sse-compressed\n\n  c\n}\n"),
            "{out}"
        );
    }

    #[test]
    fn items_hang() {
        let mut text = Text::new("//", "  ");
        text.item(&"word ".repeat(30));
        let out = text.finish();
        assert!(out.starts_with("// - word"), "{out}");
        assert!(
            out.lines().nth(1).unwrap().starts_with("//   word"),
            "{out}"
        );
    }
}

//! What is wrong with a description, said so that the reader can put it right: where, what, and what instead.

use std::error::Error;
use std::fmt;

/// Problems shown in full; a file with more is told how many were left out.
const SHOWN_MAX: usize = 50;

/// Characters of one source line shown.
const LINE_SHOWN_MAX: usize = 200;

/// One thing that is wrong, or unwise, in a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether the description is refused because of it.
    pub severity: Severity,
    /// The file's name as given, or `command line`.
    pub file: String,
    /// Where in the file; `None` for what is not written anywhere.
    pub position: Option<Position>,
    /// The line at `position`, credentials in URLs masked.
    pub source_line: Option<String>,
    /// Path of the key: `upstreams.weather.timeouts.idle`, `routes[1].path`; empty for the whole file.
    pub key: String,
    /// What is wrong, in one sentence without a full stop.
    pub summary: String,
    /// What was written.
    pub found: Option<String>,
    /// What may be written there.
    pub expected: Option<String>,
    /// What to do about it.
    pub suggestion: Option<String>,
    /// The practice this would break, for `propylon explain`.
    pub practice: Option<&'static str>,
}

/// Whether a problem refuses the description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The description is refused.
    Error,
    /// The description is used, and its author should know.
    Warning,
}

/// A stretch of one line in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// In characters, at least 1; what is under the caret.
    pub length: usize,
}

/// Every problem of a refused description, in file order; at least one is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// Errors and warnings together.
    pub problems: Vec<Problem>,
}

impl Problem {
    pub(crate) fn error(key: impl Into<String>, summary: impl Into<String>) -> Self {
        Problem {
            severity: Severity::Error,
            file: String::new(),
            position: None,
            source_line: None,
            key: key.into(),
            summary: summary.into(),
            found: None,
            expected: None,
            suggestion: None,
            practice: None,
        }
    }

    pub(crate) fn warning(key: impl Into<String>, summary: impl Into<String>) -> Self {
        Problem {
            severity: Severity::Warning,
            ..Problem::error(key, summary)
        }
    }

    pub(crate) fn at(mut self, position: impl Into<Option<Position>>) -> Self {
        self.position = position.into();
        self
    }

    pub(crate) fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(crate) fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    pub(crate) fn practice(mut self, id: &'static str) -> Self {
        self.practice = Some(id);
        self
    }

    pub(crate) fn mask(&mut self) {
        let texts = [&mut self.found, &mut self.expected, &mut self.suggestion];
        let texts = texts.into_iter().filter_map(Option::as_mut);
        for text in texts.chain([&mut self.summary, &mut self.key]) {
            *text = mask_credentials(text);
        }
    }

    fn write_source(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(position) = self.position else {
            return writeln!(f, " --> {}", self.file);
        };
        let number = position.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(
            f,
            "{margin}--> {}:{}:{}",
            self.file, position.line, position.column
        )?;
        let Some(line) = &self.source_line else {
            return Ok(());
        };
        let shown: String = line.chars().take(LINE_SHOWN_MAX).map(plain).collect();
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {}", shown.trim_end())?;
        let before = position.column.saturating_sub(1);
        if before < LINE_SHOWN_MAX {
            let room = shown.trim_end().chars().count().saturating_sub(before);
            let carets = position.length.min(room).max(1);
            writeln!(f, "{margin} | {}{}", " ".repeat(before), "^".repeat(carets))?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(f, "{severity}: {}", self.summary)?;
        self.write_source(f)?;
        let margin = " ".repeat(self.position.map_or(1, |p| p.line.to_string().len()));
        // What the first line quotes need not be said again.
        let found = self.found.as_deref();
        let found = found.filter(|found| !self.summary.contains(&format!("`{found}`")));
        let key = Some(self.key.as_str()).filter(|key| !key.is_empty());
        for (label, text) in [
            ("key", key),
            ("found", found),
            ("expected", self.expected.as_deref()),
            ("help", self.suggestion.as_deref()),
            ("practice", self.practice),
        ] {
            if let Some(text) = text {
                let text: String = text.chars().map(plain).collect();
                writeln!(f, "{margin} = {label}: {text}")?;
            }
        }
        Ok(())
    }
}

impl ConfigErrors {
    /// The errors alone.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().take(SHOWN_MAX).enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        if self.problems.len() > SHOWN_MAX {
            writeln!(f, "\nand {} more", self.problems.len() - SHOWN_MAX)?;
        }
        Ok(())
    }
}

impl Error for ConfigErrors {}

/// Hides what may be secret in a URL that is shown because it is refused: what stands before an `@`, and queries.
pub(crate) fn mask_credentials(text: &str) -> String {
    mask_queries(&mask_userinfo(text))
}

/// Rather too much than too little, since a password may itself hold a slash or a space.
fn mask_userinfo(text: &str) -> String {
    let Some((before, host)) = text.rsplit_once('@') else {
        return text.to_owned();
    };
    let after_scheme = before.find("://").map(|at| at + 3);
    let word_start = || {
        before
            .char_indices()
            .rfind(|(_, c)| c.is_whitespace() || matches!(c, '"' | '\'' | '`'))
            .map_or(0, |(at, c)| at + c.len_utf8())
    };
    let (kept, _) = before.split_at(after_scheme.unwrap_or_else(word_start));
    format!("{kept}***@{host}")
}

fn mask_queries(text: &str) -> String {
    let Some(url) = text.find("://") else {
        return text.to_owned();
    };
    let (before, mut rest) = text.split_at(url);
    let mut masked = before.to_owned();
    while let Some((kept, query)) = rest.split_once('?') {
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ']' | '}');
        let (_, after) = query.split_at(query.find(ends).unwrap_or(query.len()));
        masked.push_str(kept);
        masked.push_str("?***");
        rest = after;
    }
    masked.push_str(rest);
    masked
}

/// One column for every character, and nothing a terminal would act on.
fn plain(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::mask_credentials;

    #[test]
    fn secrets_of_urls_are_never_shown() {
        for (text, expected) in [
            ("http://h/mcp", "http://h/mcp"),
            ("url: http://user:secret@h/mcp", "url: http://***@h/mcp"),
            ("url: http://user:se/cr@et@h/mcp", "url: http://***@h/mcp"),
            (
                "urls: [http://u:secret@a,http://u:secret@b]",
                "urls: [http://***@b]",
            ),
            ("url: \"user:secret@h\"", "url: \"***@h\""),
            ("user:secret@h", "***@h"),
            ("http://***@h", "http://***@h"),
            (
                "[http://h/a?k=secret, http://h/b?secret]",
                "[http://h/a?***, http://h/b?***]",
            ),
            ("http://h/a?***", "http://h/a?***"),
        ] {
            assert_eq!(mask_credentials(text), expected);
        }
    }
}

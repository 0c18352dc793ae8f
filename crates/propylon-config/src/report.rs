//! Gathers every problem of one file, each with the line it stands on.

use std::cell::RefCell;
use std::path::Path;

use crate::problem::{ConfigErrors, Problem, Severity, mask_credentials};

/// The problems of one source so far.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    file: &'a str,
    text: &'a str,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Report {
            file,
            text,
            problems: RefCell::default(),
        }
    }

    /// The folder the file stands in.
    pub(crate) fn folder(&self) -> &Path {
        Path::new(self.file).parent().unwrap_or(Path::new(""))
    }

    /// Keeps `problem`, adding the file's name and the line it points at.
    pub(crate) fn add(&self, mut problem: Problem) {
        problem.mask();
        problem.file = self.file.to_owned();
        if let Some(position) = &mut problem.position {
            let line = line(self.text, position.line).unwrap_or_default();
            let room = line
                .chars()
                .count()
                .saturating_sub(position.column.saturating_sub(1));
            position.length = position.length.min(room).max(1);
            problem.source_line = Some(mask_credentials(line));
        }
        self.problems.borrow_mut().push(problem);
    }

    pub(crate) fn has_errors(&self) -> bool {
        let problems = self.problems.borrow();
        problems.iter().any(|p| p.severity == Severity::Error)
    }

    /// The warnings, when nothing is wrong; every problem in file order otherwise.
    pub(crate) fn finish(self) -> Result<Vec<Problem>, ConfigErrors> {
        let refused = self.has_errors();
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.position);
        if refused {
            Err(ConfigErrors { problems })
        } else {
            Ok(problems)
        }
    }
}

/// The line with this number, counted from 1 as YAML does: a lone carriage return ends one too.
fn line(text: &str, number: usize) -> Option<&str> {
    let mut rest = text;
    for _ in 1..number {
        let end = rest.find(['\r', '\n'])?;
        let (_, tail) = rest.split_at(end);
        rest = tail
            .strip_prefix("\r\n")
            .or_else(|| tail.get(1..))
            .unwrap_or_default();
    }
    rest.split(['\r', '\n']).next()
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn lines_end_where_yaml_ends_them() {
        let text = "a\nb\r\nc\rd\n\ne";
        let lines: Vec<_> = (1..=7).map(|number| line(text, number)).collect();
        let expected = ["a", "b", "c", "d", "", "e"].map(Some);
        assert_eq!(lines[..6], expected);
        assert_eq!(lines[6], None);
    }
}

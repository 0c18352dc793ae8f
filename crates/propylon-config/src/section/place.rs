//! Paths of keys, values with their places, and reasons to refuse one.

use crate::problem::Position;
use crate::quantity::InvalidQuantity;

/// A path in the file, and the same path as the table of settings has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    pub(crate) shown: String,
    pub(crate) pattern: String,
}

/// A value, where it was written, and the path of its key.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    /// `None` for what the command line says.
    pub(crate) position: Option<Position>,
    pub(crate) key: String,
}

/// Why a text is not what its key wants.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    /// Said in place of "`x` is not a …".
    pub(crate) summary: Option<String>,
    pub(crate) suggestion: Option<String>,
    pub(crate) practice: Option<&'static str>,
}

impl<T> Placed<T> {
    /// What the command line says with `flag`.
    pub(crate) fn flag(flag: &str, value: T) -> Self {
        Placed {
            value,
            position: None,
            key: flag.to_owned(),
        }
    }
}

impl Path {
    pub(crate) fn join(&self, key: &str) -> Path {
        Path {
            shown: join(&self.shown, key),
            pattern: join(&self.pattern, key),
        }
    }

    pub(super) fn named(&self, name: &str) -> Path {
        Path {
            shown: join(&self.shown, name),
            pattern: join(&self.pattern, "<name>"),
        }
    }

    pub(super) fn item(&self, index: usize) -> Path {
        Path {
            shown: format!("{}[{index}]", self.shown),
            pattern: format!("{}[]", self.pattern),
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

impl Refusal {
    pub(crate) fn because(summary: impl Into<String>) -> Self {
        Refusal {
            summary: Some(summary.into()),
            ..Refusal::default()
        }
    }

    pub(crate) fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

impl From<InvalidQuantity> for Refusal {
    fn from(invalid: InvalidQuantity) -> Self {
        Refusal {
            suggestion: invalid.suggestion,
            ..Refusal::default()
        }
    }
}

//! What a product does about a practice, as data: the rows of `generate --matrix`.

use crate::emission::Gap;

/// One product's answer to one practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The practice's id.
    pub practice: &'static str,
    /// How far it holds.
    pub state: State,
    /// By what it holds; or what a user will meet, in one sentence, where it does not.
    pub note: &'static str,
    /// What to do about it where it does not hold; empty where it does.
    pub way_out: &'static str,
}

/// How far a practice holds with the generated configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// By a line of the configuration.
    Held,
    /// The product does it unasked.
    ByDefault,
    /// For some traffic, or with a side effect.
    Partly,
    /// The product has no means.
    Cannot,
    /// The practice is not the product's to hold.
    NotApplicable,
}

impl State {
    /// Every state, the best first.
    pub const ALL: &[Self] = &[
        Self::Held,
        Self::ByDefault,
        Self::Partly,
        Self::Cannot,
        Self::NotApplicable,
    ];

    /// How reports write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::ByDefault => "by default",
            Self::Partly => "partly",
            Self::Cannot => "cannot",
            Self::NotApplicable => "not applicable",
        }
    }
}

impl Coverage {
    /// Whether something of the practice does not hold.
    #[must_use]
    pub const fn is_gap(&self) -> bool {
        matches!(self.state, State::Partly | State::Cannot)
    }
}

/// Held by a line of the configuration; the note says which.
pub(crate) const fn held(practice: &'static str, note: &'static str) -> Coverage {
    row(practice, State::Held, note, "")
}

/// Held without a word in the configuration.
pub(crate) const fn by_default(practice: &'static str, note: &'static str) -> Coverage {
    row(practice, State::ByDefault, note, "")
}

/// Held for a part: the note says what a user still meets.
pub(crate) const fn partly(
    practice: &'static str,
    note: &'static str,
    way_out: &'static str,
) -> Coverage {
    row(practice, State::Partly, note, way_out)
}

/// Not held: the note says what a user meets.
pub(crate) const fn cannot(
    practice: &'static str,
    note: &'static str,
    way_out: &'static str,
) -> Coverage {
    row(practice, State::Cannot, note, way_out)
}

/// Not the product's to hold.
pub(crate) const fn not_applicable(practice: &'static str, note: &'static str) -> Coverage {
    row(practice, State::NotApplicable, note, "")
}

/// The gaps a table of coverage comes to.
pub(crate) fn gaps(coverage: &[Coverage]) -> Vec<Gap> {
    let rows = coverage.iter().filter(|row| row.is_gap());
    rows.map(|row| Gap {
        practice: row.practice,
        is_partial: row.state == State::Partly,
        consequence: row.note.to_owned(),
        way_out: row.way_out.to_owned(),
    })
    .collect()
}

const fn row(
    practice: &'static str,
    state: State,
    note: &'static str,
    way_out: &'static str,
) -> Coverage {
    Coverage {
        practice,
        state,
        note,
        way_out,
    }
}

//! Every practice, sorted by id, and the look-up.

use crate::practice::Practice;
use crate::practices as rows;

/// Every practice, sorted by id.
pub const PRACTICES: &[&Practice] = &[
    &rows::request_replayed::PRACTICE,
    &rows::response_timeout_short::PRACTICE,
    &rows::session_header_lost::PRACTICE,
    &rows::session_scattered::PRACTICE,
    &rows::sse_buffered::PRACTICE,
];

/// The practice called `id`.
#[must_use]
pub fn find(id: &str) -> Option<&'static Practice> {
    let at = PRACTICES
        .binary_search_by(|practice| practice.id.cmp(id))
        .ok()?;
    PRACTICES.get(at).copied()
}

#[cfg(test)]
mod tests;

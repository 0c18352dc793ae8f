//! `reload-forgets-sessions`: reload forgets which session lives where.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "reload-forgets-sessions",
    title: "Reload forgets which session lives where",
    severity: Severity::Error,
    era: EraScope::Legacy,
    group: Group::Sessions,
    holds: "Sessions made before a reload or restart of the proxy still reach their instance after it.",
    seen: Seen::Inside(
        "A checker cannot reload someone else's proxy; the linter looks for a table that lives only in the process, and Propylon's own tests reload between two requests of one session.",
    ),
    consequence: "A change to an unrelated route ends two sessions in three.",
    doc: include_str!("reload_forgets_sessions.md"),
};

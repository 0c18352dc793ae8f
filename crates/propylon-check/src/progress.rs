//! What a run tells while it goes on.

use std::time::Duration;

use propylon_practices::Verdict;

/// Something that happened in a run.
#[derive(Clone, Debug)]
pub enum Progress {
    /// Something that whoever reads the report must know before anything else.
    Warned {
        /// One sentence.
        what: String,
    },
    /// The endpoint answered; the checks begin.
    Begun {
        /// What answered, in a few words.
        subject: String,
        /// How many checks will run.
        checks: usize,
    },
    /// A check began; it will wait for about that long.
    Started {
        /// The check.
        id: &'static str,
        /// What it waits for, when that takes more than a moment.
        waits: Option<Duration>,
    },
    /// A check has its verdict.
    Finished {
        /// The check.
        id: &'static str,
        /// Its verdict.
        verdict: Verdict,
        /// One sentence.
        summary: String,
    },
}

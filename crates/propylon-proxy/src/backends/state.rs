//! What became of the last connection to a registered server.

use std::time::SystemTime;

/// What the guard last said of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It has not been asked for since this process began.
    Unused,
    /// Its addresses were let through.
    Allowed {
        /// When.
        at: SystemTime,
    },
    /// It was refused, and is until a connection finds it good again.
    Refused {
        /// When.
        at: SystemTime,
        /// The id of the rule.
        rule: &'static str,
        /// What was judged, and what is wrong with it.
        reason: String,
    },
}

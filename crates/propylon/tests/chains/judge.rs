//! What is asked of `propylon check` in front of a standing chain.

use std::process::Command;

use propylon_testkit::Judgement;

use crate::stand::{BINARY, Stand, TOKEN};

/// What is asked of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) profile: &'static str,
    /// Ids to run; all when empty.
    pub(crate) select: &'static [&'static str],
    /// More arguments.
    pub(crate) arguments: &'static [&'static str],
}

/// Everything that the quick profile sees.
pub(crate) const QUICK: Scope = Scope {
    profile: "quick",
    select: &[],
    arguments: &[],
};

/// What can be seen only by waiting.
pub(crate) const WAITING: Scope = Scope {
    profile: "standard",
    select: &[
        "health-on-endpoint",
        "idle-timeout-short",
        "keepalive-race",
        "response-timeout-short",
        "sse-keepalive-missing",
    ],
    arguments: &[],
};

/// Runs the check.
pub(crate) fn judge(stand: &Stand, scope: &Scope) -> Judgement {
    let mut command = Command::new(BINARY);
    command.args([
        "check",
        &stand.url,
        "--token",
        TOKEN,
        "--profile",
        scope.profile,
    ]);
    command.args(&stand.arguments).args(scope.arguments);
    if !scope.select.is_empty() {
        command.arg("--select").arg(scope.select.join(","));
    }
    Judgement::of(command)
}

//! What a walk of an SDK's client must have seen, whatever stood in front of the server.

use serde_json::json;

use super::scripts::Steps;
use super::servers::Kind;

/// The milliseconds after which each of four progress steps is due.
const STEP_MS: i64 = 150;

/// What the scripts call a server of this kind.
pub(crate) fn name(kind: Kind) -> &'static str {
    if kind == Kind::Everything {
        "everything"
    } else {
        "standard"
    }
}

/// What every walk must have seen.
pub(crate) fn check_calls(steps: &Steps) {
    assert!(
        steps.at("list")["tools"]
            .as_array()
            .is_some_and(|tools| tools.len() >= 8)
    );
    let echoed = steps.at("echo")["text"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(echoed.ends_with("naïve ☕ 你好"), "{echoed}");
    assert!(
        steps.at("add")["text"]
            .as_str()
            .is_some_and(|text| text.contains('5'))
    );
    let arrivals = steps.at("progress")["arrivals"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    assert_eq!(arrivals.len(), 4, "{arrivals:?}");
    // Held back, they would come all at once; a busy machine may delay each of them.
    let at = |arrival: Option<&serde_json::Value>| arrival.and_then(serde_json::Value::as_i64);
    let spread = at(arrivals.last()).zip(at(arrivals.first()));
    assert!(
        spread.is_some_and(|(last, first)| last - first >= STEP_MS * 3 / 2),
        "{arrivals:?}"
    );
    assert!(
        steps.at("ask")["text"]
            .as_str()
            .is_some_and(|text| text.contains("blue"))
    );
    assert!(
        steps.at("sample")["text"]
            .as_str()
            .is_some_and(|text| text.contains("propylon"))
    );
}

pub(crate) fn check_legacy(kind: Kind, steps: &Steps) {
    check_calls(steps);
    assert_eq!(steps.at("initialize")["version"], "2025-11-25");
    steps.at("notified");
    let instance = steps.at("whoami")["instance"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        ["alpha", "beta", "gamma"].contains(&instance.as_str()),
        "{instance}"
    );
    // The everything server says 400 to a session it has forgotten, and we pass that on.
    let gone = if kind == Kind::Everything { 400 } else { 404 };
    assert_eq!(steps.at("terminated")["status"], gone);
}

pub(crate) fn check_sessions(steps: &Steps) {
    check_stayed(steps);
    assert_eq!(
        steps.at("sessions")["instances"],
        json!(["alpha", "beta", "gamma"]),
        "new sessions are spread"
    );
}

/// Every call of a session reached the instance that began it, wherever that is.
pub(crate) fn check_stayed(steps: &Steps) {
    let sessions = steps.at("sessions");
    assert_eq!(
        (&sessions["count"], &sessions["moved"]),
        (&json!(60), &json!([])),
        "{sessions}"
    );
}

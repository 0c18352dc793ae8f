//! The rules of a listener, decided as AWS documents it.

use std::process::Command;

use serde_json::Value;

use super::json_of;
use crate::real::servers::{peers, script};

/// What becomes of each request by a listener's rules and its default.
pub(super) fn decide(listener: &Value, requests: &[Value]) -> Vec<Value> {
    let mut command = Command::new(peers().path("python-sdk"));
    command
        .arg(script("alb_rules.py"))
        .arg(listener.to_string());
    command.arg(Value::from(requests.to_vec()).to_string());
    let decided = json_of(command);
    decided.as_array().cloned().expect("a decision for each")
}

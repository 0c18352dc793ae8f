//! `whoami`: which instance this is, and what it allows.

use propylon_mcp::Revision;
use serde_json::json;

use super::Tool;
use crate::probe::call::Call;
use crate::probe::message::Refusal;
use crate::probe::script::Script;

pub(super) const TOOL: Tool = Tool {
    name: "whoami",
    summary: "Says which instance answers, and what it allows.",
    properties: || json!({}),
    required: &[],
    disruptive: false,
    looks: false,
    run,
};

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    let fleet = &call.place.fleet;
    let (options, limits) = (&fleet.options, &fleet.options.limits);
    let names: Vec<String> = fleet.names().iter().map(ToString::to_string).collect();
    Ok(Script::report(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "contract": 1,
        "index": call.place.instance.index,
        "instances": names,
        "listen": call.place.instance.listen.to_string(),
        "revisions": Revision::ALL.map(Revision::as_str),
        "started": fleet.started.json(),
        "disruptive": options.token.is_some(),
        "keep_alive_ms": u64::try_from(options.keep_alive.as_millis()).unwrap_or(u64::MAX),
        "session": call.session.as_ref().map(|session| session.id.clone()),
        "limits": {
            "head_bytes_max": limits.head_bytes_max,
            "body_bytes_max": limits.body_bytes_max,
            "held_bytes_max": limits.held_bytes_max,
            "connections_max": limits.connections_max,
            "sessions_max": limits.sessions_max,
            "tasks_max": limits.tasks_max,
        },
    })))
}

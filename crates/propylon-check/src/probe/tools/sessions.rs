//! `sessions`: what came to this instance, and what of it was not the checker's.

use serde_json::{Map, Value, json};

use super::Tool;
use crate::probe::call::Call;
use crate::probe::census::read;
use crate::probe::message::Refusal;
use crate::probe::script::Script;

pub(super) const TOOL: Tool = Tool {
    name: "sessions",
    summary: "Counts the instance's sessions, streams, connections, health requests and foreign requests.",
    properties: || json!({}),
    required: &[],
    disruptive: false,
    looks: true,
    run,
};

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    let mut by_instance = Map::new();
    for instance in &call.place.fleet.instances {
        let (live, counts) = {
            let sessions = instance.sessions();
            (sessions.live().0, sessions.counts)
        };
        let line: Value = json!({"initialized": counts.initialized, "live": live, "foreign": read(&instance.census.foreign)});
        by_instance.insert(instance.name.to_string(), line);
    }
    let (live, http_sse_live, counts) = {
        let sessions = call.place.instance.sessions();
        let (live, http_sse_live) = sessions.live();
        (live, http_sse_live, sessions.counts)
    };
    let census = &call.place.instance.census;
    Ok(Script::report(json!({
        "initialized": counts.initialized,
        "live": live,
        "deleted": counts.deleted,
        "evicted": counts.evicted,
        "http_sse_live": http_sse_live,
        "health_requests": read(&census.health),
        "endpoint_requests": read(&census.endpoint),
        "unknown_session": read(&census.unknown_session),
        "connections": {"open": read(&census.open), "accepted": read(&census.accepted)},
        "listen_streams": read(&census.listen_streams),
        "get_streams": read(&census.get_streams),
        "foreign": read(&census.foreign),
        "foreign_initialized": read(&census.foreign_initialized),
        "foreign_recent": census.recent(),
        "by_instance": by_instance,
    })))
}

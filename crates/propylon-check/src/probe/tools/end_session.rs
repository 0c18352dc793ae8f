//! `end_session`: the instance forgets a session.

use serde_json::json;

use super::Tool;
use crate::probe::arguments::out_of_range;
use crate::probe::call::Call;
use crate::probe::message::Refusal;
use crate::probe::script::Script;

pub(super) const TOOL: Tool = Tool {
    name: "end_session",
    summary: "Forgets a session of this instance, the caller's unless another is named.",
    properties: || json!({"session": {"type": "string", "maxLength": 128}}),
    required: &[],
    disruptive: true,
    looks: false,
    run,
};

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    call.authorize()?;
    let named = call.arguments.text("session", 128)?;
    let id = named.or_else(|| call.session.as_ref().map(|session| session.id.clone()));
    let id =
        id.ok_or_else(|| out_of_range("session", "given, for this era has none of its own"))?;
    let ended = call.place.instance.sessions().end(&id);
    Ok(Script::report(json!({"ended": ended})))
}

//! `executions`: how often calls with a key were executed.

use serde_json::json;

use super::Tool;
use crate::probe::arguments::out_of_range;
use crate::probe::call::Call;
use crate::probe::message::Refusal;
use crate::probe::script::Script;

pub(super) const TOOL: Tool = Tool {
    name: "executions",
    summary: "Says how often calls with a key were executed, by instance.",
    properties: || json!({"key": {"type": "string", "maxLength": 128}}),
    required: &["key"],
    disruptive: false,
    looks: true,
    run,
};

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    let key = call.key()?.ok_or_else(|| out_of_range("key", "given"))?;
    let fleet = &call.place.fleet;
    Ok(Script::report(fleet.ledger.executions(
        &key,
        &call.place.instance.name,
        &fleet.names(),
    )))
}

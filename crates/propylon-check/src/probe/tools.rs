//! The table of tools: one file each, sorted by name.

mod cacheable;
mod compressible;
mod cut;
mod disconnects;
mod echo_request;
mod end_session;
mod executions;
mod hold_head;
mod large;
mod notify;
mod pretend_dead;
mod quiet_stream;
mod redirect;
mod refuse_sessions;
mod respond;
mod sessions;
mod sleep;
mod stream;
mod task;
mod whoami;

use serde_json::{Map, Value, json};

use super::call::Call;
use super::legacy::Planned;
use super::message::{INTERNAL_ERROR, Refusal};
use super::mirror::MirroredParam;
use super::script::Script;

/// One tool.
pub(crate) struct Tool {
    name: &'static str,
    summary: &'static str,
    /// The properties of its input schema, apart from `key` and `token`.
    properties: fn() -> Value,
    required: &'static [&'static str],
    /// It may ask for the token.
    disruptive: bool,
    /// It only looks, so that asking is no execution.
    looks: bool,
    run: fn(&Call<'_>) -> Result<Script, Refusal>,
}

const TOOLS: [&Tool; 20] = [
    &cacheable::TOOL,
    &compressible::TOOL,
    &cut::TOOL,
    &disconnects::TOOL,
    &echo_request::TOOL,
    &end_session::TOOL,
    &executions::TOOL,
    &hold_head::TOOL,
    &large::TOOL,
    &notify::TOOL,
    &pretend_dead::TOOL,
    &quiet_stream::TOOL,
    &redirect::TOOL,
    &refuse_sessions::TOOL,
    &respond::TOOL,
    &sessions::TOOL,
    &sleep::TOOL,
    &stream::TOOL,
    &task::TOOL,
    &whoami::TOOL,
];

/// The tool of that name.
pub(crate) fn find(name: &str) -> Option<&'static Tool> {
    TOOLS.into_iter().find(|tool| tool.name == name)
}

/// What `tools/list` says.
pub(crate) fn list() -> Vec<Value> {
    TOOLS.iter().map(|tool| tool.json()).collect()
}

/// Decides what a tool call does, and counts it.
pub(crate) fn plan(call: &Call<'_>) -> Result<Planned, Refusal> {
    let tool = find(&call.tool())
        .ok_or_else(|| Refusal::params(format!("Unknown tool: {}", call.tool())))?;
    if tool.looks {
        return Ok(Planned {
            script: (tool.run)(call)?,
            record: None,
        });
    }
    // A refused call is no execution, so the script comes first; it has no effect before it is performed, except in
    // the tools that change the instance, which need the token.
    let script = (tool.run)(call)?;
    Ok(Planned {
        script,
        record: call.record(true)?,
    })
}

/// Refuses what only an HTTP answer of the call's own can show.
fn over_http(call: &Call<'_>) -> Result<(), Refusal> {
    if call.is_http_sse() {
        return Err(Refusal::params(
            "over HTTP+SSE an answer has no HTTP head of its own",
        ));
    }
    Ok(())
}

/// The refusal of a probe that is full.
fn full(message: &str) -> Refusal {
    Refusal::new(503, INTERNAL_ERROR, message)
}

impl Tool {
    fn json(&self) -> Value {
        let mut properties = match (self.properties)() {
            Value::Object(properties) => properties,
            _ => Map::new(),
        };
        let key = json!({"type": "string", "maxLength": 128, "description": "Names this exchange for executions and disconnects"});
        properties.entry("key").or_insert(key);
        if self.disruptive {
            properties.insert(
                "token".into(),
                json!({"type": "string", "description": "The probe's token"}),
            );
        }
        let mut schema = json!({"type": "object", "properties": properties});
        if let (false, Some(schema)) = (self.required.is_empty(), schema.as_object_mut()) {
            schema.insert("required".into(), json!(self.required));
        }
        json!({
            "name": self.name,
            "description": self.summary,
            "inputSchema": schema,
            "annotations": {"readOnlyHint": !self.disruptive, "destructiveHint": self.disruptive, "openWorldHint": false},
        })
    }

    /// The arguments it wants mirrored in headers.
    pub(crate) fn mirrored(&self) -> Vec<MirroredParam> {
        let properties = (self.properties)();
        let named = properties.as_object().into_iter().flatten();
        named
            .filter_map(|(property, schema)| {
                let header = schema.get("x-mcp-header")?.as_str()?;
                Some(MirroredParam {
                    property: property.clone(),
                    header: header.to_owned(),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::TOOLS;

    #[test]
    fn the_table_is_sorted_and_every_tool_documented() {
        assert!(TOOLS.is_sorted_by(|a, b| a.name < b.name));
        let contract = include_str!("README.md");
        for tool in TOOLS {
            assert!(
                contract.contains(&format!("**`{}`**", tool.name)),
                "{} is not in the contract",
                tool.name
            );
            let schema = tool.json();
            let properties = schema["inputSchema"]["properties"].as_object().unwrap();
            for name in tool.required {
                assert!(
                    properties.contains_key(*name),
                    "{} requires {name}",
                    tool.name
                );
            }
        }
    }

    #[test]
    fn mirrored_names_are_tokens_and_unique() {
        let tool = super::find("echo_request").unwrap();
        let mirrored = tool.mirrored();
        assert_eq!(mirrored.len(), 4);
        let names: HashSet<String> = mirrored
            .iter()
            .map(|param| param.header.to_ascii_lowercase())
            .collect();
        assert_eq!(names.len(), mirrored.len());
        assert!(names.iter().all(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        }));
    }
}

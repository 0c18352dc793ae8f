//! The methods that are not tool calls: lists, resources, prompts, tasks, discovery.

use std::time::Instant;

use propylon_mcp::Revision;
use serde_json::{Value, json};

use super::call::Call;
use super::legacy::Planned;
use super::listen::missing_tasks;
use super::members::Members;
use super::message::{INVALID_PARAMS, METHOD_NOT_FOUND, Refusal};
use super::script::{Closing, Script};
use super::tools;

/// What the probe tells a model that finds itself talking to it.
pub(crate) const INSTRUCTIONS: &str = "This server measures the proxies in front of it. Its tools report what reached it and are meant for propylon check.";

/// Bytes of a text resource, at most.
const TEXT_BYTES_MAX: usize = 1 << 20;

const BOTH: [&str; 6] = [
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "prompts/list",
];
const LEGACY: [&str; 4] = [
    "ping",
    "logging/setLevel",
    "resources/subscribe",
    "resources/unsubscribe",
];
const MODERN: [&str; 4] = [
    "server/discover",
    "tasks/get",
    "tasks/update",
    "tasks/cancel",
];

/// Whether the era has this method.
pub(crate) fn is_known(method: &str, modern: bool) -> bool {
    let own: &[&str] = if modern { &MODERN } else { &LEGACY };
    method == "prompts/get" || BOTH.contains(&method) || own.contains(&method)
}

/// The capabilities of the probe.
pub(crate) fn capabilities(modern: bool) -> Value {
    let mut capabilities = json!({
        "tools": {"listChanged": true},
        "resources": {"subscribe": true},
        "prompts": {},
        "logging": {},
    });
    if let (true, Some(capabilities)) = (modern, capabilities.as_object_mut()) {
        capabilities.insert(
            "extensions".into(),
            json!({"io.modelcontextprotocol/tasks": {}}),
        );
    }
    capabilities
}

/// Decides the answer to anything but a tool call.
pub(crate) fn plan(call: &Call<'_>) -> Result<Planned, Refusal> {
    if !is_known(&call.method, call.is_modern()) {
        return Err(Refusal::new(
            404,
            METHOD_NOT_FOUND,
            format!("Method not found: {}", call.method),
        ));
    }
    let result = answer(call)?;
    Ok(Planned {
        script: Script::close(Closing::Result(result)),
        record: call.record(false)?,
    })
}

fn answer(call: &Call<'_>) -> Result<Value, Refusal> {
    let modern = call.is_modern();
    match call.method.as_str() {
        "tools/list" => Ok(cacheable(
            modern,
            json!({"tools": tools::list()}),
            60_000,
            "public",
        )),
        "resources/list" => Ok(cacheable(
            modern,
            json!({"resources": resources()}),
            60_000,
            "public",
        )),
        "resources/templates/list" => {
            let template = json!({
                "uriTemplate": "probe://text/{bytes}",
                "name": "text",
                "description": "That many bytes of text",
                "mimeType": "text/plain",
            });
            Ok(cacheable(
                modern,
                json!({"resourceTemplates": [template]}),
                60_000,
                "public",
            ))
        }
        "resources/read" => read_resource(call),
        "prompts/list" => {
            let argument =
                json!({"name": "name", "description": "Whom to greet", "required": true});
            let prompt = json!({"name": "greeting", "description": "Greets somebody", "arguments": [argument]});
            Ok(cacheable(
                modern,
                json!({"prompts": [prompt]}),
                60_000,
                "public",
            ))
        }
        "prompts/get" => get_prompt(call),
        "server/discover" => Ok(cacheable(modern, discovery(), 60_000, "public")),
        "tasks/get" | "tasks/update" | "tasks/cancel" => task(call),
        _ => Ok(json!({})),
    }
}

/// Adds the caching hints of the modern era (2026-07-28 caching, Cacheable Results).
fn cacheable(modern: bool, mut result: Value, ttl_ms: u64, scope: &str) -> Value {
    if let (true, Some(members)) = (modern, result.as_object_mut()) {
        members.insert("ttlMs".into(), json!(ttl_ms));
        members.insert("cacheScope".into(), json!(scope));
    }
    result
}

fn discovery() -> Value {
    let revisions: Vec<&str> = Revision::ALL
        .iter()
        .rev()
        .map(|revision| revision.as_str())
        .collect();
    json!({"supportedVersions": revisions, "capabilities": capabilities(true), "instructions": INSTRUCTIONS})
}

fn resources() -> Value {
    json!([
        {"uri": "probe://clock", "name": "clock", "description": "The probe's clock", "mimeType": "application/json"},
        {"uri": "probe://whoami", "name": "whoami", "description": "Which instance answers", "mimeType": "application/json"},
    ])
}

fn read_resource(call: &Call<'_>) -> Result<Value, Refusal> {
    let uri = call.params.text("uri").unwrap_or_default();
    let instance = &*call.place.instance.name;
    let stamp = call.place.fleet.clock.stamp();
    let (mime_type, text) = match uri.as_str() {
        "probe://clock" => ("application/json", stamp.json().to_string()),
        "probe://whoami" => (
            "application/json",
            json!({"instance": instance, "at": stamp.json()}).to_string(),
        ),
        _ => {
            let bytes = uri
                .strip_prefix("probe://text/")
                .and_then(|bytes| bytes.parse::<usize>().ok());
            match bytes.filter(|bytes| *bytes <= TEXT_BYTES_MAX) {
                Some(bytes) => ("text/plain", "x".repeat(bytes)),
                None => return Err(not_found(call, &uri)),
            }
        }
    };
    let is_static = mime_type == "text/plain";
    let contents = json!([{"uri": uri, "mimeType": mime_type, "text": text}]);
    let (ttl_ms, scope) = if is_static {
        (60_000, "public")
    } else {
        (0, "private")
    };
    Ok(cacheable(
        call.is_modern(),
        json!({"contents": contents}),
        ttl_ms,
        scope,
    ))
}

/// The code for an unknown resource changed with the eras (2026-07-28 changelog, minor 6).
fn not_found(call: &Call<'_>, uri: &str) -> Refusal {
    let code = if call.is_modern() {
        INVALID_PARAMS
    } else {
        -32_002
    };
    Refusal::new(200, code, "Resource not found").with(json!({"uri": uri}))
}

fn get_prompt(call: &Call<'_>) -> Result<Value, Refusal> {
    let prompt = call.params.text("name").unwrap_or_default();
    if prompt != "greeting" {
        return Err(Refusal::params(format!("unknown prompt: {prompt}")));
    }
    let name = call
        .arguments
        .text("name", 256)?
        .ok_or_else(|| Refusal::params("argument name is required"))?;
    let content = json!({"type": "text", "text": format!("Say hello to {name}.")});
    Ok(
        json!({"description": "Greets somebody", "messages": [{"role": "user", "content": content}]}),
    )
}

fn task(call: &Call<'_>) -> Result<Value, Refusal> {
    if !call.takes_tasks() {
        return Err(missing_tasks());
    }
    let id = call.params.text("taskId").unwrap_or_default();
    let (instance, now, stamp) = (
        &call.place.instance,
        Instant::now(),
        call.place.fleet.clock.stamp(),
    );
    let unknown = || Refusal::params("unknown task").with(json!({"instance": &*instance.name}));
    let mut tasks = instance.tasks();
    let known = match call.method.as_str() {
        "tasks/get" => {
            return tasks
                .find(&id, now)
                .map(|task| Value::Object(task.json(now, true)))
                .ok_or_else(unknown);
        }
        "tasks/update" => {
            let answers = call.params.object("inputResponses").unwrap_or_default();
            tasks.update(&id, &keys(&answers), stamp, now)
        }
        _ => tasks.cancel(&id, stamp, now),
    };
    if known { Ok(json!({})) } else { Err(unknown()) }
}

fn keys<'m>(members: &'m Members<'_>) -> Vec<&'m str> {
    members.iter().map(|(name, _)| name).collect()
}

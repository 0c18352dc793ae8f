//! `respond`: any HTTP status, with a body that says where it came from.

use serde_json::{Value, json};

use super::Tool;
use super::stream::header_text;
use crate::probe::arguments::out_of_range;
use crate::probe::call::Call;
use crate::probe::message::Refusal;
use crate::probe::script::{Closing, Script};

/// Headers anybody may ask for, and all that begin with `X-`.
const FREE_HEADERS: [&str; 5] = [
    "www-authenticate",
    "retry-after",
    "cache-control",
    "etag",
    "vary",
];
/// Headers that would make the message unreadable.
const FRAMING_HEADERS: [&str; 7] = [
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "trailer",
    "upgrade",
    "probe-instance",
];

pub(super) const TOOL: Tool = Tool {
    name: "respond",
    summary: "Answers with the HTTP status, headers and kind of body given.",
    properties,
    required: &["status"],
    disruptive: true,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "status": {"type": "integer", "minimum": 200, "maximum": 599},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "body": {"type": "string", "enum": ["error", "result", "empty", "text", "html"], "default": "error"},
        "code": {"type": "integer", "default": -32603},
        "message": {"type": "string"},
        "data": {},
        "content_type": {"type": "string"},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    super::over_http(call)?;
    let status = call.arguments.integer("status", 0, 200..=599)?;
    if (300..=399).contains(&status) {
        return Err(out_of_range(
            "status",
            "200 to 299 or 400 to 599; redirect answers 3xx",
        ));
    }
    if status >= 500 {
        call.authorize()?;
    }
    let message = call
        .arguments
        .text("message", 4_096)?
        .unwrap_or_else(|| format!("the probe answers {status}, as asked"));
    let closing = closing(call, &message)?;
    let mut script = Script {
        closing,
        ..Script::report(json!({"status": status}))
    };
    script.status = u16::try_from(status).unwrap_or(500);
    for (name, value) in headers(call)? {
        script.header(&name, &value);
    }
    if let Some(content_type) = call.arguments.text("content_type", 256)? {
        script.header("Content-Type", &header_text(content_type)?);
    }
    Ok(script)
}

fn closing(call: &Call<'_>, message: &str) -> Result<Closing, Refusal> {
    let plain = |content_type, body| Closing::Plain { content_type, body };
    Ok(
        match call
            .arguments
            .choice("body", &["error", "result", "empty", "text", "html"])?
        {
            "result" => Closing::Tool,
            "empty" => plain("text/plain", String::new()),
            "text" => plain(
                "text/plain; charset=utf-8",
                format!("propylon-probe {}", call.place.instance.name),
            ),
            "html" => plain(
                "text/html; charset=utf-8",
                "<!doctype html><title>propylon-probe</title>".to_owned(),
            ),
            _ => {
                let code = call
                    .arguments
                    .0
                    .raw("code")
                    .map_or(Ok(-32_603), str::parse::<i64>);
                let code = code.map_err(|_| out_of_range("code", "an integer"))?;
                let data = json!({"instance": &*call.place.instance.name, "data": call.arguments.0.value("data")});
                Closing::Error(Refusal::new(200, code, message).with(data))
            }
        },
    )
}

fn headers(call: &Call<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let Some(members) = call.arguments.0.object("headers") else {
        return Ok(Vec::new());
    };
    let mut headers = Vec::new();
    for (name, raw) in members.iter() {
        let lower = name.to_ascii_lowercase();
        let is_token = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !is_token || FRAMING_HEADERS.contains(&lower.as_str()) {
            return Err(out_of_range(
                "headers",
                "names of fields that do not frame the message",
            ));
        }
        if !FREE_HEADERS.contains(&lower.as_str()) && !lower.starts_with("x-") {
            call.authorize()?;
        }
        let value: Option<String> = serde_json::from_str(raw).ok();
        let value = value.filter(|value| value.len() <= 4_096);
        let value =
            value.ok_or_else(|| out_of_range("headers", "strings of at most 4096 bytes"))?;
        headers.push((name.to_owned(), header_text(value)?));
    }
    Ok(headers)
}

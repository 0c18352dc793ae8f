//! The MCP server of the demo, on the official Rust SDK: three tools that show what reached them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use propylon_mcp::headers;
use rmcp::ErrorData;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
    JsonObject, ListToolsResult, PaginatedRequestParams, ProgressNotificationParam,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Value, json};

/// Says which instance answers.
pub(super) const WHOAMI: &str = "whoami";
/// Counts, reporting progress at each step.
pub(super) const COUNT: &str = "count";
/// Says which headers of the request reached the server.
pub(super) const HEADERS: &str = "headers";

/// What a call may ask for, so that nobody can keep the demo busy for long.
const STEPS_MAX: u64 = 100;
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// One instance. A clone serves each session.
#[derive(Debug, Clone)]
pub(super) struct Server {
    name: &'static str,
    /// What the times in progress messages are counted from.
    epoch: Instant,
}

impl Server {
    pub(super) fn new(name: &'static str, epoch: Instant) -> Self {
        Self { name, epoch }
    }

    async fn count(
        &self,
        arguments: &JsonObject,
        context: &RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        let number = |key: &str, default: u64| {
            arguments
                .get(key)
                .and_then(Value::as_u64)
                .unwrap_or(default)
        };
        let to = number("to", 5).min(STEPS_MAX);
        let pause = Duration::from_millis(number("pause_ms", 300)).min(PAUSE_MAX);
        let token = context.meta.get_progress_token();
        for step in 1..=to {
            tokio::time::sleep(pause).await;
            let Some(token) = token.clone() else { continue };
            let sent = self.epoch.elapsed().as_secs_f64() * 1000.0;
            #[expect(clippy::cast_precision_loss, reason = "at most STEPS_MAX")]
            let progress = ProgressNotificationParam::new(token, step as f64).with_total(to as f64);
            let progress =
                progress.with_message(format!("step {step} of {to}, sent at {sent:.3} ms"));
            let result = context.peer.notify_progress(progress).await;
            result.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        }
        Ok(format!("{} counted to {to}", self.name))
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let about =
            Implementation::new("propylon-demo", env!("CARGO_PKG_VERSION")).with_title(self.name);
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(about)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let number = |what: &str| json!({ "type": "integer", "minimum": 0, "description": what });
        let steps = json!({ "to": number("How far, at most 100"), "pause_ms": number("Between two steps, at most 10000") });
        let tools = [
            (
                WHOAMI,
                "Says which of the three servers answers.",
                json!({}),
            ),
            (COUNT, "Counts, and reports progress at each step.", steps),
            (
                HEADERS,
                "Says which headers of this request reached the server.",
                json!({}),
            ),
        ];
        let tools = tools.map(|(name, what, properties)| Tool::new(name, what, schema(properties)));
        Ok(ListToolsResult::with_all_items(tools.to_vec()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let text = match request.name.as_ref() {
            WHOAMI => self.name.to_owned(),
            COUNT => self.count(&arguments, &context).await?,
            HEADERS => reached(&context),
            other => {
                return Err(ErrorData::invalid_params(
                    format!("there is no tool {other}"),
                    None,
                ));
            }
        };
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }
}

fn schema(properties: Value) -> Arc<JsonObject> {
    let mut schema = JsonObject::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), properties);
    Arc::new(schema)
}

/// The headers of MCP and of proxies, as an object. No other: they may hold what is nobody's business.
fn reached(context: &RequestContext<RoleServer>) -> String {
    const SHOWN: [&str; 5] = [
        "host",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-request-id",
        "user-agent",
    ];
    let Some(parts) = context.extensions.get::<http::request::Parts>() else {
        return "{}".to_owned();
    };
    let is_shown = |name: &str| {
        SHOWN.contains(&name)
            || [headers::PROTOCOL_VERSION, headers::METHOD, headers::NAME].contains(&name)
    };
    let shown = parts
        .headers
        .iter()
        .filter(|(name, _)| is_shown(name.as_str()));
    let shown: JsonObject = shown
        .map(|(name, value)| {
            (
                name.to_string(),
                json!(String::from_utf8_lossy(value.as_bytes())),
            )
        })
        .collect();
    Value::Object(shown).to_string()
}

//! The Rust SDK as a server: sessions with an event store for legacy clients, stateless for modern ones.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rmcp::ErrorData;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, Implementation, InputRequest, InputRequests,
    InputRequiredResult, ListPromptsResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ProgressNotificationParam, Prompt, PromptMessage,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Resource,
    ResourceContents, Role, ServerCapabilities, ServerConfig, SubscriptionFilter, Tool,
};
use rmcp::service::{RequestContext, RoleServer, SubscriptionContext};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::rmcp_events::Kept;

const TOOLS: [&str; 8] = [
    "echo", "add", "whoami", "progress", "slow", "ask", "sample", "notify",
];

/// One session's handler; all of a process share name and change channel.
#[derive(Clone)]
struct Server {
    name: String,
    changes: broadcast::Sender<()>,
}

/// Serves on `port` for as long as the process lives.
pub(crate) fn serve(name: &str, port: u16) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    let handler = Server {
        name: name.to_owned(),
        changes: broadcast::channel(16).0,
    };
    runtime.block_on(async move {
        let sessions =
            Arc::new(LocalSessionManager::default().with_event_store(Arc::new(Kept::default())));
        let config =
            StreamableHttpServerConfig::default().with_sse_retry(Some(Duration::from_millis(200)));
        let service = StreamableHttpService::new(move || Ok(handler.clone()), sessions, config);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
            .await
            .expect("the port is free");
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let answer = service_fn(move |request| {
                    let service = service.clone();
                    async move { Ok::<_, std::convert::Infallible>(service.handle(request).await) }
                });
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), answer)
                    .await;
            });
        }
    });
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .enable_resources_list_changed()
            .build();
        ServerConfig::new(capabilities).with_server_info(Implementation::new(&self.name, "1"))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let Value::Object(schema) = json!({ "type": "object" }) else {
            unreachable!("an object was written")
        };
        let schema = Arc::new(schema);
        Ok(ListToolsResult::with_all_items(
            TOOLS
                .map(|name| Tool::new(name, name, Arc::clone(&schema)))
                .to_vec(),
        ))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = Value::Object(request.arguments.clone().unwrap_or_default());
        let text = match request.name.as_ref() {
            "echo" => arguments["message"].as_str().unwrap_or_default().to_owned(),
            "add" => (arguments["a"].as_i64().unwrap_or(0) + arguments["b"].as_i64().unwrap_or(0))
                .to_string(),
            "whoami" => self.name.clone(),
            "progress" => report(&arguments, &context).await?,
            "slow" => {
                tokio::time::sleep(Duration::from_secs_f64(
                    arguments["seconds"].as_f64().unwrap_or(0.0),
                ))
                .await;
                self.name.clone()
            }
            "ask" | "sample" => return ask(&request, &context).await,
            "notify" => {
                let _ = self.changes.send(());
                let _ = context.peer.notify_resource_list_changed().await;
                "notified".to_owned()
            }
            other => return Err(ErrorData::invalid_params(format!("no tool {other}"), None)),
        };
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(vec![Resource::new(
            "note://greeting",
            "greeting",
        )]))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let text = ResourceContents::text(format!("hello from {}", self.name), request.uri);
        Ok(ReadResourceResult::new(vec![text]).into())
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(vec![Prompt::new(
            "greet",
            Some("greets"),
            None,
        )]))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let text = format!("Greet {}", arguments["who"].as_str().unwrap_or_default());
        Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]).into())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.supported_by(&self.get_info().capabilities))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.changes.subscribe();
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                change = changes.recv() => {
                    if change.is_err() || context.sink().notify_resource_list_changed().await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
    }
}

async fn report(
    arguments: &Value,
    context: &RequestContext<RoleServer>,
) -> Result<String, ErrorData> {
    let token = context.meta.get_progress_token();
    let (count, pause) = (
        arguments["count"].as_u64().unwrap_or(0),
        arguments["pause"].as_f64().unwrap_or(0.0),
    );
    for number in 1..=count {
        tokio::time::sleep(Duration::from_secs_f64(pause)).await;
        if let Some(token) = token.clone() {
            let progress =
                ProgressNotificationParam::new(token, number as f64).with_total(count as f64);
            let sent = context.peer.notify_progress(progress).await;
            sent.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        }
    }
    Ok("done".to_owned())
}

/// Asks the client: mid-call on a session, by an unfinished result where there is none.
async fn ask(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let question = question(&request.name);
    let modern = context
        .meta
        .protocol_version()
        .is_some_and(|version| version.to_string().as_str() >= "2026-07-28");
    let answer = match (modern, &request.input_responses) {
        (true, Some(answers)) => answers.get("question").cloned().unwrap_or_default(),
        (true, None) => {
            let questions = InputRequests::from([("question".to_owned(), question)]);
            return Ok(InputRequiredResult::new(Some(questions), Some("asked".to_owned())).into());
        }
        (false, _) => put(question, context).await?,
    };
    let text = match request.name.as_ref() {
        "ask" => format!(
            "answer: {}",
            answer["content"]["value"].as_str().unwrap_or_default()
        ),
        _ => format!(
            "model: {}",
            answer["content"]["text"].as_str().unwrap_or_default()
        ),
    };
    Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
}

fn question(tool: &str) -> InputRequest {
    let schema = json!({ "type": "object", "properties": { "value": { "type": "string" } }, "required": ["value"] });
    let message = json!({ "role": "user", "content": { "type": "text", "text": "Say a word" } });
    let request = if tool == "ask" {
        let params =
            json!({ "mode": "form", "message": "Which colour?", "requestedSchema": schema });
        json!({ "method": "elicitation/create", "params": params })
    } else {
        json!({ "method": "sampling/createMessage", "params": { "messages": [message], "maxTokens": 10 } })
    };
    serde_json::from_value(request).expect("the question is in the SDK's own words")
}

#[expect(
    deprecated,
    reason = "legacy revisions sample, and their servers must work through the proxy"
)]
async fn put(
    question: InputRequest,
    context: &RequestContext<RoleServer>,
) -> Result<Value, ErrorData> {
    let answer = match question {
        InputRequest::Elicitation(request) => context
            .peer
            .create_elicitation(request.params)
            .await
            .map(serde_json::to_value),
        InputRequest::CreateMessage(request) => context
            .peer
            .create_message(request.params)
            .await
            .map(serde_json::to_value),
        _ => {
            return Err(ErrorData::internal_error(
                "a question of neither kind",
                None,
            ));
        }
    };
    let answer = answer.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    answer.map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

/// Not a test: the process that replicas of this server run in. Does nothing unless told a port.
#[test]
#[ignore = "a server for other tests to start"]
fn serve_until_killed() {
    if let (Ok(name), Ok(port)) = (std::env::var("PROPYLON_INSTANCE"), std::env::var("PORT")) {
        serve(&name, port.parse().expect("PORT is a number"));
    }
}

//! A server with the tools that the conformance suite's task scenarios ask for; its tasks are in its memory alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use propylon_testkit::{Answer, Exchange, Upstream};
use serde_json::{Value, json};

const EXTENSION: &str = "io.modelcontextprotocol/tasks";
const STAMP: &str = "2026-08-01T12:00:00Z";

#[derive(Default)]
struct Server {
    name: String,
    made: AtomicU32,
    tasks: Mutex<BTreeMap<String, Task>>,
}

struct Task {
    ready: Option<Instant>,
    work: Duration,
    asks: BTreeSet<&'static str>,
    cancelled: bool,
    outcome: Outcome,
}

enum Outcome {
    Text(String),
    ToolError,
    ProtocolError,
}

/// An error: HTTP status, code and what its data are.
struct Refusal(u16, i32, Value);

type Reply = Result<Value, Refusal>;

/// Starts one.
pub(crate) fn start(name: &str) -> Upstream {
    let server = Arc::new(Server {
        name: name.to_owned(),
        ..Server::default()
    });
    Upstream::start(move |exchange| server.answer(exchange))
}

impl Server {
    fn answer(&self, exchange: &Exchange) -> Answer {
        let message = exchange.json();
        let id = &message["id"];
        if id.is_null() {
            return Answer::sized(202, &[], "");
        }
        match mirrored(exchange, &message).and_then(|()| self.reply(&message)) {
            Ok(mut result) => {
                let whole = result.as_object_mut().expect("results are objects");
                whole.entry("resultType").or_insert(json!("complete"));
                Answer::result(id, &result)
            }
            Err(Refusal(status, code, data)) => {
                let error = json!({ "code": code, "message": "refused", "data": data });
                Answer::json(
                    status,
                    &json!({ "jsonrpc": "2.0", "id": id, "error": error }),
                )
            }
        }
    }

    fn reply(&self, message: &Value) -> Reply {
        let params = &message["params"];
        let method = message["method"].as_str().unwrap_or_default();
        let may =
            &params["_meta"]["io.modelcontextprotocol/clientCapabilities"]["extensions"][EXTENSION];
        let knows_tasks = may.is_object();
        match method {
            "server/discover" => Ok(json!({
                "supportedVersions": ["2026-07-28"],
                "capabilities": { "tools": {}, "extensions": { EXTENSION: {} } },
                "serverInfo": { "name": self.name, "version": "1" },
                "ttlMs": 0, "cacheScope": "public",
            })),
            "tools/list" => Ok(json!({ "tools": tools(), "ttlMs": 0, "cacheScope": "public" })),
            "tools/call" => self.call(params, knows_tasks),
            "tasks/get" | "tasks/update" | "tasks/cancel" if !knows_tasks => Err(needs_tasks()),
            "tasks/get" | "tasks/update" | "tasks/cancel" => self.about_task(method, params),
            _ => Err(Refusal(404, -32601, Value::Null)),
        }
    }

    fn call(&self, params: &Value, knows_tasks: bool) -> Reply {
        let arguments = &params["arguments"];
        let work = Duration::from_secs_f64(arguments["seconds"].as_f64().unwrap_or(0.2));
        let mut asks = BTreeSet::new();
        let (outcome, work) = match params["name"].as_str().unwrap_or_default() {
            "greet" => {
                return Ok(said(&format!(
                    "Hello, {}!",
                    arguments["name"].as_str().unwrap_or("you")
                )));
            }
            "slow_compute" if !knows_tasks => {
                std::thread::sleep(work);
                return Ok(said("computed"));
            }
            _ if !knows_tasks => return Err(needs_tasks()),
            "slow_compute" => (Outcome::Text("computed".into()), work),
            "failing_job" => (Outcome::ToolError, Duration::from_secs(1)),
            "protocol_error_job" => (Outcome::ProtocolError, work),
            "confirm_delete" => {
                asks.insert("confirm");
                (Outcome::Text("deleted".into()), work)
            }
            "multi_input" => {
                asks.extend(["first", "second"]);
                (Outcome::Text("both".into()), work)
            }
            "test_tool_with_task" => {
                match params["inputResponses"]["user"]["content"].as_object() {
                    None => {
                        return Ok(
                            json!({ "resultType": "input_required", "inputRequests": { "user": question("user_name") }, "requestState": "asked" }),
                        );
                    }
                    Some(told) => (Outcome::Text(format!("Hello, {}", json!(told))), work),
                }
            }
            _ => return Err(Refusal(200, -32602, Value::Null)),
        };
        Ok(self.make(Task {
            ready: asks.is_empty().then(|| Instant::now() + work),
            work,
            asks,
            cancelled: false,
            outcome,
        }))
    }

    fn make(&self, task: Task) -> Value {
        let id = format!(
            "{}-{}",
            self.name,
            self.made.fetch_add(1, Ordering::Relaxed)
        );
        let mut made = task.describe(&id);
        made["resultType"] = json!("task");
        for detail in ["inputRequests", "result", "error"] {
            made.as_object_mut().expect("an object").remove(detail);
        }
        self.tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, task);
        made
    }

    fn about_task(&self, method: &str, params: &Value) -> Reply {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let id = params["taskId"].as_str().unwrap_or_default();
        let task = tasks.get_mut(id).ok_or(Refusal(200, -32602, Value::Null))?;
        match method {
            "tasks/get" => return Ok(task.describe(id)),
            "tasks/cancel" => {
                task.cancelled |= task.status() != "completed" && task.status() != "failed"
            }
            _ => {
                let answers = params["inputResponses"].as_object();
                task.asks
                    .retain(|key| !answers.is_some_and(|answers| answers.contains_key(*key)));
                if task.asks.is_empty() && task.ready.is_none() {
                    task.ready = Some(Instant::now() + task.work);
                }
            }
        }
        Ok(json!({}))
    }
}

impl Task {
    fn status(&self) -> &'static str {
        match (self.ready, &self.outcome) {
            _ if self.cancelled => "cancelled",
            (None, _) => "input_required",
            (Some(ready), _) if Instant::now() < ready => "working",
            (Some(_), Outcome::ProtocolError) => "failed",
            (Some(_), _) => "completed",
        }
    }

    fn describe(&self, id: &str) -> Value {
        let status = self.status();
        let mut task = json!({ "taskId": id, "status": status, "createdAt": STAMP, "lastUpdatedAt": STAMP, "ttlMs": 600_000, "pollIntervalMs": 100 });
        match (status, &self.outcome) {
            ("input_required", _) => {
                let asks = self
                    .asks
                    .iter()
                    .map(|key| ((*key).to_owned(), question("ok")));
                task["inputRequests"] = Value::Object(asks.collect());
            }
            ("failed", _) => {
                task["error"] = json!({ "code": -32603, "message": "broken, as asked" })
            }
            ("completed", Outcome::Text(text)) => task["result"] = said(text),
            ("completed", _) => {
                task["result"] = said("failed, as asked");
                task["result"]["isError"] = json!(true);
            }
            _ => {}
        }
        task
    }
}

/// What the mirrored headers must say (2026-07-28 streamable-http, Server Validation).
fn mirrored(exchange: &Exchange, message: &Value) -> Result<(), Refusal> {
    let method = message["method"].as_str();
    let params = &message["params"];
    let name = match method {
        Some("tools/call") => params["name"].as_str(),
        Some("tasks/get" | "tasks/update" | "tasks/cancel") => params["taskId"].as_str(),
        _ => exchange.header("mcp-name"),
    };
    let agree = exchange.header("mcp-method") == method && exchange.header("mcp-name") == name;
    agree.then_some(()).ok_or(Refusal(400, -32020, Value::Null))
}

fn needs_tasks() -> Refusal {
    Refusal(
        400,
        -32021,
        json!({ "requiredCapabilities": { "extensions": { EXTENSION: {} } } }),
    )
}

fn said(text: &str) -> Value {
    json!({ "resultType": "complete", "content": [{ "type": "text", "text": text }] })
}

fn question(field: &str) -> Value {
    let schema = json!({ "type": "object", "properties": { field: { "type": "string" } }, "required": [field] });
    json!({ "method": "elicitation/create", "params": { "mode": "form", "message": "?", "requestedSchema": schema } })
}

fn tools() -> Value {
    let names = [
        "greet",
        "slow_compute",
        "failing_job",
        "protocol_error_job",
        "confirm_delete",
        "multi_input",
        "test_tool_with_task",
    ];
    let tool = |name| json!({ "name": name, "description": "A fixture of the suite.", "inputSchema": { "type": "object" } });
    names.map(tool).into()
}

//! The Rust SDK as a client: the same walk as the scripts of the other SDKs, asserting as it goes.
#![expect(
    deprecated,
    reason = "legacy revisions sample, and their clients must work through the proxy"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use rmcp::handler::client::ClientHandler;
use rmcp::model::{
    CallToolRequestParams, ClientCapabilities, ClientConfig, CreateMessageRequestParams,
    CreateMessageResult, ElicitRequestParams, ElicitResult, ElicitationAction,
    GetPromptRequestParams, Implementation, ProgressNotificationParam, ProtocolVersion,
    ReadResourceRequestParams, SamplingMessage, SubscriptionFilter,
};
use rmcp::service::{NotificationContext, RequestContext, RoleClient, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt, ErrorData};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// Answers questions and writes down when progress came.
#[derive(Clone, Default)]
struct Handler {
    arrivals: Arc<std::sync::Mutex<Vec<Instant>>>,
    changed: Arc<Notify>,
    /// What `initialize` offers.
    offers: ProtocolVersion,
}

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        let capabilities = ClientCapabilities::builder()
            .enable_sampling()
            .enable_elicitation()
            .build();
        ClientConfig::new(capabilities, Implementation::new("propylon-test", "1"))
            .with_protocol_version(self.offers.clone())
    }

    async fn create_elicitation(
        &self,
        _request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let mut result = ElicitResult::new(ElicitationAction::Accept);
        result.content = Some(json!({ "value": "blue", "name": "blue" }));
        Ok(result)
    }

    async fn create_message(
        &self,
        _params: CreateMessageRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        Ok(CreateMessageResult::new(
            SamplingMessage::assistant_text("propylon"),
            "none".to_owned(),
        ))
    }

    async fn on_progress(
        &self,
        _params: ProgressNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        self.arrivals
            .lock()
            .expect("no thread panicked with it")
            .push(Instant::now());
    }

    async fn on_resource_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.changed.notify_one();
    }
}

type Client = RunningService<RoleClient, Handler>;

/// Which lifecycle the client speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    /// `initialize` and a session.
    Legacy,
    /// `server/discover` and stateless calls.
    Modern,
}

async fn connect(url: &str, era: Era) -> (Client, Handler) {
    let handler = Handler::default();
    let mode = match era {
        Era::Legacy => ClientLifecycleMode::Initialize,
        Era::Modern => ClientLifecycleMode::Discover {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        },
    };
    (connect_as(&handler, url, mode).await, handler)
}

async fn connect_as(handler: &Handler, url: &str, mode: ClientLifecycleMode) -> Client {
    let config = StreamableHttpClientTransportConfig::with_uri(url.to_owned());
    let transport = StreamableHttpClientTransport::from_config(config);
    let client = handler.clone().serve_with_lifecycle(transport, mode).await;
    client.expect("the client connects")
}

async fn call(client: &Client, tool: &'static str, arguments: Value) -> String {
    let Value::Object(arguments) = arguments else {
        panic!("arguments are an object")
    };
    let request = CallToolRequestParams::new(tool).with_arguments(arguments);
    let result = client
        .call_tool(request)
        .await
        .unwrap_or_else(|error| panic!("{tool}: {error}"));
    assert_ne!(result.is_error, Some(true), "{tool}: {result:?}");
    let content = serde_json::to_value(&result.content).expect("content is JSON");
    content[0]["text"].as_str().unwrap_or_default().to_owned()
}

/// What differs between servers.
#[derive(Clone, Copy)]
pub(crate) struct Abilities {
    /// It answers `subscriptions/listen`.
    pub(crate) listens: bool,
}

/// Walks through everything a server with the standard tools can do.
pub(crate) fn walk(url: &str, era: Era, abilities: Abilities) {
    block_on(async {
        let (client, handler) = connect(url, era).await;
        let tools = client.list_all_tools().await.expect("tools are listed");
        assert!(tools.iter().any(|tool| tool.name == "whoami"), "{tools:?}");
        assert_eq!(
            call(&client, "echo", json!({ "message": "naïve ☕ 你好" })).await,
            "naïve ☕ 你好"
        );
        assert_eq!(call(&client, "add", json!({ "a": 2, "b": 3 })).await, "5");
        progress(&client, &handler).await;
        assert_eq!(call(&client, "ask", json!({})).await, "answer: blue");
        assert_eq!(call(&client, "sample", json!({})).await, "model: propylon");
        let note = client
            .read_resource(ReadResourceRequestParams::new("note://greeting"))
            .await;
        assert!(format!("{note:?}").contains("hello from "), "{note:?}");
        let who = serde_json::Map::from_iter([("who".to_owned(), json!("Ada"))]);
        let prompt = client
            .get_prompt(GetPromptRequestParams::new("greet").with_arguments(who))
            .await;
        assert!(format!("{prompt:?}").contains("Greet Ada"), "{prompt:?}");
        match era {
            Era::Legacy => notified(&client, &handler).await,
            Era::Modern if abilities.listens => listened(&client).await,
            Era::Modern => {}
        }
        client.cancel().await.expect("the client closes");
    });
}

/// Opens `count` sessions of several calls each and gives, per session, the instances that answered.
pub(crate) fn sessions(url: &str, count: usize) -> Vec<Vec<String>> {
    block_on(async {
        let mut seen = Vec::new();
        for _ in 0..count {
            let (client, _) = connect(url, Era::Legacy).await;
            let mut names = Vec::new();
            for _ in 0..4 {
                names.push(call(&client, "whoami", json!({})).await);
            }
            client.cancel().await.expect("the client closes");
            seen.push(names);
        }
        seen
    })
}

/// One session that asks for `revision`, or finds out by itself (`auto`): the revision that is spoken then, what `echo`
/// said, and what the tool that tells the instance said three times.
pub(crate) fn revision(url: &str, revision: &str, tool: &'static str) -> (String, [String; 4]) {
    let mut known = ProtocolVersion::KNOWN_VERSIONS.iter();
    let asked = known.find(|known| known.as_str() == revision);
    let mode = match asked {
        None => ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::LATEST],
            legacy_version: None,
        },
        Some(asked) if asked.has_initialize() => ClientLifecycleMode::Initialize,
        Some(asked) => ClientLifecycleMode::Discover {
            preferred_versions: vec![asked.clone()],
        },
    };
    let handler = Handler {
        offers: asked.cloned().unwrap_or_default(),
        ..Handler::default()
    };
    block_on(async {
        let client = connect_as(&handler, url, mode).await;
        let spoken = client.peer_info().map(|info| info.protocol_version.clone());
        let tools = client.list_all_tools().await.expect("tools are listed");
        assert!(tools.iter().any(|known| known.name == tool), "{tools:?}");
        let said = [
            call(&client, "echo", json!({ "message": "naïve ☕" })).await,
            call(&client, tool, json!({})).await,
            call(&client, tool, json!({})).await,
            call(&client, tool, json!({})).await,
        ];
        client.cancel().await.expect("the client closes");
        let spoken = spoken.expect("the server told its revision");
        (spoken.as_str().to_owned(), said)
    })
}

async fn progress(client: &Client, handler: &Handler) {
    let start = Instant::now();
    assert_eq!(
        call(client, "progress", json!({ "count": 4, "pause": 0.15 })).await,
        "done"
    );
    tokio::time::sleep(Duration::from_millis(50)).await;
    let arrivals = handler.arrivals.lock().expect("no thread panicked with it");
    assert_eq!(arrivals.len(), 4, "every step is told");
    for (number, arrival) in (1..).zip(arrivals.iter()) {
        let late = (*arrival - start).saturating_sub(Duration::from_millis(150) * number);
        assert!(
            late < Duration::from_millis(140),
            "step {number} came {late:?} late"
        );
    }
}

async fn notified(client: &Client, handler: &Handler) {
    tokio::time::sleep(Duration::from_millis(400)).await;
    call(client, "notify", json!({})).await;
    let told = tokio::time::timeout(Duration::from_secs(5), handler.changed.notified()).await;
    assert!(told.is_ok(), "the change arrives on the GET stream");
}

/// A change is told by the instance it happens on, and the one we listen on is the busiest: slow calls keep the others
/// busy as well until a change lands where we listen.
async fn listened(client: &Client) {
    let filter = SubscriptionFilter::builder()
        .resources_list_changed()
        .build();
    let mut subscription = client
        .listen(filter)
        .await
        .expect("the subscription is acknowledged");
    for _ in 0..12 {
        let busy = futures::future::join_all(
            (0..4).map(|_| call(client, "slow", json!({ "seconds": 0.3 }))),
        );
        let changes = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            futures::future::join_all((0..4).map(|_| call(client, "notify", json!({})))).await
        };
        futures::future::join(busy, changes).await;
        if let Ok(event) =
            tokio::time::timeout(Duration::from_millis(100), subscription.next()).await
        {
            assert!(matches!(event, Ok(Some(_))), "{event:?}");
            return;
        }
    }
    panic!("48 changes, and none arrived");
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    let limited = async { tokio::time::timeout(Duration::from_secs(90), work).await };
    runtime
        .block_on(limited)
        .expect("the walk ends within 90 s")
}

//! What every check works with: the endpoint, connections to it, requests in the shape clients send, and what the run
//! learned before the checks began.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::facts::Facts;
use crate::measure::Measured;
use crate::options::CheckOptions;
use crate::progress::Progress;
use crate::talk::{Report, Session, Stream, Voice, rpc_error};
use crate::timeline::Timeline;
use crate::wire::{Client, Connection, Dialer, Endpoint, HttpVersion, Request, Response, Trouble};

/// How often a request is sent again when a session's request reached another instance than its own.
const SCATTER_TRIES: usize = 24;

/// The place where checks are done.
pub(crate) struct Lab {
    pub(crate) options: Rc<CheckOptions>,
    pub(crate) facts: Facts,
    pub(crate) timeline: Rc<RefCell<Timeline>>,
    pub(crate) measured: Measured,
    pub(crate) progress: Rc<dyn Fn(Progress)>,
    http: HttpVersion,
    dialer: Rc<Dialer>,
    ids: Rc<Cell<u64>>,
    run: String,
    session: Mutex<Option<Result<Session, Trouble>>>,
    /// Ids of shared sessions that their instance does not know any more.
    lost: RefCell<Vec<String>>,
}

impl Lab {
    pub(crate) fn new(
        options: CheckOptions,
        progress: Rc<dyn Fn(Progress)>,
    ) -> Result<Self, Trouble> {
        let dialer = Dialer::new(
            options.resolve.clone(),
            options.authority.as_deref(),
            options.endpoint.is_tls,
            options.timeout,
        )?;
        let mut random = [0; 6];
        getrandom::fill(&mut random)
            .map_err(|error| Trouble::unexpected(format!("no random numbers: {error}")))?;
        Ok(Self {
            options: Rc::new(options),
            facts: Facts::default(),
            timeline: Rc::default(),
            measured: Measured::default(),
            progress,
            http: HttpVersion::One,
            dialer: Rc::new(dialer),
            ids: Rc::default(),
            run: random.iter().map(|byte| format!("{byte:02x}")).collect(),
            session: Mutex::default(),
            lost: RefCell::default(),
        })
    }

    /// The same place, with everything said over `http`. Sessions and measurements are its own.
    pub(crate) fn over(&self, http: HttpVersion) -> Self {
        Self {
            options: Rc::clone(&self.options),
            facts: self.facts.clone(),
            timeline: Rc::clone(&self.timeline),
            measured: Measured::default(),
            progress: Rc::clone(&self.progress),
            http,
            dialer: Rc::clone(&self.dialer),
            ids: Rc::clone(&self.ids),
            run: self.run.clone(),
            session: Mutex::default(),
            lost: RefCell::default(),
        }
    }

    /// The HTTP version in which everything is said here.
    pub(crate) const fn http(&self) -> HttpVersion {
        self.http
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.options.endpoint
    }

    pub(crate) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// How long an answer may take that should come at once.
    pub(crate) fn soon(&self) -> Duration {
        self.options.timeout
    }

    /// A request id that this run has not used.
    pub(crate) fn next_id(&self) -> u64 {
        self.ids.set(self.ids.get() + 1);
        self.ids.get()
    }

    /// A word that nobody else uses: a key for the probe, or a canary.
    pub(crate) fn word(&self, what: &str) -> String {
        format!("{what}-{}-{}", self.run, self.next_id())
    }

    /// A request without body, with the operator's headers.
    pub(crate) fn bare(&self, method: &str) -> Request {
        let request = Request::new(method, self.endpoint());
        let headers = self.options.headers.iter();
        headers.fold(request, |request, (name, value)| {
            request.with(name, value.reveal())
        })
    }

    /// A POST of a JSON-RPC message as every revision wants it.
    pub(crate) fn post(&self, message: &Value) -> Request {
        self.bare("POST")
            .with("Content-Type", "application/json")
            .with("Accept", "application/json, text/event-stream")
            .body(message.to_string())
    }

    /// Arguments with the probe's token.
    pub(crate) fn with_token(&self, mut arguments: Value) -> Value {
        if let (Some(token), Some(members)) = (&self.options.token, arguments.as_object_mut()) {
            members.insert("token".into(), json!(token.reveal()));
        }
        arguments
    }

    pub(crate) async fn connect(&self) -> Result<Connection, Trouble> {
        self.dialer.connect(self.endpoint(), self.http).await
    }

    /// A client that has many exchanges open at once.
    pub(crate) async fn client(&self) -> Result<Client, Trouble> {
        Client::open(&self.dialer, self.endpoint(), self.http).await
    }

    /// Asks over a connection of its own.
    pub(crate) async fn ask(&self, request: &Request) -> Result<Response, Trouble> {
        self.ask_within(request, self.soon()).await
    }

    /// Asks over a connection of its own, with pauses of at most `within`.
    pub(crate) async fn ask_within(
        &self,
        request: &Request,
        within: Duration,
    ) -> Result<Response, Trouble> {
        let mut connection = self.connect().await?;
        Response::ask(&mut connection, request, within).await
    }

    /// Opens an event stream over a connection of its own.
    pub(crate) async fn stream(&self, request: &Request) -> Result<Stream, Trouble> {
        self.unscattered(|| async {
            let connection = self.connect().await?;
            Stream::open(connection, request, self.soon()).await
        })
        .await
    }

    /// Opens an event stream beside the others of a client.
    pub(crate) async fn stream_of(
        &self,
        client: &Client,
        request: &Request,
    ) -> Result<Stream, Trouble> {
        self.unscattered(|| async {
            Stream::open(client.connect().await?, request, self.soon()).await
        })
        .await
    }

    /// Calls a tool of the probe.
    pub(crate) async fn call(
        &self,
        voice: &Voice,
        tool: &str,
        arguments: Value,
    ) -> Result<Report, Trouble> {
        self.report(tool, &voice.tool(self, tool, arguments)).await
    }

    /// Sends a call of a tool and reads its report.
    pub(crate) async fn report(&self, tool: &str, request: &Request) -> Result<Report, Trouble> {
        self.report_within(tool, request, self.soon()).await
    }

    /// As [`Self::report`], with pauses of at most `within`.
    pub(crate) async fn report_within(
        &self,
        tool: &str,
        request: &Request,
        within: Duration,
    ) -> Result<Report, Trouble> {
        Report::read(tool, self.settle(request, within).await?)
    }

    /// Has the probe echo a call that `change` altered.
    pub(crate) async fn echo(
        &self,
        voice: &Voice,
        change: impl FnOnce(Request) -> Request,
    ) -> Result<Report, Trouble> {
        let request = voice.tool(self, "echo_request", json!({}));
        self.report("echo_request", &change(request)).await
    }

    /// Asks until the answer comes from the session's own instance: a chain that scatters sessions is found by the checks
    /// for that, and must not hide everything else.
    pub(crate) async fn settle(
        &self,
        request: &Request,
        within: Duration,
    ) -> Result<Response, Trouble> {
        let mut response = self.ask_within(request, within).await?;
        for _ in 0..SCATTER_TRIES {
            if !self.is_scattered(&response) {
                break;
            }
            response = self.ask_within(request, within).await?;
        }
        if self.is_scattered(&response)
            && let Some(renewed) = self.renewed(request).await
        {
            response = self.ask_within(&renewed, within).await?;
        }
        Ok(response)
    }

    /// The request in a new shared session, when it was in the shared one: what lost that is found by the check for it,
    /// and must not hide everything else.
    async fn renewed(&self, request: &Request) -> Option<Request> {
        let id = request
            .lines
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("mcp-session-id"));
        let (_, id) = id?;
        // Held by whoever opens the session just now, whose own requests come here too.
        let mut shared = self.session.try_lock().ok()?;
        let held = shared.as_ref()?.as_ref().ok()?;
        if held.id.as_bytes() == id.as_slice() {
            self.lost.borrow_mut().push(held.id.clone());
            *shared = Some(Ok(Box::pin(self.working_session()).await.ok()?));
        }
        let was_shared = |lost: &String| lost.as_bytes() == id.as_slice();
        let session = shared.as_ref()?.as_ref().ok()?;
        let renewed = || request.clone().setting("Mcp-Session-Id", &session.id);
        self.lost.borrow().iter().any(was_shared).then(renewed)
    }

    async fn unscattered<T, F: Future<Output = Result<T, Trouble>>>(
        &self,
        attempt: impl Fn() -> F,
    ) -> Result<T, Trouble> {
        let mut result = attempt().await;
        for _ in 0..SCATTER_TRIES {
            match &result {
                Err(Trouble::Unexpected(text))
                    if text.contains("Session not found") && self.facts.instances.len() > 1 =>
                {
                    result = attempt().await;
                }
                _ => break,
            }
        }
        result
    }

    /// Whether one of several instances said that it does not know the session.
    fn is_scattered(&self, response: &Response) -> bool {
        let unknown = || {
            response
                .message()
                .as_ref()
                .and_then(rpc_error)
                .is_some_and(|(code, _)| code == -32001)
        };
        self.facts.instances.len() > 1
            && response.status() == 404
            && response.head.instance().is_some()
            && unknown()
    }

    /// A session that works, shared by the checks that need one and leave it alone.
    pub(crate) async fn session(&self) -> Result<Session, Trouble> {
        let mut shared = self.session.lock().await;
        if let Some(session) = shared.as_ref() {
            return session.clone();
        }
        let session = self.working_session().await;
        *shared = Some(session.clone());
        session
    }

    /// Has the next check that asks open a new session: the instance of the shared one was made to lose it.
    pub(crate) async fn forget_session(&self) {
        *self.session.lock().await = None;
    }

    /// Of a handful of new sessions the first whose requests reach their instance.
    pub(crate) async fn working_session(&self) -> Result<Session, Trouble> {
        let mut last = Trouble::unexpected("no session worked");
        for _ in 0..8 {
            let session = match Session::open(self).await {
                Ok(session) => session,
                Err(error) => {
                    last = error;
                    continue;
                }
            };
            let ping = session.request(
                self,
                &json!({"jsonrpc": "2.0", "id": self.next_id(), "method": "ping"}),
            );
            match self.settle(&ping, self.soon()).await {
                Ok(answer) if answer.status() == 200 => return Ok(session),
                Ok(answer) => {
                    last = Trouble::unexpected(format!(
                        "a ping in a new session was answered with {}",
                        answer.head.describe()
                    ))
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// A voice of the modern era if it is spoken through the chain, else of the legacy one.
    pub(crate) async fn voice(&self) -> Result<Voice, Trouble> {
        if self.facts.modern {
            return Ok(Voice::Modern);
        }
        Ok(Voice::Legacy(self.session().await?))
    }

    /// A voice for each era that is spoken through the chain.
    pub(crate) async fn voices(&self) -> Result<Vec<Voice>, Trouble> {
        let mut voices = Vec::new();
        if self.facts.modern {
            voices.push(Voice::Modern);
        }
        if self.facts.legacy {
            voices.push(Voice::Legacy(self.session().await?));
        }
        Ok(voices)
    }
}

//! A small proxy that gets MCP right, and can be told to get one thing wrong.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use propylon_net::dial::{DialTarget, connect};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::fault::Fault;
use crate::login;
use crate::message::{Head, Inlet, Upstream, body};
use crate::relay::relay;

/// What the connections of a proxy share.
pub(crate) struct Shared {
    pub(crate) fault: Fault,
    pub(crate) instances: Vec<SocketAddr>,
    turn: Cell<usize>,
    /// Session and task ids, and the instance that made each.
    pub(crate) homes: RefCell<HashMap<String, usize>>,
    pub(crate) cache: RefCell<HashMap<Vec<u8>, Vec<u8>>>,
    pub(crate) streams: Cell<usize>,
    recent: RefCell<Vec<Instant>>,
    failures: RefCell<HashMap<usize, usize>>,
    ejected: RefCell<HashMap<usize, Instant>>,
    pub(crate) idle: RefCell<Vec<(usize, Upstream)>>,
    /// Who opened each session.
    pub(crate) owners: RefCell<HashMap<String, String>>,
}

/// A request on its way.
pub(crate) struct Asked {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    pub(crate) message: Value,
    pub(crate) at: usize,
}

/// Serves until its task is dropped.
pub(crate) async fn serve(listener: TcpListener, instances: Vec<SocketAddr>, fault: Fault) {
    let shared = Rc::new(Shared {
        fault,
        instances,
        turn: Cell::new(0),
        homes: RefCell::default(),
        cache: RefCell::default(),
        streams: Cell::new(0),
        recent: RefCell::default(),
        failures: RefCell::default(),
        ejected: RefCell::default(),
        idle: RefCell::default(),
        owners: RefCell::default(),
    });
    if fault == Fault::ChecksHealthOnEndpoint {
        tokio::task::spawn_local(check_health(Rc::clone(&shared)));
    }
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Rc::clone(&shared);
        tokio::task::spawn_local(async move { drop(converse(&shared, stream).await) });
    }
}

/// One client's connection.
async fn converse(shared: &Rc<Shared>, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let peer = stream.peer_addr()?;
    let (read, mut write) = stream.into_split();
    let mut inlet = Inlet::new(read);
    while let Some(head) = inlet.head().await? {
        if shared.fault == Fault::LimitsHeads && head.bytes().len() > 8 << 10 {
            return refuse(&mut write, 431, "text/plain", "too large").await;
        }
        if shared.fault == Fault::LimitsBodies
            && head
                .get("content-length")
                .and_then(|length| length.parse().ok())
                .is_some_and(|length: usize| length > 1_000_000)
        {
            return refuse(&mut write, 413, "text/html", "<h1>413</h1>").await;
        }
        let content = body(&mut inlet, &head).await?;
        if shared.fault == Fault::LimitsBodies && content.len() > 1_000_000 {
            return refuse(&mut write, 413, "text/html", "<h1>413</h1>").await;
        }
        let message = serde_json::from_slice(&content).unwrap_or(Value::Null);
        let mut asked = Asked {
            head,
            body: content,
            message,
            at: 0,
        };
        if let Some(answer) = login::refusal(shared, &asked) {
            write.write_all(answer.as_bytes()).await?;
            continue;
        }
        if let Some((status, kind, text)) = own_answer(shared, &asked) {
            refuse(&mut write, status, kind, &text).await?;
            continue;
        }
        prepare(shared, &mut asked, peer);
        exchange(shared, asked, &mut inlet, &mut write).await?;
    }
    Ok(())
}

/// Answers that never reach an instance.
fn own_answer(shared: &Shared, asked: &Asked) -> Option<(u16, &'static str, String)> {
    let head = &asked.head;
    let path = head.target().split('?').next().unwrap_or_default();
    if shared.fault != Fault::TakesAnyOrigin
        && head
            .get("origin")
            .is_some_and(|origin| !shared.is_own(head, origin))
    {
        return Some((
            403,
            "application/json",
            json!({"jsonrpc": "2.0", "error": {"code": -32_600, "message": "foreign origin"}})
                .to_string(),
        ));
    }
    let is_preflight =
        head.method() == "OPTIONS" && head.get("access-control-request-method").is_some();
    match shared.fault {
        Fault::AnswersOtherSlash if path == "/mcp/" => Some((200, "text/plain", String::new())),
        Fault::RedirectsOtherSlash if path == "/mcp/" => Some((301, "text/html", "moved".into())),
        Fault::BlocksOptions if head.method() == "OPTIONS" => {
            Some((405, "text/html", "<h1>405</h1>".into()))
        }
        Fault::BlocksAgents
            if head
                .get("user-agent")
                .is_some_and(|agent| agent.contains("python")) =>
        {
            Some((403, "text/html", "<h1>bot</h1>".into()))
        }
        Fault::HasNoHealth if path == "/health" => Some((404, "text/html", "<h1>404</h1>".into())),
        Fault::HidesWellKnown if path.contains("/.well-known/") => {
            Some((404, "text/html", "<h1>404</h1>".into()))
        }
        Fault::HidesCorsHeaders if is_preflight => Some((204, "cors", String::new())),
        Fault::RefusesResumption
            if head.get("last-event-id").is_some() && head.method() == "GET" =>
        {
            Some((400, "text/plain", "no".into()))
        }
        Fault::BreaksEndpointEvent if path.starts_with("/internal") => {
            Some((404, "text/html", "<h1>404</h1>".into()))
        }
        Fault::LimitsRatesWrongly
            if asked.message["method"] == "server/discover" && shared.is_over_rate() =>
        {
            Some((503, "text/html", "<h1>503</h1>".into()))
        }
        _ if matches!(path, "/healthz" | "/livez" | "/readyz") => {
            Some((404, "text/plain", "none".into()))
        }
        _ => None,
    }
}

impl Shared {
    fn scheme(&self) -> &'static str {
        if self.fault.has_tls() {
            "https"
        } else {
            "http"
        }
    }

    fn is_own(&self, head: &Head, origin: &str) -> bool {
        head.get("host")
            .is_some_and(|host| origin == format!("{}://{host}", self.scheme()))
    }

    fn is_over_rate(&self) -> bool {
        let mut recent = self.recent.borrow_mut();
        recent.retain(|at| at.elapsed() < Duration::from_secs(2));
        recent.push(Instant::now());
        recent.len() > 120
    }

    /// The instance for a request: its session's or task's, else the next.
    fn choose(&self, asked: &Asked) -> usize {
        let head = &asked.head;
        let is_session = self.fault != Fault::ScattersSessions;
        let session = head
            .get("mcp-session-id")
            .filter(|_| is_session)
            .map(str::to_owned);
        let old = head
            .target()
            .split_once("sessionId=")
            .map(|(_, id)| id.to_owned());
        let task = asked
            .message
            .pointer("/params/taskId")
            .and_then(Value::as_str)
            .filter(|_| self.fault != Fault::ScattersTasks);
        let homes = self.homes.borrow();
        let home = session
            .or(old)
            .or(task.map(str::to_owned))
            .and_then(|id| homes.get(&id).copied());
        let is_resumption = head.method() == "GET" && head.get("last-event-id").is_some();
        match home {
            Some(home) if self.fault == Fault::ResumesElsewhere && is_resumption => {
                (home + 1) % self.instances.len()
            }
            Some(home) => home,
            None => self.next(),
        }
    }

    fn next(&self) -> usize {
        for _ in 0..self.instances.len() {
            self.turn.set((self.turn.get() + 1) % self.instances.len());
            if !self.is_ejected(self.turn.get()) {
                break;
            }
        }
        self.turn.get()
    }

    fn is_ejected(&self, at: usize) -> bool {
        self.ejected
            .borrow()
            .get(&at)
            .is_some_and(|until| Instant::now() < *until)
    }

    fn failed(&self, at: usize) {
        if self.fault != Fault::EjectsInstances {
            return;
        }
        let mut failures = self.failures.borrow_mut();
        let count = failures.entry(at).or_default();
        *count += 1;
        if *count >= 8 {
            *count = 0;
            self.ejected
                .borrow_mut()
                .insert(at, Instant::now() + Duration::from_secs(2));
        }
    }
}

/// What a proxy changes in a request before it passes it on.
fn prepare(shared: &Shared, asked: &mut Asked, peer: SocketAddr) {
    asked.at = shared.choose(asked);
    let head = &mut asked.head;
    if shared.fault == Fault::ShowsInstanceInId
        && let Some((_, id)) = head.get("mcp-session-id").and_then(|id| id.split_once('~'))
    {
        let id = id.to_owned();
        head.set("Mcp-Session-Id", id);
    }
    if shared.fault == Fault::BelievesForwarded {
        let given = head
            .get("x-forwarded-for")
            .map_or_else(String::new, |given| format!("{given}, "));
        head.set("X-Forwarded-For", format!("{given}{}", peer.ip()));
    } else {
        for name in [
            "x-forwarded-host",
            "x-forwarded-proto",
            "x-real-ip",
            "forwarded",
            "x_forwarded_for",
        ] {
            head.remove(name);
        }
        head.set("X-Forwarded-For", peer.ip().to_string());
        head.set("X-Forwarded-Proto", shared.scheme());
    }
    match shared.fault {
        Fault::DropsRequestHeader(name) => head.remove(name),
        Fault::SetsRequestHeader(name, value) if head.get(name).is_some() => head.set(name, value),
        Fault::DropsOddParamNames => head
            .fields
            .retain(|(name, _)| !(name.starts_with("Mcp-Param-") && name.contains(['_', '.']))),
        Fault::RewritesHost => head.set("Host", shared.instances[asked.at].to_string()),
        Fault::MendsMirroredHeaders => mend(head, &asked.message),
        Fault::RewritesBodies if !asked.message.is_null() => {
            asked.body = asked.message.to_string().into_bytes()
        }
        _ => {}
    }
    head.remove("transfer-encoding");
    if head.get("content-length").is_some() || !asked.body.is_empty() {
        head.set("Content-Length", asked.body.len().to_string());
    }
}

/// Makes the mirrored headers of a modern request say what its body says.
fn mend(head: &mut Head, message: &Value) {
    let meta = &message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
    let Some(version) = meta.as_str() else { return };
    head.set("MCP-Protocol-Version", version);
    head.set("Mcp-Method", message["method"].as_str().unwrap_or_default());
    if let Some(name) = ["name", "uri", "taskId"]
        .iter()
        .find_map(|name| message["params"][*name].as_str())
    {
        head.set("Mcp-Name", name);
    }
}

async fn exchange(
    shared: &Rc<Shared>,
    mut asked: Asked,
    client: &mut Inlet<OwnedReadHalf>,
    write: &mut OwnedWriteHalf,
) -> io::Result<()> {
    if let Some(kept) = shared.cached(&asked) {
        return write.write_all(&kept).await;
    }
    let has_home = asked.head.get("mcp-session-id").is_some();
    for attempt in 0.. {
        if has_home && shared.is_ejected(asked.at) {
            return refuse(write, 503, "text/html", "<h1>503</h1>").await;
        }
        let Ok(mut upstream) = open(shared, &asked).await else {
            if has_home && shared.fault == Fault::AnswersBadGatewayForDead {
                return refuse(write, 502, "text/html", "<h1>502</h1>").await;
            }
            if has_home {
                let lost = json!({"jsonrpc": "2.0", "id": asked.message["id"], "error": {"code": -32_001, "message": "Session not found"}});
                return refuse(write, 404, "application/json", &lost.to_string()).await;
            }
            asked.at = shared.next();
            if attempt > shared.instances.len() {
                return refuse(write, 503, "text/plain", "nobody").await;
            }
            continue;
        };
        upstream
            .pipe
            .write_all(&[asked.head.bytes(), asked.body.clone()].concat())
            .await?;
        let waits = if shared.fault == Fault::GivesUpSlowCalls {
            30
        } else {
            3_600
        };
        let head = tokio::select! {
            head = tokio::time::timeout(Duration::from_secs(waits), upstream.head()) => head,
            _ = client_left(client), if shared.fault != Fault::KeepsUpstreamOpen => return Err(io::ErrorKind::ConnectionAborted.into()),
        };
        match head {
            Err(_) => return refuse(write, 504, "text/html", "<h1>504</h1>").await,
            Ok(Ok(Some(head))) => {
                return relay(shared, &asked, head, upstream, client, write).await;
            }
            Ok(_) if shared.fault == Fault::Replays && attempt == 0 => {}
            Ok(_) => {
                shared.failed(asked.at);
                return refuse(write, 502, "text/plain", "the server went away").await;
            }
        }
    }
    Ok(())
}

/// A connection to the request's instance, a kept one where the fault is to keep them.
async fn open(shared: &Shared, asked: &Asked) -> io::Result<Upstream> {
    if shared.fault == Fault::KeepsConnectionsTooLong {
        let mut idle = shared.idle.borrow_mut();
        while let Some(found) = idle.iter().position(|(at, _)| *at == asked.at) {
            let (_, kept) = idle.remove(found);
            // One that the server has closed already would only fail.
            let alive = kept
                .pipe
                .try_read(&mut [0])
                .is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
            if alive {
                return Ok(kept);
            }
        }
    }
    let target = DialTarget::operator(shared.instances[asked.at]);
    let stream = connect(target, Duration::from_secs(2))
        .await
        .map_err(io::Error::other)?;
    Ok(Inlet::new(stream))
}

/// Ends when the client has closed its side. What it sends early is kept.
pub(crate) async fn client_left(client: &mut Inlet<OwnedReadHalf>) {
    while matches!(client.fill().await, Ok(true)) {}
}

/// Writes an answer of the proxy's own.
pub(crate) async fn refuse(
    write: &mut OwnedWriteHalf,
    status: u16,
    kind: &str,
    text: &str,
) -> io::Result<()> {
    let mut answer = format!(
        "HTTP/1.1 {status} Own\r\nContent-Length: {}\r\n",
        text.len()
    );
    if kind == "cors" {
        answer.push_str(
            "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: content-type\r\n",
        );
    } else {
        answer.push_str(&format!("Content-Type: {kind}\r\n"));
    }
    if status == 301 {
        answer.push_str("Location: /mcp\r\n");
    }
    write
        .write_all(format!("{answer}\r\n{text}").as_bytes())
        .await
}

/// Asks the endpoint itself each second, as load balancers are set to.
async fn check_health(shared: Rc<Shared>) {
    loop {
        for address in &shared.instances {
            if let Ok(mut stream) =
                connect(DialTarget::operator(*address), Duration::from_secs(1)).await
            {
                let request = format!(
                    "GET /mcp HTTP/1.1\r\nHost: {address}\r\nUser-Agent: kube-probe/1.33\r\nConnection: close\r\n\r\n"
                );
                let _ = stream.write_all(request.as_bytes()).await;
                let _ = Inlet::new(stream).head().await;
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

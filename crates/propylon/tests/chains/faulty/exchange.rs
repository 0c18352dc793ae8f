//! One exchange: a request read whole, sent to its instance, and its answer passed on piece by piece.

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::PoisonError;
use std::time::Duration;

use serde_json::Value;

use super::body::{Body, Piece};
use super::cache::Cache;
use super::message::Head;
use super::outlet::Outlet;
use super::sse::{Boundary, ids, kept_lines, split_events};
use super::{Fault, Shared};

/// After how long without an event a stream gets a comment.
const KEEPALIVE: Duration = Duration::from_secs(5);
/// Headers that concern one connection, or that clients may not set.
const NOT_FORWARDED: &[&str] = &[
    "connection",
    "keep-alive",
    "transfer-encoding",
    "expect",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-real-ip",
];

/// A request in hand.
struct Request {
    head: Head,
    body: Vec<u8>,
}

/// Serves the one request of a client's connection.
pub(super) fn serve(client: TcpStream, shared: &Shared) {
    let _ = client.set_nodelay(true);
    let _ = exchange(&client, shared);
    let _ = client.shutdown(Shutdown::Both);
}

fn exchange(client: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let Some(head) = Head::read(&mut reader)? else {
        return Ok(());
    };
    if head.get("expect").is_some() {
        (&*client).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let Some(body) = Body::of_request(&head).whole(&mut reader) else {
        return Ok(());
    };
    let mut request = Request { head, body };
    if let Some(answer) = own_answer(&mut request.head, shared) {
        return (&*client).write_all(answer.as_bytes());
    }
    prepare(&mut request, client.peer_addr()?, shared);
    let key = Cache::key(&request.head, &request.body);
    if let (true, Some((head, body))) = (shared.has(Fault::CacheStreams), shared.cache.get(&key)) {
        return replay_stored(client, head, &body);
    }
    let Some((upstream, mut answer, instance)) = ask(&request, client, shared)? else {
        return (&*client).write_all(refusal("502 Bad Gateway").as_bytes());
    };
    let head = answer.head.clone();
    learn(&head, instance, shared);
    send_head(client, &head, &answer.body, instance, shared)?;
    let is_call = request.head.method() == "POST";
    let stored = relay(client, &mut answer, instance, is_call, shared)?;
    let is_public = head
        .get("cache-control")
        .is_some_and(|value| value.contains("public"));
    if shared.has(Fault::CacheStreams) && head.is_event_stream() && is_public {
        shared.cache.put(key, head, stored);
    }
    let _ = upstream.shutdown(Shutdown::Both);
    Ok(())
}

/// What the relay answers itself: foreign origins, and what its faults refuse.
fn own_answer(head: &mut Head, shared: &Shared) -> Option<String> {
    let origin = head.get("origin");
    if origin.is_some_and(|origin| origin != format!("http://{}", shared.listen)) {
        return Some(refusal("403 Forbidden"));
    }
    if shared.has(Fault::StripPrefix) {
        let target = head.target().to_owned();
        match target.strip_prefix("/weather") {
            Some(rest) => head.start = format!("{} {rest} HTTP/1.1", head.method()),
            None if target.starts_with("/health") || target.starts_with("/.well-known") => {}
            None => return Some(refusal("404 Not Found")),
        }
    }
    let resumed = head
        .get("last-event-id")
        .filter(|_| head.method() == "GET")?;
    let forgotten = shared
        .forgotten
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    forgotten.contains(&resumed).then(|| {
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
    })
}

fn refusal(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

/// Makes the request what the instance gets.
fn prepare(request: &mut Request, peer: SocketAddr, shared: &Shared) {
    let host = request.head.get("host").unwrap_or_default();
    let plain = |name: &str| name.to_ascii_lowercase().replace('_', "-");
    request
        .head
        .headers
        .retain(|(name, _)| !NOT_FORWARDED.contains(&plain(name).as_str()));
    request.head.set("X-Forwarded-For", &peer.ip().to_string());
    request.head.set("X-Forwarded-Proto", "http");
    request.head.set("X-Forwarded-Host", &host);
    let message: Option<Value> = serde_json::from_slice(&request.body).ok();
    if let (true, Some(message)) = (shared.has(Fault::ReencodeRequests), &message) {
        request.body = message.to_string().into_bytes();
    }
    if let (true, Some(message)) = (shared.has(Fault::RepairMirror), &message) {
        repair_mirror(&mut request.head, message);
    }
    if !request.body.is_empty() || request.head.get("content-length").is_some() {
        let length = request.body.len().to_string();
        request.head.set("Content-Length", &length);
    }
    request.head.set("Connection", "close");
}

fn repair_mirror(head: &mut Head, message: &Value) {
    if head.get("mcp-protocol-version").as_deref() != Some("2026-07-28") {
        return;
    }
    if let Some(method) = message["method"].as_str() {
        head.set("Mcp-Method", method);
    }
    // A value in Base64 may say the same.
    let encoded = head
        .get("mcp-name")
        .is_some_and(|name| name.starts_with("=?base64?"));
    for field in ["name", "uri", "taskId"].into_iter().filter(|_| !encoded) {
        if let Some(name) = message["params"][field].as_str() {
            head.set("Mcp-Name", name);
        }
    }
}

/// An answer's head, and the rest of it to be read.
struct Answer {
    head: Head,
    body: Body,
    reader: BufReader<TcpStream>,
}

/// Sends the request to the first instance that accepts, and reads the answer's head while the client is there.
fn ask(
    request: &Request,
    client: &TcpStream,
    shared: &Shared,
) -> io::Result<Option<(TcpStream, Answer, usize)>> {
    for instance in shared.routes.order(route(&request.head, shared).as_deref()) {
        let address = shared.routes.address(instance);
        let Ok(upstream) = TcpStream::connect_timeout(&address, Duration::from_secs(5)) else {
            continue;
        };
        watch(client, &upstream)?;
        match read_answer(request, &upstream, shared) {
            Ok(answer)
                if shared.has(Fault::FollowRedirects)
                    && matches!(answer.head.status(), 301..=308) =>
            {
                return follow(request, &answer, address, instance, shared);
            }
            Ok(answer) => return Ok(Some((upstream, answer, instance))),
            Err(_) if shared.has(Fault::Replay) => {}
            Err(_) => return Ok(None),
        }
    }
    Ok(None)
}

fn read_answer(request: &Request, mut upstream: &TcpStream, shared: &Shared) -> io::Result<Answer> {
    let _ = upstream.set_nodelay(true);
    let mut head = request.head.clone();
    if let (true, Some(shown)) = (shared.has(Fault::ShowAddress), head.get("mcp-session-id")) {
        head.set(
            "Mcp-Session-Id",
            shown.rsplit('~').next().unwrap_or_default(),
        );
    }
    upstream.write_all(&head.bytes())?;
    upstream.write_all(&request.body)?;
    let mut reader = BufReader::with_capacity(64 * 1024, upstream.try_clone()?);
    let head = Head::read(&mut reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let body = Body::of_response(&head, request.head.method());
    Ok(Answer { head, body, reader })
}

/// Asks where the answer points to, as no relay should.
fn follow(
    request: &Request,
    answer: &Answer,
    address: SocketAddr,
    instance: usize,
    shared: &Shared,
) -> io::Result<Option<(TcpStream, Answer, usize)>> {
    let location = answer.head.get("location").unwrap_or_default();
    let path = match location.split_once("://") {
        Some((_, rest)) => rest
            .split_once('/')
            .map_or("/".to_owned(), |(_, path)| format!("/{path}")),
        None => location,
    };
    let mut head = request.head.clone();
    let mut body = Vec::new();
    if matches!(answer.head.status(), 307 | 308) {
        head.start = format!("{} {path} HTTP/1.1", request.head.method());
        body.clone_from(&request.body);
    } else {
        head.start = format!("GET {path} HTTP/1.1");
        head.remove("content-length");
    }
    let followed = Request { head, body };
    let upstream = TcpStream::connect(address)?;
    let answer = read_answer(&followed, &upstream, shared)?;
    Ok(Some((upstream, answer, instance)))
}

/// What names the instance: the session, the task, or the session of the old transport.
fn route(head: &Head, shared: &Shared) -> Option<String> {
    if let Some(session) = head.get("mcp-session-id") {
        return Some(session.rsplit('~').next().unwrap_or_default().to_owned());
    }
    if let Some((_, id)) = head.target().split_once("sessionId=") {
        return Some(id.to_owned());
    }
    let is_task = head
        .get("mcp-method")
        .is_some_and(|method| method.starts_with("tasks/"));
    (is_task && !shared.has(Fault::ScatterTasks))
        .then(|| head.get("mcp-name"))
        .flatten()
}

/// Watches for the client to go, and then closes the upstream.
fn watch(client: &TcpStream, upstream: &TcpStream) -> io::Result<()> {
    let (mut client, upstream) = (client.try_clone()?, upstream.try_clone()?);
    std::thread::spawn(move || {
        let mut scrap = [0; 256];
        while let Ok(1..) = client.read(&mut scrap) {}
        let _ = upstream.shutdown(Shutdown::Both);
    });
    Ok(())
}

fn learn(head: &Head, instance: usize, shared: &Shared) {
    if let Some(session) = head.get("mcp-session-id") {
        shared.routes.learn(&session, instance);
    }
}

fn send_head(
    mut client: &TcpStream,
    head: &Head,
    body: &Body,
    instance: usize,
    shared: &Shared,
) -> io::Result<()> {
    let mut head = head.clone();
    head.remove("keep-alive");
    head.remove("transfer-encoding");
    head.set("Connection", "close");
    if body.length().is_none() {
        head.set("Transfer-Encoding", "chunked");
    }
    if let (true, Some(session)) = (shared.has(Fault::ShowAddress), head.get("mcp-session-id")) {
        head.set(
            "Mcp-Session-Id",
            &format!("{}~{session}", shared.routes.address(instance)),
        );
    }
    client.write_all(&head.bytes())
}

fn replay_stored(mut client: &TcpStream, mut head: Head, body: &[u8]) -> io::Result<()> {
    head.remove("transfer-encoding");
    head.set("Content-Length", &body.len().to_string());
    head.set("Connection", "close");
    client.write_all(&head.bytes())?;
    client.write_all(body)
}

/// Passes the body on, and gives it back where it is to be stored.
fn relay(
    client: &TcpStream,
    answer: &mut Answer,
    instance: usize,
    is_call: bool,
    shared: &Shared,
) -> io::Result<Vec<u8>> {
    let is_stream = answer.head.is_event_stream();
    let mut out = Outlet::new(
        client,
        answer.body.length().is_none(),
        is_stream && shared.has(Fault::StoreUnread),
    )?;
    let (mut boundary, mut pending, mut held) = (Boundary::default(), Vec::new(), Vec::new());
    if is_stream {
        answer.reader.get_ref().set_read_timeout(Some(KEEPALIVE))?;
    }
    loop {
        match answer.body.next(&mut answer.reader) {
            Piece::Data(mut data) => {
                shared.routes.learn_after("\"taskId\"", &data, instance);
                shared.routes.learn_after("sessionId=", &data, instance);
                boundary.feed(&data);
                if is_stream && is_call && shared.has(Fault::ForgetDropped) {
                    let mut forgotten = shared
                        .forgotten
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner);
                    forgotten.extend(ids(&data));
                }
                if is_stream && shared.has(Fault::SplitEvents) {
                    data = split_events(&data);
                }
                if is_stream && shared.has(Fault::KeepDataOnly) {
                    let is_data =
                        |line: &[u8]| line.starts_with(b"data") || line.trim_ascii().is_empty();
                    data = kept_lines(&mut pending, &data, is_data);
                }
                if is_stream && shared.has(Fault::NoKeepalive) {
                    data = kept_lines(&mut pending, &data, |line| !line.starts_with(b":"));
                }
                if is_stream && (shared.has(Fault::HoldStreams) || shared.has(Fault::CacheStreams))
                {
                    held.extend_from_slice(&data);
                }
                if !(is_stream && shared.has(Fault::HoldStreams)) {
                    out.write(&data)?;
                }
            }
            Piece::Quiet if boundary.is_between_events() && !shared.has(Fault::NoKeepalive) => {
                out.write(b":\n\n")?;
            }
            Piece::Quiet => {}
            Piece::Lost if !shared.has(Fault::HideLoss) => {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            Piece::End | Piece::Lost => break,
        }
    }
    if shared.has(Fault::HoldStreams) {
        out.write(&held)?;
    }
    out.finish()?;
    Ok(held)
}

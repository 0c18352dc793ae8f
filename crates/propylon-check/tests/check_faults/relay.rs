//! The way back: head and body of an answer, as they come, or as the fault has it.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::fault::{Fault, STREAMS_MAX};
use crate::login;
use crate::message::{Head, Inlet, Left, Upstream, piece};
use crate::proxy::{Asked, Shared, client_left, refuse};

/// Passes an answer on.
pub(crate) async fn relay(
    shared: &Rc<Shared>,
    asked: &Asked,
    mut head: Head,
    mut upstream: Upstream,
    client: &mut Inlet<OwnedReadHalf>,
    write: &mut OwnedWriteHalf,
) -> io::Result<()> {
    let mut left = Left::of(&head, true);
    if asked.head.method() == "HEAD" {
        left = Left::Nothing;
    }
    learn(shared, asked, &head);
    let is_stream = head.is_event_stream();
    let _gauge = is_stream.then(|| Gauge::raise(shared));
    if let Some((status, kind, text)) = replaced(shared, &head) {
        return refuse(write, status, kind, text).await;
    }
    change_head(shared, asked, &mut head);
    let is_chunked = left == Left::Chunks;
    // What has come and not been passed on.
    let mut held = head.bytes();
    if !(shared.fault == Fault::WithholdsHeads && is_stream) {
        write.write_all(&std::mem::take(&mut held)).await?;
    }
    let is_large = asked.message["params"]["arguments"]["size"].as_u64() >= Some(100_000);
    if shared.fault == Fault::HoardsForSlowReaders && is_chunked && is_large {
        return hoard(upstream, left, write).await;
    }
    let idle = if shared.fault == Fault::CutsQuietStreams && is_stream {
        20
    } else {
        3_600
    };
    loop {
        let next = tokio::select! {
            next = tokio::time::timeout(Duration::from_secs(idle), piece(&mut upstream, &mut left)) => next,
            () = client_left(client), if is_stream && shared.fault != Fault::KeepsUpstreamOpen => return Err(io::ErrorKind::ConnectionAborted.into()),
        };
        let Ok(next) = next else {
            return Err(io::ErrorKind::TimedOut.into());
        };
        match next {
            Ok(Some(bytes)) => {
                let bytes = change_piece(shared, asked, is_stream, bytes);
                held.extend(framed(is_chunked, &bytes));
                let is_call = is_stream && asked.head.method() == "POST";
                if !(shared.fault == Fault::BuffersStreams && is_call) {
                    write.write_all(&std::mem::take(&mut held)).await?;
                }
            }
            Ok(None) => break,
            Err(_) if shared.fault == Fault::HidesLoss && is_chunked => break,
            Err(error) => {
                write.write_all(&held).await?;
                return Err(error);
            }
        }
    }
    write.write_all(&held).await?;
    if is_chunked {
        write.write_all(b"0\r\n\r\n").await?;
    }
    if shared.fault == Fault::KeepsConnectionsTooLong && left == Left::Nothing {
        shared.idle.borrow_mut().push((asked.at, upstream));
    }
    Ok(())
}

/// What the client gets in place of the server's answer.
fn replaced(shared: &Shared, head: &Head) -> Option<(u16, &'static str, &'static str)> {
    match shared.fault {
        Fault::FollowsRedirects if (300..400).contains(&head.status()) => {
            Some((200, "text/plain", "whatever is there"))
        }
        Fault::ReplacesErrorPages if head.status() >= 500 => {
            Some((head.status(), "text/html", "<h1>Sorry</h1>"))
        }
        Fault::LimitsStreams if head.is_event_stream() && shared.streams.get() > 100 => {
            Some((503, "text/html", "<h1>503</h1>"))
        }
        Fault::BoundsStreams | Fault::RefusesStreamsSilently
            if head.is_event_stream() && shared.streams.get() > STREAMS_MAX =>
        {
            let is_silent = shared.fault == Fault::RefusesStreamsSilently;
            let reason = if is_silent { "" } else { "too many streams" };
            Some((503, "text/plain", reason))
        }
        _ => None,
    }
}

fn framed(is_chunked: bool, bytes: &[u8]) -> Vec<u8> {
    match (is_chunked, bytes.is_empty()) {
        (true, true) => Vec::new(),
        (true, false) => [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat(),
        (false, _) => bytes.to_vec(),
    }
}

/// Takes everything off the server at once, however slow the client reads.
async fn hoard(
    mut upstream: Upstream,
    mut left: Left,
    write: &mut OwnedWriteHalf,
) -> io::Result<()> {
    let (tell, mut told) = tokio::sync::mpsc::channel::<Vec<u8>>(1 << 20);
    let reader = tokio::task::spawn_local(async move {
        while let Some(bytes) = piece(&mut upstream, &mut left).await? {
            drop(tell.send(bytes).await);
        }
        io::Result::Ok(())
    });
    while let Some(bytes) = told.recv().await {
        if let Err(error) = write.write_all(&framed(true, &bytes)).await {
            reader.abort();
            return Err(error);
        }
    }
    match reader.await {
        Ok(Ok(())) => write.write_all(b"0\r\n\r\n").await,
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Notes which instance made a session.
fn learn(shared: &Shared, asked: &Asked, head: &Head) {
    if let Some(id) = head.get("mcp-session-id") {
        let mut homes = shared.homes.borrow_mut();
        homes.insert(id.to_owned(), asked.at);
        homes.insert(shown(shared, asked, id), asked.at);
        login::note(shared, asked, id);
    }
}

fn shown(shared: &Shared, asked: &Asked, id: &str) -> String {
    format!("{}~{id}", shared.instances[asked.at])
}

fn change_head(shared: &Shared, asked: &Asked, head: &mut Head) {
    match shared.fault {
        Fault::DropsResponseHeader(name) => head.remove(name),
        Fault::ShowsInstanceInId => {
            if let Some(id) = head
                .get("mcp-session-id")
                .map(|id| shown(shared, asked, id))
            {
                head.set("Mcp-Session-Id", id);
            }
        }
        Fault::CompressesStreams
            if head.is_event_stream()
                && asked
                    .head
                    .get("accept-encoding")
                    .is_some_and(|asked| asked.contains("gzip")) =>
        {
            head.set("Content-Encoding", "gzip");
        }
        Fault::HidesCorsHeaders if asked.head.get("origin").is_some() => {
            head.set("Access-Control-Allow-Origin", "*")
        }
        _ => {}
    }
}

/// Looks for ids in a piece, and changes it where that is the fault.
fn change_piece(shared: &Shared, asked: &Asked, is_stream: bool, bytes: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if asked.message["params"]["name"] == "task"
        && let Ok(message) = serde_json::from_str::<Value>(&text)
        && let Some(id) = message.pointer("/result/taskId").and_then(Value::as_str)
    {
        shared.homes.borrow_mut().insert(id.to_owned(), asked.at);
    }
    if let Some((_, rest)) = text
        .split_once("event: endpoint\n")
        .and_then(|(_, rest)| rest.split_once("sessionId="))
    {
        let id = rest.split('\n').next().unwrap_or_default().trim();
        shared.homes.borrow_mut().insert(id.to_owned(), asked.at);
        if shared.fault == Fault::BreaksEndpointEvent {
            return text.replace("data: /", "data: /internal/").into_bytes();
        }
    }
    if shared.fault == Fault::DropsComments && is_stream && text.starts_with([':', 'r']) {
        let kept = text
            .split_inclusive("\n\n")
            .filter(|block| !block.starts_with([':', 'r']));
        return kept.collect::<String>().into_bytes();
    }
    bytes
}

/// Counts open streams.
struct Gauge<'shared>(&'shared Shared);

impl<'shared> Gauge<'shared> {
    fn raise(shared: &'shared Shared) -> Self {
        shared.streams.set(shared.streams.get() + 1);
        Self(shared)
    }
}

impl Drop for Gauge<'_> {
    fn drop(&mut self) {
        self.0.streams.set(self.0.streams.get() - 1);
    }
}

impl Shared {
    /// An answer kept from an earlier request with the same body.
    pub(crate) fn cached(&self, asked: &Asked) -> Option<Vec<u8>> {
        if self.fault != Fault::CachesAnswers || asked.message["params"]["name"] != "cacheable" {
            return None;
        }
        let mut cache = self.cache.borrow_mut();
        if let Some(kept) = cache.get(&asked.body) {
            return Some(kept.clone());
        }
        let form = asked.message["params"]["arguments"]["as"]
            .as_str()
            .unwrap_or("json");
        let result = serde_json::json!({"jsonrpc": "2.0", "id": asked.message["id"], "result": {"structuredContent": {"nonce": "kept", "serial": 1}, "content": []}});
        let (kind, text) = match form {
            "sse" => ("text/event-stream", format!("data: {result}\n\n")),
            _ => ("application/json", result.to_string()),
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nAge: 1\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        )
        .into_bytes();
        cache.insert(asked.body.clone(), answer.clone());
        Some(answer)
    }
}

//! One connection of a scripted upstream: read requests, run their answers, write down the end.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::answer::chunked;
use super::feed::Fed;
use super::{Answer, Connection, End, Exchange, Greeting, Shared, Step, reset};

/// What the reading thread has for the serving one.
#[derive(Default)]
struct Inbox {
    bytes: Mutex<Vec<u8>>,
    changed: Condvar,
    gone: AtomicBool,
}

impl Inbox {
    fn gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    /// Takes what `parse` finds at the front, waiting for more bytes as long as it finds nothing.
    fn take<T>(
        &self,
        idle: Option<Duration>,
        parse: impl Fn(&[u8]) -> Option<(T, usize)>,
    ) -> Option<T> {
        let end = Instant::now() + idle.unwrap_or(Duration::from_secs(600));
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some((value, count)) = parse(&bytes) {
                bytes.drain(..count);
                return Some(value);
            }
            let idle_out = bytes.is_empty() && Instant::now() >= end;
            if self.gone() || idle_out {
                return None;
            }
            let waited = self.changed.wait_timeout(bytes, Duration::from_millis(50));
            bytes = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Serves one connection, accepted in this life of the upstream, to its end.
pub(crate) fn serve(mut stream: TcpStream, shared: &Arc<Shared>, life: u64) {
    let _ = stream.set_nodelay(true);
    let greeting = *shared
        .greeting
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let number = register(&stream, shared);
    match greeting {
        Greeting::Close => return finish(&stream, shared, number, false),
        Greeting::Reset => return finish(&stream, shared, number, true),
        // The clone kept in `open` holds the connection.
        Greeting::Stall => return,
        Greeting::Serve => {}
    }
    let inbox = Arc::new(Inbox::default());
    let Ok(reader) = stream.try_clone() else {
        return;
    };
    {
        let (inbox, shared) = (Arc::clone(&inbox), Arc::clone(shared));
        std::thread::spawn(move || read_all(reader, number, &inbox, &shared));
    }
    let cut = serve_requests(&mut stream, &inbox, shared, (number, life))
        .is_some_and(|ending| ending == Ending::Reset);
    finish(&stream, shared, number, cut);
}

#[derive(PartialEq, Eq)]
enum Ending {
    Close,
    Reset,
}

fn serve_requests(
    stream: &mut TcpStream,
    inbox: &Inbox,
    shared: &Shared,
    (number, life): (usize, u64),
) -> Option<Ending> {
    loop {
        let idle = *shared.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let head = inbox.take(idle, |bytes| {
            let length = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
            Some((bytes[..length].to_vec(), length))
        })?;
        let now = Instant::now();
        let mut exchange = Exchange {
            connection: number,
            head,
            body: vec![],
            trailers: vec![],
            head_at: now,
            body_at: now,
        };
        if let Some(answer) = shared.early.as_ref().and_then(|early| early(&exchange)) {
            shared.record().exchanges.push(exchange);
            return Some(run(answer, stream, inbox).unwrap_or(Ending::Close));
        }
        if exchange.header("expect").is_some() {
            let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        (exchange.body, exchange.trailers) = read_body(&exchange, inbox)?;
        exchange.body_at = Instant::now();
        // A request can still come in between a death and the end of its connection.
        if shared.life.load(Ordering::SeqCst) != life {
            return Some(Ending::Reset);
        }
        shared.record().exchanges.push(exchange.clone());
        let answer = (shared.script)(&exchange);
        if let Some(ending) = run(answer, stream, inbox) {
            return Some(ending);
        }
        if exchange
            .header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
        {
            return Some(Ending::Close);
        }
    }
}

/// Plays an answer; `Some` when it ended the connection.
fn run(answer: Answer, stream: &mut TcpStream, inbox: &Inbox) -> Option<Ending> {
    for step in answer.steps {
        let written = match step {
            Step::Bytes(bytes) => stream.write_all(&bytes),
            Step::Wait(pause) => {
                std::thread::sleep(pause);
                Ok(())
            }
            Step::Until(gate) => {
                gate.wait(|| inbox.gone());
                Ok(())
            }
            Step::Feed(feed) => loop {
                match feed.next(|| inbox.gone()) {
                    Some(Fed::Bytes(bytes)) => {
                        if let Err(error) = stream.write_all(&chunked(&bytes)) {
                            break Err(error);
                        }
                    }
                    Some(Fed::End) => break stream.write_all(b"0\r\n\r\n"),
                    Some(Fed::Cut) | None => return Some(Ending::Reset),
                }
            },
            Step::Close => return Some(Ending::Close),
            Step::Reset => return Some(Ending::Reset),
        };
        if written.is_err() {
            return Some(Ending::Close);
        }
    }
    None
}

fn read_body(exchange: &Exchange, inbox: &Inbox) -> Option<(Vec<u8>, Vec<u8>)> {
    if exchange.header("transfer-encoding").is_none() {
        let length: usize = exchange
            .header("content-length")
            .and_then(|value| value.parse().ok())
            .unwrap_or(0);
        let body = inbox.take(None, |bytes| Some((bytes.get(..length)?.to_vec(), length)))?;
        return Some((body, vec![]));
    }
    let mut body = Vec::new();
    loop {
        let length = inbox.take(None, |bytes| {
            let end = bytes.windows(2).position(|window| window == b"\r\n")?;
            let size = std::str::from_utf8(&bytes[..end]).unwrap_or_default();
            let size = size.split(';').next().unwrap_or_default().trim();
            Some((usize::from_str_radix(size, 16).unwrap_or(0), end + 2))
        })?;
        if length == 0 {
            break;
        }
        let chunk = inbox.take(None, |bytes| {
            Some((bytes.get(..length + 2)?.to_vec(), length + 2))
        })?;
        body.extend_from_slice(&chunk[..length]);
    }
    let trailers = inbox.take(None, |bytes| {
        if bytes.starts_with(b"\r\n") {
            return Some((vec![], 2));
        }
        let length = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        Some((bytes[..length].to_vec(), length))
    })?;
    Some((body, trailers))
}

fn read_all(mut stream: TcpStream, number: usize, inbox: &Inbox, shared: &Shared) {
    let mut buffer = [0; 64 * 1024];
    let end = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break End::Fin(Instant::now()),
            Ok(count) => {
                shared.record().connections[number]
                    .bytes
                    .extend_from_slice(&buffer[..count]);
                inbox
                    .bytes
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(&buffer[..count]);
                inbox.changed.notify_all();
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break End::Reset(Instant::now()),
        }
    };
    shared.record().connections[number].end.get_or_insert(end);
    inbox.gone.store(true, Ordering::SeqCst);
    inbox.changed.notify_all();
}

fn register(stream: &TcpStream, shared: &Shared) -> usize {
    let mut record = shared.record();
    let number = record.connections.len();
    record.connections.push(Connection {
        opened: Instant::now(),
        bytes: vec![],
        end: None,
    });
    if let Ok(clone) = stream.try_clone() {
        shared.open().push((number, clone));
    }
    number
}

fn finish(stream: &TcpStream, shared: &Shared, number: usize, cut: bool) {
    shared.record().connections[number]
        .end
        .get_or_insert(End::Ours(Instant::now()));
    // A connection no longer listed was taken by a death, which resets.
    let (mut open, mut listed) = (shared.open(), false);
    open.retain(|(other, _)| {
        listed |= *other == number;
        *other != number
    });
    if cut || !listed {
        reset(stream);
    } else {
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.shutdown(Shutdown::Read);
    }
}

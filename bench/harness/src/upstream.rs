//! The MCP server behind every peer: one process, several ports, each port one instance.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, sleep_until};

use crate::clock;
use crate::http1::{Connection, RequestHead};
use crate::measure::{Counters, Ready};
use crate::message::{self, ANSWER_LENGTH, Event, INSTANCES, PATH};

/// Path of the bench's own commands; only ever asked directly, never through a proxy.
pub(crate) const CONTROL: &str = "/control";

#[derive(clap::Args)]
pub(crate) struct Args {}

/// When the streams send: stream `n` of `streams` starts `n / streams` of a period late, so the rate is steady.
#[derive(Clone, Copy)]
struct Schedule {
    start: Instant,
    streams: u64,
    period: Duration,
    count: u64,
}

struct Server {
    counters: Cell<Counters>,
    minted: Cell<u64>,
    stream_numbers: Cell<u64>,
    schedule: RefCell<watch::Sender<Option<Schedule>>>,
}

pub(crate) fn run(_args: &Args) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, async {
        let server = Rc::new(Server {
            counters: Cell::default(),
            minted: Cell::new(0),
            stream_numbers: Cell::new(0),
            schedule: RefCell::new(watch::channel(None).0),
        });
        let mut addresses = Vec::new();
        let mut accepting = Vec::new();
        for instance in (0..).take(INSTANCES) {
            let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
            addresses.push(listener.local_addr()?);
            accepting.push(spawn_local(accept(listener, instance, Rc::clone(&server))));
        }
        println!("{}", serde_json::to_string(&Ready { addresses })?);
        for task in accepting {
            task.await??;
        }
        Ok(())
    })
}

async fn accept(listener: TcpListener, instance: u8, server: Rc<Server>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let server = Rc::clone(&server);
        spawn_local(async move {
            // The other side of a failed connection sees it too, and the load program is the judge.
            let _ended = serve(stream, instance, &server).await;
        });
    }
}

async fn serve(stream: TcpStream, instance: u8, server: &Server) -> io::Result<()> {
    let mut connection = Connection::new(stream)?;
    let mut body = Vec::new();
    let mut out = Vec::new();
    while let Some(head) = connection.read_request().await? {
        body.clear();
        out.clear();
        connection.read_body(head.framing, &mut body).await?;
        if let Some(command) = head.path.strip_prefix(CONTROL) {
            respond(
                200,
                "application/json",
                None,
                server.control(command).as_bytes(),
                &mut out,
            );
        } else if let Some(problem) = problem(&head) {
            respond(400, "text/plain", None, problem.as_bytes(), &mut out);
        } else if head.method == "GET" {
            return server.stream(connection, &head, instance).await;
        } else {
            server.answer(&head, &body, instance, &mut out);
        }
        connection.send(&out).await?;
    }
    Ok(())
}

/// What a proxy has lost on the way here, if anything.
fn problem(head: &RequestHead) -> Option<String> {
    if head.path != PATH {
        return Some(format!("the path arrived as {}", head.path));
    }
    if !message::is_credential(&head.authorization) {
        return Some("Authorization was lost or changed".into());
    }
    if !message::is_version(&head.version) {
        return Some("MCP-Protocol-Version was lost or changed".into());
    }
    if !head.accept.contains("text/event-stream") {
        return Some("Accept was lost or changed".into());
    }
    None
}

impl Server {
    fn answer(&self, head: &RequestHead, body: &[u8], instance: u8, out: &mut Vec<u8>) {
        match (&head.session, message::call_id(body)) {
            (Some(session), Some(id)) => {
                self.count(|counters| counters.calls += 1);
                respond_head(200, "application/json", Some(session), ANSWER_LENGTH, out);
                message::answer(id, instance, out);
            }
            (None, None) => {
                let session = self.mint(instance);
                respond(
                    200,
                    "application/json",
                    Some(&session),
                    message::initialized().as_bytes(),
                    out,
                );
            }
            _ => respond(
                400,
                "text/plain",
                None,
                b"Mcp-Session-Id or the body was lost or changed",
                out,
            ),
        }
    }

    /// A session id in the form of a UUID; its first digit names the instance.
    fn mint(&self, instance: u8) -> String {
        let number = self.minted.get() + 1;
        self.minted.set(number);
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!(
            "{instance}{:07x}-{:04x}-4{:03x}-8{:03x}-{number:012x}",
            mixed >> 36,
            mixed & 0xffff,
            (mixed >> 16) & 0xfff,
            (mixed >> 24) & 0xfff,
        )
    }

    fn count(&self, change: impl FnOnce(&mut Counters)) {
        let mut counters = self.counters.get();
        change(&mut counters);
        self.counters.set(counters);
    }

    /// `/counters`, or `/start/STREAMS/PERIOD_MS/COUNT`, which sets the streams going.
    fn control(&self, command: &str) -> String {
        let numbers: Vec<u64> = command
            .split('/')
            .filter_map(|part| part.parse().ok())
            .collect();
        if let [streams, period_ms, count] = *numbers {
            let schedule = Schedule {
                start: Instant::now() + Duration::from_millis(50),
                streams: streams.max(1),
                period: Duration::from_millis(period_ms),
                count,
            };
            self.schedule.borrow().send_replace(Some(schedule));
        }
        serde_json::to_string(&self.counters.get()).unwrap_or_default()
    }

    async fn stream(
        &self,
        mut connection: Connection,
        head: &RequestHead,
        instance: u8,
    ) -> io::Result<()> {
        let number = self.stream_numbers.replace(self.stream_numbers.get() + 1);
        let schedule = self.schedule.borrow().subscribe();
        self.count(|counters| counters.streams_open += 1);
        let session = head.session.clone().unwrap_or_default();
        let ended = send_events(&mut connection, &session, instance, number, schedule).await;
        self.count(|counters| counters.streams_open -= 1);
        if self.counters.get().streams_open == 0 {
            // The next streams wait for their own start, and are numbered from 0.
            self.stream_numbers.set(0);
            self.schedule.borrow().send_replace(None);
        }
        ended
    }
}

async fn send_events(
    connection: &mut Connection,
    session: &str,
    instance: u8,
    number: u64,
    mut schedule: watch::Receiver<Option<Schedule>>,
) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache, no-transform\r\nMcp-Session-Id: {session}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    connection.send(head.as_bytes()).await?;
    let plan = tokio::select! {
        closed = connection.wait_closed() => return closed,
        plan = schedule.wait_for(Option::is_some) => plan.ok().and_then(|plan| *plan),
    };
    let Some(plan) = plan else { return Ok(()) };
    let late = plan
        .period
        .mul_f64((number % plan.streams) as f64 / plan.streams as f64);
    let mut due = plan.start + late;
    for sequence in 0..plan.count {
        tokio::select! {
            closed = connection.wait_closed() => return closed,
            () = sleep_until(due) => {}
        }
        let frame = Event {
            instance,
            sequence,
            sent_ns: clock::now_ns(),
        }
        .frame();
        connection
            .send(format!("{:x}\r\n{frame}\r\n", frame.len()).as_bytes())
            .await?;
        due += plan.period;
    }
    connection.wait_closed().await
}

fn respond(status: u16, content_type: &str, session: Option<&str>, body: &[u8], out: &mut Vec<u8>) {
    respond_head(status, content_type, session, body.len(), out);
    out.extend_from_slice(body);
}

fn respond_head(
    status: u16,
    content_type: &str,
    session: Option<&str>,
    length: usize,
    out: &mut Vec<u8>,
) {
    let reason = if status == 200 { "OK" } else { "Bad Request" };
    out.extend_from_slice(
        format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
        )
        .as_bytes(),
    );
    if let Some(session) = session {
        out.extend_from_slice(format!("Mcp-Session-Id: {session}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

//! `tools/call` over keep-alive connections: each waits for its answer before it asks again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Client, Dialer, Target, ask_upstream};
use crate::clock;
use crate::measure::{Cpu, Delays, Protocol, Requests};
use crate::message::Call;
use crate::process::Group;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,
    #[arg(long)]
    connections: usize,
    #[arg(long)]
    seconds: f64,
    #[arg(long)]
    warm_up_seconds: f64,
}

/// How long connections that have been told to stop may take to get their last answer.
const LAST_ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Tally {
    stopping: Cell<bool>,
    measuring: Cell<bool>,
    answers_in_all: Cell<u64>,
    misrouted: Cell<u64>,
    delays_ns: RefCell<Vec<u64>>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<Requests> {
    let dialer = Dialer::new(&args.target, Protocol::H1)?;
    let mut clients = Vec::with_capacity(args.connections);
    for number in 0..args.connections {
        clients.push(Client::initialize(&dialer, number).await?);
    }
    let group = args.target.group()?;
    let calls_before = ask_upstream(args.target.upstream, "/counters").await?.calls;
    let tally = Rc::new(Tally::default());
    let mut tasks = JoinSet::new();
    for client in clients {
        tasks.spawn_local(call(client, Rc::clone(&tally)));
    }
    let (elapsed_ns, cpu) = tokio::select! {
        measured = measure(&args, group.as_ref(), &tally) => measured?,
        ended = tasks.join_next() => {
            ended.context("there are no connections")???;
            bail!("a connection stopped by itself")
        }
    };
    tally.stopping.set(true);
    timeout(LAST_ANSWER_TIMEOUT, join(&mut tasks))
        .await
        .context("an answer never came")??;
    let calls = ask_upstream(args.target.upstream, "/counters").await?.calls - calls_before;
    let answers_in_all = tally.answers_in_all.get();
    ensure!(
        calls == answers_in_all,
        "the upstream saw {calls} calls for {answers_in_all} answers"
    );
    let delays_ns = tally.delays_ns.take();
    ensure!(!delays_ns.is_empty(), "no answer arrived in the window");
    Ok(Requests {
        connections: args.connections,
        seconds: elapsed_ns as f64 / 1e9,
        answers: delays_ns.len() as u64,
        answers_in_all,
        misrouted: tally.misrouted.get(),
        cpu,
        delays: Delays::from_ns(delays_ns),
    })
}

/// Warms up, then opens the window; its length in nanoseconds and the proxy's CPU time in it.
async fn measure(
    args: &Args,
    group: Option<&Group>,
    tally: &Tally,
) -> anyhow::Result<(u64, Option<Cpu>)> {
    sleep(Duration::from_secs_f64(args.warm_up_seconds)).await;
    let cpu_before = group.map(Group::cpu).transpose()?;
    let start = clock::now_ns();
    tally.measuring.set(true);
    sleep(Duration::from_secs_f64(args.seconds)).await;
    tally.measuring.set(false);
    let elapsed_ns = clock::now_ns() - start;
    let cpu_after = group.map(Group::cpu).transpose()?;
    Ok((
        elapsed_ns,
        cpu_after
            .zip(cpu_before)
            .map(|(after, before)| after.since(&before)),
    ))
}

async fn join(tasks: &mut JoinSet<anyhow::Result<()>>) -> anyhow::Result<()> {
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

async fn call(mut client: Client, tally: Rc<Tally>) -> anyhow::Result<()> {
    let mut call = Call::new(&client.host, &client.session);
    let mut body = Vec::new();
    while !tally.stopping.get() {
        let sent = clock::now_ns();
        client.connection.send(call.next()).await?;
        let head = client
            .connection
            .read_response()
            .await
            .context("tools/call")?;
        body.clear();
        client
            .connection
            .read_body(head.framing, &mut body)
            .await
            .context("tools/call")?;
        let received = clock::now_ns();
        let instance = call.answered_by(&body).filter(|_| {
            head.status == 200
                && head.content_type == "application/json"
                && head.session.as_deref() == Some(&client.session)
        });
        let Some(instance) = instance else {
            bail!(
                "not the expected answer: {head:?} {}",
                String::from_utf8_lossy(&body)
            );
        };
        tally.answers_in_all.set(tally.answers_in_all.get() + 1);
        tally
            .misrouted
            .set(tally.misrouted.get() + u64::from(instance != client.instance));
        if tally.measuring.get() {
            tally.delays_ns.borrow_mut().push(received - sent);
        }
    }
    Ok(())
}

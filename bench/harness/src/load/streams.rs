//! Event streams: opened and left idle, then each sends an event once a period.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::feed::Opener;
use super::http2::Shared;
use super::{Dialer, Target, ask_upstream};
use crate::clock;
use crate::measure::{Delays, Memory, Protocol, Streams};
use crate::message::Event;
use crate::process::Group;

#[derive(clap::Args, Clone)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,
    #[arg(long)]
    streams: usize,
    /// Time between two events of one stream
    #[arg(long)]
    period_ms: u64,
    /// Events of each stream
    #[arg(long)]
    events: u64,
    /// Speak HTTP/2, with that many clients on each connection
    #[arg(long)]
    per_connection: Option<usize>,
}

/// Streams opened and closed before the first look at memory, so that one-time costs are not counted.
const WARM_UP_STREAMS: usize = 16;
/// Streams being opened at one time.
const OPENING_AT_ONCE: usize = 64;
const OPEN_TIMEOUT: Duration = Duration::from_secs(60);
const SETTLE: Duration = Duration::from_secs(2);
/// How long after its time the last event may come before it counts as lost.
const LAST_EVENT_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Tally {
    open: Cell<usize>,
    misrouted: Cell<u64>,
    delays_ns: RefCell<Vec<u64>>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<Streams> {
    let group = args.target.group()?;
    let warm_up = Args {
        streams: WARM_UP_STREAMS,
        events: 2,
        period_ms: 100,
        ..args.clone()
    };
    let mut tasks = JoinSet::new();
    let tally = open(&warm_up, &mut tasks).await?;
    receive(&warm_up, &tally, &mut tasks).await?;
    close(&warm_up, tasks).await?;

    let before = memory(group.as_ref())?;
    let opening = Instant::now();
    let mut tasks = JoinSet::new();
    let tally = open(&args, &mut tasks).await?;
    let open_seconds = opening.elapsed().as_secs_f64();
    sleep(SETTLE).await;
    let idle = memory(group.as_ref())?;

    let cpu_before = group.as_ref().map(|group| group.cpu()).transpose()?;
    let start = Instant::now();
    receive(&args, &tally, &mut tasks).await?;
    let event_seconds = start.elapsed().as_secs_f64();
    let cpu_after = group.as_ref().map(|group| group.cpu()).transpose()?;
    sleep(SETTLE).await;
    let after_events = memory(group.as_ref())?;
    close(&args, tasks).await?;

    let delays_ns = tally.delays_ns.take();
    Ok(Streams {
        streams: args.streams,
        per_connection: args.per_connection,
        open_seconds,
        misrouted: tally.misrouted.get(),
        before,
        idle,
        after_events,
        events: delays_ns.len() as u64,
        event_seconds,
        cpu: cpu_after
            .zip(cpu_before)
            .map(|(after, before)| after.since(&before)),
        delays: Delays::from_ns(delays_ns),
    })
}

fn memory(group: Option<&Group>) -> anyhow::Result<Memory> {
    Ok(group.map(Group::memory).transpose()?.unwrap_or_default())
}

/// Opens all streams and waits until the upstream holds them all and every head has arrived.
async fn open(args: &Args, tasks: &mut JoinSet<anyhow::Result<()>>) -> anyhow::Result<Rc<Tally>> {
    let tally = Rc::new(Tally::default());
    let opener = Rc::new(match args.per_connection {
        None => Opener::Each(Dialer::new(&args.target, Protocol::H1)?),
        Some(many) => Opener::Shared(Shared::new(&args.target, args.streams, many)?),
    });
    let opening = Rc::new(Semaphore::new(OPENING_AT_ONCE));
    for number in 0..args.streams {
        tasks.spawn_local(stream(
            Rc::clone(&opener),
            number,
            Rc::clone(&tally),
            Rc::clone(&opening),
        ));
    }
    let deadline = Instant::now() + OPEN_TIMEOUT;
    while tally.open.get() < args.streams {
        look_for_failure(tasks)?;
        ensure!(
            Instant::now() < deadline,
            "only {} of {} streams opened: a head was withheld",
            tally.open.get(),
            args.streams
        );
        sleep(Duration::from_millis(20)).await;
    }
    wait_for_open(args, args.streams as u64).await?;
    Ok(tally)
}

/// Sets the events going and waits for every one of them.
async fn receive(
    args: &Args,
    tally: &Tally,
    tasks: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let expected = args.streams as u64 * args.events;
    let command = format!("/start/{}/{}/{}", args.streams, args.period_ms, args.events);
    ask_upstream(args.target.upstream, &command).await?;
    let deadline =
        Instant::now() + Duration::from_millis(args.period_ms * args.events) + LAST_EVENT_TIMEOUT;
    loop {
        look_for_failure(tasks)?;
        let received = tally.delays_ns.borrow().len() as u64;
        if received == expected {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "{} of {expected} events were lost",
            expected - received
        );
        sleep(Duration::from_millis(20)).await;
    }
}

/// Closes the streams and waits until the upstream has seen every close.
async fn close(args: &Args, mut tasks: JoinSet<anyhow::Result<()>>) -> anyhow::Result<()> {
    tasks.shutdown().await;
    wait_for_open(args, 0)
        .await
        .context("a client's disconnect never reached the upstream")
}

async fn wait_for_open(args: &Args, expected: u64) -> anyhow::Result<()> {
    let deadline = Instant::now() + OPEN_TIMEOUT;
    loop {
        let open = ask_upstream(args.target.upstream, "/counters")
            .await?
            .streams_open;
        if open == expected {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "the upstream holds {open} streams where {expected} were expected"
        );
        sleep(Duration::from_millis(50)).await;
    }
}

fn look_for_failure(tasks: &mut JoinSet<anyhow::Result<()>>) -> anyhow::Result<()> {
    match tasks.try_join_next() {
        None => Ok(()),
        Some(ended) => {
            ended??;
            bail!("a stream ended by itself")
        }
    }
}

async fn stream(
    opener: Rc<Opener>,
    number: usize,
    tally: Rc<Tally>,
    opening: Rc<Semaphore>,
) -> anyhow::Result<()> {
    let permit = opening.acquire().await?;
    let mut feed = timeout(OPEN_TIMEOUT, opener.open(number))
        .await
        .context("a stream's head was withheld")?
        .with_context(|| format!("opening stream {number}"))?;
    tally.open.set(tally.open.get() + 1);
    drop(permit);
    let mut data = Vec::new();
    let mut next = 0;
    while feed.read(&mut data).await? {
        let received = clock::now_ns();
        while let Some(end) = memchr::memmem::find(&data, b"\n\n") {
            let frame: Vec<u8> = data.drain(..end + 2).collect();
            let text = String::from_utf8_lossy(frame.get(..end).unwrap_or_default());
            let Some(event) = Event::read(&text).map_err(anyhow::Error::msg)? else {
                continue;
            };
            ensure!(
                event.sequence == next,
                "event {} came where {next} was due",
                event.sequence
            );
            next += 1;
            tally
                .misrouted
                .set(tally.misrouted.get() + u64::from(event.instance != feed.instance));
            tally
                .delays_ns
                .borrow_mut()
                .push(received.saturating_sub(event.sent_ns));
        }
    }
    bail!("the stream was ended")
}

//! The comparison: every peer in turn, round after round, on the same upstream and the same work.

mod certificate;
mod child;
mod machine;
mod peer;
mod program;
mod proxy;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::measure::{Protocol, Ready, Requests, Streams, TlsRequests};
use crate::report::{self, Results, Row, Section};
use child::Child;
use machine::Interrupt;
use peer::Peer;
use program::Programs;
use proxy::Proxy;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to measure; all when left out
    work: Option<Work>,
    /// Peers to compare, in this order
    #[arg(long, value_delimiter = ',', default_value = peer::DEFAULT)]
    peers: Vec<String>,
    /// Length of one window of `requests` and `requests-tls`
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Rounds; each goes through all peers, and the median of the rounds is reported
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Numbers of client connections for `requests`, and of requests in flight for `requests-tls`
    #[arg(long, value_delimiter = ',', default_values_t = [64, 1])]
    connections: Vec<usize>,
    /// Open event streams for `streams` and `streams-tls`
    #[arg(long, default_value_t = 4000)]
    streams: usize,
    /// Time between two events of one stream
    #[arg(long, default_value_t = 2000)]
    period_ms: u64,
    /// Events of each stream
    #[arg(long, default_value_t = 10)]
    events: u64,
    /// Folder for RESULTS.md, results.svg and results.json
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Work {
    /// CPU time of a request, in the clear
    Requests,
    /// Memory of an open event stream and delay of its events, in the clear
    Streams,
    /// CPU time of a request over TLS 1.3, in HTTP/1.1 and in HTTP/2
    RequestsTls,
    /// Memory of an event stream over TLS 1.3, in HTTP/1.1 and in HTTP/2
    StreamsTls,
}

/// How the clients of event streams come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Clear,
    H1,
    H2,
}

/// What every measurement of a run shares.
struct Bench {
    args: Args,
    root: PathBuf,
    programs: Programs,
    peers: Vec<&'static Peer>,
    upstream: Ready,
    interrupt: Interrupt,
}

/// Requests in flight on one HTTP/2 connection of `requests-tls`.
const H2_STREAMS: usize = 8;
/// Event streams on one HTTP/2 connection of `streams-tls`: as many as HAProxy lets a client open, the fewest of all.
const H2_FEEDS: usize = 100;
const WARM_UP_SECONDS: f64 = 1.0;
/// How long a load may take past its planned time before it is ended as stuck.
const LOAD_SLACK: Duration = Duration::from_secs(200);

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    ensure!(
        args.rounds > 0 && !args.connections.contains(&0),
        "rounds and connections must be at least 1"
    );
    let root = machine::workspace_root()?;
    let peers = args
        .peers
        .iter()
        .map(|name| peer::find(name))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let programs = Programs::find(&root, &peers)?;
    let interrupt = Interrupt::install()?;
    machine::raise_open_files(args.streams)?;
    let mut server = Child::start(
        &program::own(&["upstream"])?,
        &scratch(&root, "upstream")?,
        &[],
    )?;
    let upstream: Ready = serde_json::from_str(&server.first_line(&interrupt)?)?;
    let bench = Bench {
        args,
        root,
        programs,
        peers,
        upstream,
        interrupt,
    };

    let out = bench
        .args
        .out
        .clone()
        .unwrap_or_else(|| bench.root.join("bench"));
    let mut results = Results::load(&out)?;
    bench.measure_into(&mut results, &out)?;
    println!("\n{}", report::markdown(&results));
    println!("written: {}", out.display());
    Ok(())
}

impl Bench {
    /// Measures what was asked for, and writes each part when it is complete.
    fn measure_into(&self, results: &mut Results, out: &Path) -> anyhow::Result<()> {
        let wanted = |work| self.args.work.is_none_or(|asked| asked == work);
        if wanted(Work::Requests) {
            results.requests = Some(self.measure("requests", &self.peers, Self::requests)?);
            results.write(out)?;
        }
        if wanted(Work::Streams) {
            let once =
                |bench: &Self, peer: &Peer, title: &str| bench.streams(peer, title, Way::Clear);
            results.streams = Some(self.measure("streams", &self.peers, once)?);
            results.write(out)?;
        }
        let with_tls: Vec<&'static Peer> =
            self.peers.iter().copied().filter(|peer| peer.tls).collect();
        let asks_for_tls = matches!(self.args.work, Some(Work::RequestsTls | Work::StreamsTls));
        ensure!(
            !(asks_for_tls && with_tls.is_empty()),
            "none of these peers has a TLS listener here: {}",
            self.args.peers.join(", ")
        );
        if wanted(Work::RequestsTls) {
            let h2load = program::h2load(&self.root)?;
            let once =
                |bench: &Self, peer: &Peer, title: &str| bench.requests_tls(peer, title, &h2load);
            results.requests_tls = Some(self.measure("requests-tls", &with_tls, once)?);
            results.write(out)?;
        }
        if wanted(Work::StreamsTls) {
            let h1 = |bench: &Self, peer: &Peer, title: &str| bench.streams(peer, title, Way::H1);
            results.streams_tls = Some(self.measure("streams-tls h1", &with_tls, h1)?);
            results.write(out)?;
            let h2 = |bench: &Self, peer: &Peer, title: &str| bench.streams(peer, title, Way::H2);
            results.streams_h2 = Some(self.measure("streams-tls h2", &with_tls, h2)?);
            results.write(out)?;
        }
        Ok(())
    }

    /// Goes through the peers round after round, so that noise of the machine hits all of them alike.
    fn measure<T: Serialize>(
        &self,
        name: &str,
        peers: &[&'static Peer],
        once: impl Fn(&Self, &Peer, &str) -> anyhow::Result<Vec<T>>,
    ) -> anyhow::Result<Section<T>> {
        let start = Instant::now();
        let mut rows: Vec<Row<T>> = peers.iter().map(|peer| self.row(peer)).collect();
        for round in 1..=self.args.rounds {
            for (row, peer) in rows.iter_mut().zip(peers) {
                let title = format!("{name} round {round}/{} {}", self.args.rounds, peer.name);
                row.runs
                    .extend(once(self, peer, &title).with_context(|| title.clone())?);
            }
        }
        Ok(Section {
            command: command_line(),
            machine: machine::facts(),
            minutes: start.elapsed().as_secs_f64() / 60.0,
            rounds: self.args.rounds,
            rows,
        })
    }

    fn row<T>(&self, peer: &Peer) -> Row<T> {
        Row {
            peer: peer.name.into(),
            label: peer.label.into(),
            version: self.programs.version(peer.name),
            setup: peer.setup.into(),
            sticky: peer.sticky,
            runs: Vec::new(),
        }
    }

    fn requests(&self, peer: &Peer, title: &str) -> anyhow::Result<Vec<Requests>> {
        let mut runs = Vec::new();
        let mut proxy = self.start(peer)?;
        for connections in &self.args.connections {
            let planned = self.args.seconds + WARM_UP_SECONDS;
            let run: Requests = self.load(
                &proxy,
                planned,
                "requests",
                false,
                &[
                    format!("--connections={connections}"),
                    format!("--seconds={}", self.args.seconds),
                    format!("--warm-up-seconds={WARM_UP_SECONDS}"),
                ],
            )?;
            println!(
                "{title} connections={connections}: {}",
                report::line_of_requests(&run)
            );
            judge_sticky(peer, run.misrouted)?;
            runs.push(run);
        }
        let answers: u64 = runs.iter().map(|run| run.answers_in_all).sum();
        proxy.stop_and_check_log(answers, &self.interrupt)?;
        Ok(runs)
    }

    fn requests_tls(
        &self,
        peer: &Peer,
        title: &str,
        h2load: &Path,
    ) -> anyhow::Result<Vec<TlsRequests>> {
        let mut runs: Vec<TlsRequests> = Vec::new();
        let mut proxy = self.start(peer)?;
        for in_flight in &self.args.connections {
            let streams = H2_STREAMS.min(*in_flight);
            let shapes = [
                (Protocol::H1, "h1", *in_flight, 1),
                (Protocol::H2, "h2", in_flight.div_ceil(streams), streams),
            ];
            for (protocol, name, connections, streams) in shapes {
                let run: TlsRequests = self.load(
                    &proxy,
                    self.args.seconds + WARM_UP_SECONDS,
                    "requests-tls",
                    true,
                    &[
                        format!("--h2load={}", h2load.display()),
                        format!("--protocol={name}"),
                        format!("--connections={connections}"),
                        format!("--streams={streams}"),
                        format!("--seconds={}", self.args.seconds),
                        format!("--warm-up-seconds={WARM_UP_SECONDS}"),
                    ],
                )?;
                println!(
                    "{title} {name} connections={connections} in flight={}: {}",
                    run.in_flight,
                    report::line_of_tls_requests(&run)
                );
                ensure!(run.protocol == protocol, "the load spoke another protocol");
                runs.push(run);
            }
        }
        let answers: u64 = runs.iter().map(|run| run.answers_in_all).sum();
        proxy.stop_and_check_log(answers, &self.interrupt)?;
        Ok(runs)
    }

    fn streams(&self, peer: &Peer, title: &str, way: Way) -> anyhow::Result<Vec<Streams>> {
        let mut proxy = self.start(peer)?;
        let planned = (self.args.period_ms * self.args.events) as f64 / 1000.0;
        let mut rest = vec![
            format!("--streams={}", self.args.streams),
            format!("--period-ms={}", self.args.period_ms),
            format!("--events={}", self.args.events),
        ];
        if way == Way::H2 {
            rest.push(format!("--per-connection={H2_FEEDS}"));
        }
        let run: Streams = self.load(&proxy, planned, "streams", way != Way::Clear, &rest)?;
        println!("{title}: {}", report::line_of_streams(&run));
        judge_sticky(peer, run.misrouted)?;
        // A session is an `initialize` and a stream, and each has its line.
        proxy.stop_and_check_log(2 * run.streams as u64, &self.interrupt)?;
        Ok(vec![run])
    }

    fn start(&self, peer: &'_ Peer) -> anyhow::Result<Proxy> {
        let folder = scratch(&self.root, peer.name)?;
        Proxy::start(
            peer,
            &self.programs,
            &self.root,
            folder,
            &self.upstream,
            &self.interrupt,
        )
    }

    /// Runs one load to its end and reads what it measured.
    fn load<T: DeserializeOwned>(
        &self,
        proxy: &Proxy,
        planned_seconds: f64,
        work: &str,
        over_tls: bool,
        rest: &[String],
    ) -> anyhow::Result<T> {
        let first = self
            .upstream
            .addresses
            .first()
            .context("the upstream has no address")?;
        let mut command = program::own(&["load", work])?;
        command.extend(proxy.target(over_tls).into_iter().map(Into::into));
        command.push(format!("--upstream={first}").into());
        command.extend(proxy.group().map(|group| format!("--group={group}").into()));
        command.extend(rest.iter().map(Into::into));
        let folder = scratch(&self.root, "load")?;
        let child = Child::start(&command, &folder, &[])?;
        let output = child.finish(
            LOAD_SLACK + Duration::from_secs_f64(planned_seconds),
            &self.interrupt,
        )?;
        Ok(serde_json::from_str(&output)?)
    }
}

/// A peer that is set up to keep sessions must keep every one.
fn judge_sticky(peer: &Peer, misrouted: u64) -> anyhow::Result<()> {
    if peer.sticky && misrouted > 0 {
        bail!(
            "{misrouted} messages of {} went to another instance than their session's",
            peer.name
        );
    }
    Ok(())
}

/// An empty folder for one process's files.
fn scratch(root: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let folder = root.join("target/bench").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// The command as it was given to `cargo xtask bench`.
fn command_line() -> String {
    let given: Vec<String> = std::env::args().skip(2).collect();
    format!("cargo xtask bench {}", given.join(" "))
        .trim_end()
        .to_owned()
}

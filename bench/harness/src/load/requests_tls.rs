//! `tools/call` over TLS 1.3, sent by nghttp2's h2load: one load for HTTP/1.1 and HTTP/2.
//!
//! h2load judges status codes and no bodies, and all its connections share one session.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::{Client, Dialer, Target, ask_upstream};
use crate::clock;
use crate::measure::{Protocol, TlsRequests};
use crate::message;
use crate::process::{CpuSample, Group};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,
    /// The program h2load
    #[arg(long)]
    h2load: PathBuf,
    #[arg(long)]
    protocol: Protocol,
    #[arg(long)]
    connections: usize,
    /// Requests in flight on each connection
    #[arg(long)]
    streams: usize,
    #[arg(long)]
    seconds: f64,
    #[arg(long)]
    warm_up_seconds: f64,
}

/// How much longer h2load runs than the window and its warm-up, so that the window ends under load.
const MARGIN_SECONDS: f64 = 1.0;
const END_TIMEOUT: Duration = Duration::from_secs(20);
/// The body of each request, written into the load's folder.
const BODY: &str = "call.json";

/// Where the counters stood at one moment.
struct Sample {
    at_ns: u64,
    cpu: Option<CpuSample>,
    calls: u64,
}

pub(super) async fn run(args: Args) -> anyhow::Result<TlsRequests> {
    // The session's connection stays open, as a client's would.
    let client = Client::initialize(&Dialer::new(&args.target, Protocol::H1)?, 0).await?;
    let group = args.target.group()?;
    let calls_before = ask_upstream(args.target.upstream, "/counters").await?.calls;
    let mut load = start(&args, &client.session)?;
    sleep(Duration::from_secs_f64(args.warm_up_seconds)).await;
    let before = sample(&args, group.as_ref()).await?;
    sleep(Duration::from_secs_f64(args.seconds)).await;
    let after = sample(&args, group.as_ref()).await?;
    if load.try_wait()?.is_some() {
        judge(load, args.protocol).await?;
        bail!("h2load ended before the window");
    }
    let succeeded = judge(load, args.protocol).await?;
    let answers = after.calls - before.calls;
    ensure!(answers > 0, "no call arrived in the window");
    let calls = ask_upstream(args.target.upstream, "/counters").await?.calls - calls_before;
    let in_flight = args.connections * args.streams;
    ensure!(
        (succeeded..=succeeded + in_flight as u64).contains(&calls),
        "the upstream saw {calls} calls for {succeeded} answers and at most {in_flight} cut off at the end"
    );
    Ok(TlsRequests {
        protocol: args.protocol,
        connections: args.connections,
        in_flight,
        seconds: (after.at_ns - before.at_ns) as f64 / 1e9,
        answers,
        answers_in_all: succeeded,
        cpu: after
            .cpu
            .zip(before.cpu)
            .map(|(after, before)| after.since(&before)),
    })
}

async fn sample(args: &Args, group: Option<&Group>) -> anyhow::Result<Sample> {
    Ok(Sample {
        at_ns: clock::now_ns(),
        cpu: group.map(Group::cpu).transpose()?,
        calls: ask_upstream(args.target.upstream, "/counters").await?.calls,
    })
}

fn start(args: &Args, session: &str) -> anyhow::Result<Child> {
    std::fs::write(BODY, message::call(message::ID_FIRST))?;
    let millis = (args.warm_up_seconds + args.seconds + MARGIN_SECONDS) * 1000.0;
    let mut command = Command::new(&args.h2load);
    command
        .arg(format!("--clients={}", args.connections))
        .arg(format!("--max-concurrent-streams={}", args.streams))
        .arg(format!("--duration={millis:.0}ms"))
        .arg(format!("--data={BODY}"));
    if args.protocol == Protocol::H1 {
        command.arg("--h1");
    }
    command.args(["-H", "content-type: application/json"]);
    for (name, value) in message::headers("POST", Some(session)) {
        command
            .arg("-H")
            .arg(format!("{}: {value}", name.to_ascii_lowercase()));
    }
    command
        .arg(format!("https://{}{}", args.target.target, message::PATH))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start {}", args.h2load.display()))
}

/// Waits for h2load's end and reads whether all it did is what was asked; how many answers it got.
async fn judge(load: Child, protocol: Protocol) -> anyhow::Result<u64> {
    let output = timeout(END_TIMEOUT, load.wait_with_output())
        .await
        .context("h2load did not end")??;
    let said = String::from_utf8_lossy(&output.stdout);
    match complaint(&said, protocol) {
        None => succeeded(&said).context("h2load did not say how many requests succeeded"),
        Some(missing) => bail!(
            "h2load did not say {missing:?} but: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// What h2load should have said and did not.
fn complaint(said: &str, protocol: Protocol) -> Option<&'static str> {
    let spoken = match protocol {
        Protocol::H1 => "Application protocol: http/1.1",
        Protocol::H2 => "Application protocol: h2",
    };
    let wanted = [
        "TLS Protocol: TLSv1.3",
        spoken,
        " 0 failed, 0 errored, 0 timeout",
        " 0 3xx, 0 4xx, 0 5xx",
    ];
    wanted.into_iter().find(|words| !said.contains(words))
}

fn succeeded(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.starts_with("requests: "))?;
    let count = line
        .split(", ")
        .find_map(|part| part.strip_suffix(" succeeded"))?;
    count.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_or_another_protocol_is_seen() {
        let said = "TLS Protocol: TLSv1.3\nApplication protocol: h2\nrequests: 9 total, 9 succeeded, 0 failed, 0 errored, 0 timeout\nstatus codes: 9 2xx, 0 3xx, 0 4xx, 0 5xx\n";
        assert_eq!(complaint(said, Protocol::H2), None);
        assert_eq!(succeeded(said), Some(9));
        assert!(complaint(said, Protocol::H1).is_some());
        assert!(complaint(&said.replace("0 4xx", "1 4xx"), Protocol::H2).is_some());
        assert!(complaint(&said.replace("0 failed", "10 failed"), Protocol::H2).is_some());
        assert!(complaint(&said.replace("TLSv1.3", "TLSv1.2"), Protocol::H2).is_some());
    }
}

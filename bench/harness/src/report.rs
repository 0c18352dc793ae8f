//! The results: kept as JSON, told as Markdown, drawn as SVG.

mod figures;
mod markdown;
mod svg;
mod targets;
mod tls;

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::measure::{Cpu, Requests, Streams, TlsRequests};
pub(crate) use markdown::markdown;

/// The parts, each from the last run that measured it.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) requests: Option<Section<Requests>>,
    pub(crate) streams: Option<Section<Streams>>,
    pub(crate) requests_tls: Option<Section<TlsRequests>>,
    pub(crate) streams_tls: Option<Section<Streams>>,
    pub(crate) streams_h2: Option<Section<Streams>>,
}

/// One part, and how it was measured.
#[derive(Serialize, Deserialize)]
pub(crate) struct Section<T> {
    pub(crate) command: String,
    pub(crate) machine: String,
    pub(crate) minutes: f64,
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row<T>>,
}

/// One peer and all its runs.
#[derive(Serialize, Deserialize)]
pub(crate) struct Row<T> {
    pub(crate) peer: String,
    pub(crate) label: String,
    pub(crate) version: String,
    pub(crate) setup: String,
    pub(crate) sticky: bool,
    pub(crate) runs: Vec<T>,
}

impl Results {
    /// Reads what an earlier run left, so that measuring one part keeps the other.
    pub(crate) fn load(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("results.json");
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text)
                .with_context(|| format!("{} is not of this version: remove it", path.display())),
            Err(_) => Ok(Self::default()),
        }
    }

    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(
            folder.join("results.json"),
            serde_json::to_string_pretty(self)? + "\n",
        )?;
        fs::write(folder.join("RESULTS.md"), markdown(self))?;
        fs::write(folder.join("results.svg"), svg::draw(self))?;
        Ok(())
    }
}

/// One run, for the terminal.
pub(crate) fn line_of_requests(run: &Requests) -> String {
    let cpu = per_request(run.cpu, run.answers);
    let rate = run.answers as f64 / run.seconds;
    format!(
        "{cpu}, {rate:.0} req/s, p50 {:.0} µs, p99 {:.0} µs",
        run.delays.p50_us, run.delays.p99_us
    )
}

/// One run, for the terminal.
pub(crate) fn line_of_tls_requests(run: &TlsRequests) -> String {
    let rate = run.answers as f64 / run.seconds;
    format!("{}, {rate:.0} req/s", per_request(run.cpu, run.answers))
}

fn per_request(cpu: Option<Cpu>, answers: u64) -> String {
    cpu.map_or_else(
        || "no proxy".into(),
        |cpu| {
            let answers = answers.max(1) as f64;
            format!(
                "{:.1} µs CPU/request ({:.1} by ticks)",
                cpu.used_ns as f64 / 1e3 / answers,
                cpu.stat_ns as f64 / 1e3 / answers
            )
        },
    )
}

/// One run, for the terminal.
pub(crate) fn line_of_streams(run: &Streams) -> String {
    let cpu = run.cpu.map_or_else(
        || "no proxy".into(),
        |cpu| {
            let grown_kib = run.idle.rss_kib as f64 - run.before.rss_kib as f64;
            let per_event_us = cpu.used_ns as f64 / 1e3 / run.events.max(1) as f64;
            format!(
                "{:.1} KiB/stream, {per_event_us:.1} µs CPU/event",
                grown_kib / run.streams.max(1) as f64
            )
        },
    );
    format!(
        "{cpu}, {} events, delay p50 {:.0} µs, p99 {:.0} µs, max {:.0} µs",
        run.events, run.delays.p50_us, run.delays.p99_us, run.delays.max_us
    )
}

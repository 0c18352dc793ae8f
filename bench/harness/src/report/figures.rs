//! One figure per peer from its rounds: the median, and how far the rounds lie apart.

use crate::measure::{Memory, Requests, Streams};

use super::{Row, Section};

/// The median of the rounds, with the least and the most of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figure {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Figure {
    /// None without values.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let upper = values.get(values.len() / 2)?;
        let lower = values.get((values.len() - 1) / 2)?;
        Some(Self {
            median: f64::midpoint(*lower, *upper),
            least,
            most,
        })
    }
}

/// What a peer's rounds of `requests` at one number of connections came to.
pub(super) struct RequestFigures {
    pub(super) cpu_us: Option<Figure>,
    pub(super) rate: Figure,
    pub(super) p50_us: Figure,
    pub(super) p99_us: Figure,
    /// Share of answers from another instance than the session's.
    pub(super) misrouted: f64,
}

/// What a peer's rounds of `streams` came to.
pub(super) struct StreamFigures {
    pub(super) rss_kib: Option<Figure>,
    pub(super) pss_kib: Option<Figure>,
    /// Resident memory after the events.
    pub(super) after_kib: Option<Figure>,
    pub(super) cpu_us: Option<Figure>,
    pub(super) p50_us: Figure,
    pub(super) p99_us: Figure,
    pub(super) max_us: Figure,
}

pub(super) fn requests(row: &Row<Requests>, connections: usize) -> Option<RequestFigures> {
    let runs = || {
        row.runs
            .iter()
            .filter(move |run| run.connections == connections)
    };
    let answers: u64 = runs().map(|run| run.answers_in_all).sum();
    let misrouted: u64 = runs().map(|run| run.misrouted).sum();
    Some(RequestFigures {
        cpu_us: Figure::of(
            runs().filter_map(|run| Some(run.cpu?.used_ns as f64 / 1e3 / run.answers as f64)),
        ),
        rate: Figure::of(runs().map(|run| run.answers as f64 / run.seconds))?,
        p50_us: Figure::of(runs().map(|run| run.delays.p50_us))?,
        p99_us: Figure::of(runs().map(|run| run.delays.p99_us))?,
        misrouted: misrouted as f64 / answers.max(1) as f64,
    })
}

pub(super) fn streams(row: &Row<Streams>) -> Option<StreamFigures> {
    let runs = || row.runs.iter();
    let grown = |after: fn(&Streams) -> Memory, part: fn(Memory) -> u64| {
        Figure::of(runs().filter(|run| run.cpu.is_some()).map(move |run| {
            (part(after(run)) as f64 - part(run.before) as f64) / run.streams as f64
        }))
    };
    Some(StreamFigures {
        rss_kib: grown(|run| run.idle, |memory| memory.rss_kib),
        pss_kib: grown(|run| run.idle, |memory| memory.pss_kib),
        after_kib: grown(|run| run.after_events, |memory| memory.rss_kib),
        cpu_us: Figure::of(
            runs().filter_map(|run| Some(run.cpu?.used_ns as f64 / 1e3 / run.events as f64)),
        ),
        p50_us: Figure::of(runs().map(|run| run.delays.p50_us))?,
        p99_us: Figure::of(runs().map(|run| run.delays.p99_us))?,
        max_us: Figure::of(runs().map(|run| run.delays.max_us))?,
    })
}

/// The numbers of connections that were measured, most first.
pub(super) fn connections(section: &Section<Requests>) -> Vec<usize> {
    let mut numbers: Vec<usize> = section
        .rows
        .iter()
        .flat_map(|row| &row.runs)
        .map(|run| run.connections)
        .collect();
    numbers.sort_unstable_by(|one, other| other.cmp(one));
    numbers.dedup();
    numbers
}

/// The furthest that clock ticks and threads' run times lie apart, as a share, and the windows with an ended thread.
pub(super) fn clocks_apart(section: &Section<Requests>) -> (f64, usize) {
    let cpus = || {
        section
            .rows
            .iter()
            .flat_map(|row| &row.runs)
            .filter_map(|run| run.cpu)
    };
    let apart = cpus()
        .filter(|cpu| !cpu.thread_ended && cpu.used_ns > 0)
        .map(|cpu| (cpu.stat_ns as f64 / cpu.used_ns as f64 - 1.0).abs())
        .fold(0.0, f64::max);
    (apart, cpus().filter(|cpu| cpu.thread_ended).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_of_the_sorted_values() {
        let check = |values: &[f64], median: f64| {
            assert_eq!(
                Figure::of(values.iter().copied()).map(|figure| figure.median),
                Some(median),
                "{values:?}"
            );
        };
        check(&[3.0, 1.0, 2.0], 2.0);
        check(&[4.0, 1.0, 2.0, 3.0], 2.5);
        check(&[7.0], 7.0);
        assert_eq!(Figure::of(std::iter::empty()), None);
    }
}

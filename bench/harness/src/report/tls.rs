//! The part of the page on requests over TLS: each product beside the others, protocol by protocol.

use crate::measure::{Protocol, TlsRequests};

use super::figures::Figure;
use super::markdown::{how, put, spread};
use super::{Row, Section};

/// The peers whose figure is the base of a ratio, and the heads of those columns.
const BASES: [(&str, &str); 3] = [
    ("haproxy", "× HAProxy"),
    ("nginx", "× nginx"),
    ("envoy", "× Envoy"),
];

pub(super) fn requests(section: &Section<TlsRequests>) -> String {
    let mut text = String::from("\n## Requests over TLS 1.3\n\n");
    put(
        &mut text,
        format_args!(
            "`tools/call` sent by h2load over connections that are kept, {}.\n",
            how(section)
        ),
    );
    for (in_flight, protocol) in shapes(section) {
        let connections = section
            .rows
            .iter()
            .flat_map(|row| of(row, in_flight, protocol))
            .map(|run| run.connections)
            .max()
            .unwrap_or(0);
        let name = match protocol {
            Protocol::H1 => "HTTP/1.1",
            Protocol::H2 => "HTTP/2",
        };
        put(
            &mut text,
            format_args!("\n### {name}, {in_flight} in flight over {connections} connections\n\n"),
        );
        text.push_str(&table(section, in_flight, protocol));
    }
    text
}

fn table(section: &Section<TlsRequests>, in_flight: usize, protocol: Protocol) -> String {
    let mut text = String::from("| peer | version | CPU µs/request (least–most) |");
    for (_, head) in BASES {
        put(&mut text, format_args!(" {head} |"));
    }
    text.push_str(" req/s |\n|---|---|--:|--:|--:|--:|--:|\n");
    let bases = BASES.map(|(name, _)| {
        let row = section.rows.iter().find(|row| row.peer == name)?;
        Some(cpu_us(row, in_flight, protocol)?.median)
    });
    for row in &section.rows {
        let cpu = cpu_us(row, in_flight, protocol);
        let rate =
            Figure::of(of(row, in_flight, protocol).map(|run| run.answers as f64 / run.seconds));
        let Some(rate) = rate else { continue };
        put(
            &mut text,
            format_args!("| {} | {} | {} |", row.label, row.version, spread(cpu)),
        );
        for base in bases {
            match (cpu, base) {
                (Some(cpu), Some(base)) => {
                    put(&mut text, format_args!(" {:.2} |", cpu.median / base));
                }
                _ => text.push_str(" – |"),
            }
        }
        put(&mut text, format_args!(" {:.0} |\n", rate.median));
    }
    text
}

pub(super) fn cpu_us(
    row: &Row<TlsRequests>,
    in_flight: usize,
    protocol: Protocol,
) -> Option<Figure> {
    Figure::of(of(row, in_flight, protocol).filter_map(|run| {
        let cpu = run.cpu?;
        Some(cpu.used_ns as f64 / 1e3 / run.answers.max(1) as f64)
    }))
}

fn of(
    row: &Row<TlsRequests>,
    in_flight: usize,
    protocol: Protocol,
) -> impl Iterator<Item = &TlsRequests> {
    row.runs
        .iter()
        .filter(move |run| run.in_flight == in_flight && run.protocol == protocol)
}

/// What was measured, most in flight first, and HTTP/1.1 before HTTP/2.
pub(super) fn shapes(section: &Section<TlsRequests>) -> Vec<(usize, Protocol)> {
    let runs = section.rows.iter().flat_map(|row| &row.runs);
    let mut shapes: Vec<_> = runs.map(|run| (run.in_flight, run.protocol)).collect();
    shapes.sort_unstable_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    shapes.dedup();
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Cpu;

    fn row(peer: &str, used_ns: u64) -> Row<TlsRequests> {
        let run = TlsRequests {
            protocol: Protocol::H2,
            connections: 8,
            in_flight: 64,
            seconds: 1.0,
            answers: 1000,
            answers_in_all: 1000,
            cpu: Some(Cpu {
                used_ns,
                ..Cpu::default()
            }),
        };
        Row {
            peer: peer.into(),
            label: peer.into(),
            version: "1.0".into(),
            setup: String::new(),
            sticky: true,
            runs: vec![run],
        }
    }

    #[test]
    fn each_product_stands_beside_the_others() {
        let section = Section {
            command: String::new(),
            machine: String::new(),
            minutes: 1.0,
            rounds: 1,
            rows: vec![row("propylon", 30_000_000), row("haproxy", 20_000_000)],
        };
        let page = requests(&section);
        assert!(
            page.contains("### HTTP/2, 64 in flight over 8 connections"),
            "{page}"
        );
        let line = "| propylon | 1.0 | **30.0** (30.0–30.0) | 1.50 | – | – | 1000 |";
        assert!(page.contains(line), "{page}");
    }
}

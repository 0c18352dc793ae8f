//! The results as a Markdown page.

use std::fmt::Write;

use crate::measure::{Requests, Streams};

use super::figures::{self, Figure, RequestFigures};
use super::{Results, Row, Section, targets, tls};

pub(crate) fn markdown(results: &Results) -> String {
    let mut page = String::from(
        "# Results of the bench\n\nWritten by `cargo xtask bench`; [README.md](README.md) says what is measured and how.\n\n![CPU per request, memory per stream and event delay of each peer](results.svg)\n",
    );
    page.push_str(&verdicts(results));
    if let Some(section) = &results.requests {
        page.push_str(&requests(section));
    }
    if let Some(section) = &results.streams {
        page.push_str(&streams("Streams", section));
    }
    if let Some(section) = &results.requests_tls {
        page.push_str(&tls::requests(section));
    }
    if let Some(section) = &results.streams_tls {
        let title = "Streams over TLS 1.3 and HTTP/1.1";
        page.push_str(&streams(title, section));
    }
    if let Some(section) = &results.streams_h2 {
        let title = "Streams over TLS 1.3 and HTTP/2";
        page.push_str(&streams(title, section));
    }
    page.push_str(&setups(results));
    page
}

fn verdicts(results: &Results) -> String {
    let mut text = String::from("\n## Targets\n\n| target | reached | figures |\n|---|---|---|\n");
    for verdict in targets::judge(results) {
        let reached = match verdict.reached {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "–",
        };
        put(
            &mut text,
            format_args!("| {} | {reached} | {} |\n", verdict.target, verdict.figures),
        );
    }
    text
}

fn requests(section: &Section<Requests>) -> String {
    let mut text = String::from("\n## Requests\n\n");
    put(
        &mut text,
        format_args!(
            "`tools/call` over keep-alive connections, {}.\n",
            how(section)
        ),
    );
    for connections in figures::connections(section) {
        let noun = if connections == 1 {
            "connection"
        } else {
            "connections"
        };
        put(&mut text, format_args!("\n### {connections} {noun}\n\n"));
        text.push_str("| peer | version | CPU µs/request (least–most) | × floor | × HAProxy | req/s | p50 µs | p99 µs | sessions kept |\n|---|---|--:|--:|--:|--:|--:|--:|--:|\n");
        let cpu_of = |name: &str| {
            let row = section.rows.iter().find(|row| row.peer == name)?;
            Some(figures::requests(row, connections)?.cpu_us?.median)
        };
        let (floor, haproxy) = (cpu_of("floor"), cpu_of("haproxy"));
        for row in &section.rows {
            if let Some(figures) = figures::requests(row, connections) {
                text.push_str(&request_line(row, &figures, floor, haproxy));
            }
        }
    }
    let (apart, ended) = figures::clocks_apart(section);
    put(
        &mut text,
        format_args!(
            "\nCPU time is the sum of the threads' run times in nanoseconds (schedstat); the processes' clock ticks (stat) were never more than {:.1} % away.",
            apart * 100.0
        ),
    );
    if ended > 0 {
        put(
            &mut text,
            format_args!(" A thread ended inside {ended} windows, where the ticks were used."),
        );
    }
    text.push('\n');
    text
}

fn request_line(
    row: &Row<Requests>,
    figures: &RequestFigures,
    floor: Option<f64>,
    haproxy: Option<f64>,
) -> String {
    let ratio = |base: Option<f64>| match (figures.cpu_us, base) {
        (Some(cpu), Some(base)) => format!("{:.2}", cpu.median / base),
        _ => "–".into(),
    };
    format!(
        "| {} | {} | {} | {} | {} | {:.0} | {:.0} | {:.0} | {:.0} % |\n",
        row.label,
        row.version,
        spread(figures.cpu_us),
        ratio(floor),
        ratio(haproxy),
        figures.rate.median,
        figures.p50_us.median,
        figures.p99_us.median,
        100.0 * (1.0 - figures.misrouted),
    )
}

fn streams(title: &str, section: &Section<Streams>) -> String {
    let mut text = format!("\n## {title}\n\n");
    let Some(first) = section.rows.iter().flat_map(|row| &row.runs).next() else {
        return text;
    };
    let (count, events) = (first.streams, first.events);
    let shared = first.per_connection.map_or_else(
        || "each on a connection of its own".to_owned(),
        |many| format!("{many} on each connection"),
    );
    put(
        &mut text,
        format_args!(
            "{count} event streams, {shared}, idle and then with {events} events at a steady rate, {}.\n\n",
            how(section)
        ),
    );
    text.push_str("| peer | version | KiB/stream RSS (least–most) | PSS | RSS after events | CPU µs/event | delay p50 µs | p99 µs (least–most) | max µs |\n|---|---|--:|--:|--:|--:|--:|--:|--:|\n");
    for row in &section.rows {
        let Some(figures) = figures::streams(row) else {
            continue;
        };
        put(
            &mut text,
            format_args!(
                "| {} | {} | {} | {} | {} | {} | {:.0} | {:.0} ({:.0}–{:.0}) | {:.0} |\n",
                row.label,
                row.version,
                spread(figures.rss_kib),
                median(figures.pss_kib),
                median(figures.after_kib),
                median(figures.cpu_us),
                figures.p50_us.median,
                figures.p99_us.median,
                figures.p99_us.least,
                figures.p99_us.most,
                figures.max_us.median,
            ),
        );
    }
    text
}

fn setups(results: &Results) -> String {
    let mut rows: Vec<(&str, &str)> = Vec::new();
    let setups = setups_of(results.requests.as_ref())
        .chain(setups_of(results.streams.as_ref()))
        .chain(setups_of(results.requests_tls.as_ref()))
        .chain(setups_of(results.streams_tls.as_ref()))
        .chain(setups_of(results.streams_h2.as_ref()));
    for (label, setup) in setups {
        if !rows.iter().any(|(known, _)| *known == label) {
            rows.push((label, setup));
        }
    }
    let mut text = String::from("\n## What each had on\n\n| peer | on |\n|---|---|\n");
    for (label, setup) in rows {
        put(&mut text, format_args!("| {label} | {setup} |\n"));
    }
    text
}

fn setups_of<T>(section: Option<&Section<T>>) -> impl Iterator<Item = (&str, &str)> {
    let rows = section.into_iter().flat_map(|section| &section.rows);
    rows.map(|row| (row.label.as_str(), row.setup.as_str()))
}

pub(super) fn how<T>(section: &Section<T>) -> String {
    let rounds = if section.rounds == 1 {
        "one round".into()
    } else {
        format!("median of {} rounds", section.rounds)
    };
    format!(
        "{rounds}; {}; `{}` ({:.1} minutes)",
        section.machine, section.command, section.minutes
    )
}

pub(super) fn spread(figure: Option<Figure>) -> String {
    figure.map_or_else(
        || "–".into(),
        |figure| {
            format!(
                "**{:.1}** ({:.1}–{:.1})",
                figure.median, figure.least, figure.most
            )
        },
    )
}

fn median(figure: Option<Figure>) -> String {
    figure.map_or_else(|| "–".into(), |figure| format!("{:.1}", figure.median))
}

/// Writing to a `String` cannot fail.
pub(super) fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _infallible = text.write_fmt(arguments);
}

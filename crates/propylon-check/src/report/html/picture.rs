//! Pictures in SVG: events on a time axis, sessions as a strip, latency as a curve.

use std::fmt::Write as _;

use crate::report::xml::escape;
use crate::timeline::{SessionLine, StreamLine};

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 52.0;
/// Told apart by people who see colours differently (Okabe and Ito).
const COLOURS: &[&str] = &[
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999",
];
/// An event that waits longer is drawn as late.
const LATE_MS: f64 = 100.0;
/// Most columns or points that are drawn.
const MARKS_MAX: usize = 400;

/// One stream: emission above, arrival below, a line for each event.
pub(super) fn stream(stream: &StreamLine) -> String {
    let (top, bottom, height) = (12.0, 56.0, 84.0);
    let end = stream
        .events
        .iter()
        .map(|event| event.arrived_ms.max(event.emitted_ms))
        .fold(stream.head_ms, f64::max)
        .max(1.0);
    let x = |milliseconds: f64| MARGIN + milliseconds / end * (WIDTH - 2.0 * MARGIN);
    let mut svg = open(height, &stream.label);
    for (y, name) in [(top, "sent"), (bottom, "arrived")] {
        let _ = write!(
            svg,
            "<line x1=\"{MARGIN}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"currentColor\" opacity=\".3\"/><text x=\"0\" y=\"{}\">{name}</text>",
            WIDTH - MARGIN,
            y + 4.0
        );
    }
    for event in stream.events.iter().take(MARKS_MAX) {
        let _ = write!(
            svg,
            "<line class=\"{}\" x1=\"{:.1}\" y1=\"{top}\" x2=\"{:.1}\" y2=\"{bottom}\"/>",
            if event.arrived_ms - event.emitted_ms > LATE_MS {
                "late"
            } else {
                "event"
            },
            x(event.emitted_ms),
            x(event.arrived_ms)
        );
    }
    let _ = write!(
        svg,
        "<path class=\"head\" d=\"M{:.1} {} v9\"/>",
        x(stream.head_ms),
        bottom
    );
    ticks(&mut svg, end, x, (bottom, height));
    svg.push_str("</svg>");
    let caption = format!(
        "{}, over {}, from {}: the latest event waited {:.1} ms; the head (the mark on the lower line) came after {:.1} ms",
        stream.label,
        stream.http,
        stream.instance,
        latest(stream),
        stream.head_ms
    );
    figure(&svg, &caption)
}

/// How long the event waited that waited longest.
pub(super) fn latest(stream: &StreamLine) -> f64 {
    let delays = stream.events.iter();
    delays
        .map(|event| event.arrived_ms - event.emitted_ms)
        .fold(0.0, f64::max)
}

/// Round times below the axis, from nothing to the end.
fn ticks(svg: &mut String, end: f64, x: impl Fn(f64) -> f64, (axis, height): (f64, f64)) {
    let rough = end / 6.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let mut at = 0.0;
    while at <= end {
        let _ = write!(
            svg,
            "<path class=\"tick\" d=\"M{0:.1} {axis} v4\"/><text x=\"{0:.1}\" y=\"{1}\" text-anchor=\"middle\">{at:.0} ms</text>",
            x(at),
            height - 6.0
        );
        at += step;
    }
}

/// One column for each session: who made it, and who answered.
pub(super) fn sessions(sessions: &[SessionLine]) -> String {
    let mut names: Vec<&str> = sessions
        .iter()
        .flat_map(|session| {
            std::iter::once(session.instance.as_str())
                .chain(session.answered_by.iter().map(String::as_str))
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    let colour = |name: &str| {
        let at = names
            .iter()
            .position(|each| *each == name)
            .unwrap_or_default();
        COLOURS
            .get(at % COLOURS.len())
            .copied()
            .unwrap_or("#999999")
    };
    let shown = sessions.len().clamp(1, MARKS_MAX);
    let rows = sessions
        .iter()
        .map(|session| session.answered_by.len())
        .max()
        .unwrap_or_default();
    let (step, row) = ((WIDTH - 2.0 * MARGIN) / number(shown), 12.0);
    let height = 16.0 + row * number(rows + 1) + 16.0;
    let mut svg = open(height, "sessions by instance");
    for (session, n) in sessions.iter().take(MARKS_MAX).zip(0..) {
        let x = MARGIN + step * number(n);
        let all = std::iter::once(&session.instance).chain(&session.answered_by);
        for (name, at) in all.zip(0..) {
            let gap = if at == 0 { 0.0 } else { 4.0 };
            let y = 8.0 + row * number(at) + gap;
            let _ = write!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{}\" fill=\"{}\"/>",
                (step - 1.0).max(0.5),
                row - 1.0,
                colour(name)
            );
        }
    }
    svg.push_str("</svg>");
    let legend: Vec<String> = names
        .iter()
        .map(|name| {
            format!(
                "<span style=\"color:{}\">&#9632;</span> {}",
                colour(name),
                escape(name)
            )
        })
        .collect();
    format!(
        "<figure><figcaption>{}</figcaption><div class=\"wide\">{svg}</div></figure>\n",
        legend.join(" ")
    )
}

/// Round trips, sorted.
pub(super) fn latency(samples_us: &[u64]) -> String {
    let height = 120.0;
    let mut sorted = samples_us.to_vec();
    sorted.sort_unstable();
    let most = sorted.last().copied().unwrap_or(1).max(1);
    let stride = sorted.len().div_ceil(MARKS_MAX).max(1);
    let count = sorted.len().max(2);
    let mut svg = open(height, "latency of small calls");
    let mut path = String::new();
    for (sample, n) in sorted.iter().zip(0..).step_by(stride) {
        let x = MARGIN + number(n) / number(count - 1) * (WIDTH - 2.0 * MARGIN);
        let y = height - 20.0 - milliseconds(*sample) / milliseconds(most) * (height - 32.0);
        let _ = write!(
            path,
            "{}{x:.1} {y:.1} ",
            if path.is_empty() { "M" } else { "L" }
        );
    }
    let _ = write!(
        svg,
        "<path d=\"{path}\" class=\"curve\"/><text x=\"0\" y=\"14\">{:.1} ms</text>",
        milliseconds(most)
    );
    let _ = write!(
        svg,
        "<text x=\"{MARGIN}\" y=\"{0}\">quickest</text><text x=\"{1}\" y=\"{0}\" text-anchor=\"end\">slowest</text></svg>",
        height - 4.0,
        WIDTH - MARGIN
    );
    let middle = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    figure(
        &svg,
        &format!(
            "{} calls; half of them under {:.1} ms, the slowest {:.1} ms",
            sorted.len(),
            milliseconds(middle),
            milliseconds(most)
        ),
    )
}

fn open(height: f64, label: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">",
        escape(label)
    )
}

fn figure(svg: &str, caption: &str) -> String {
    format!(
        "<figure><figcaption>{}</figcaption><div class=\"wide\">{svg}</div></figure>\n",
        escape(caption)
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "places in a picture need no more than a few digits"
)]
fn number(count: usize) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture needs no more than a few digits"
)]
fn milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1_000.0
}

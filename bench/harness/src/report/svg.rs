//! The results as a drawing: one panel per figure, one bar per peer.

use std::fmt::Write;

use super::Results;
use super::figures;

const WIDTH: f64 = 760.0;
const LABEL_WIDTH: f64 = 190.0;
const VALUE_WIDTH: f64 = 80.0;
const BAR_HEIGHT: f64 = 18.0;
const ROW_HEIGHT: f64 = 26.0;
const TITLE_HEIGHT: f64 = 44.0;
const MARGIN: f64 = 16.0;
/// Bars are cut at this many times the middle one.
const CUT_ABOVE_MIDDLE: f64 = 8.0;

struct Panel {
    title: String,
    bars: Vec<Bar>,
}

struct Bar {
    peer: String,
    label: String,
    value: f64,
}

pub(super) fn draw(results: &Results) -> String {
    let panels: Vec<Panel> = panels(results)
        .into_iter()
        .filter(|panel| !panel.bars.is_empty())
        .collect();
    let height: f64 = MARGIN + panels.iter().map(height_of).sum::<f64>();
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n<title>Results of the bench</title>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    let mut top = 0.0;
    for panel in &panels {
        text.push_str(&draw_panel(panel, top));
        top += height_of(panel);
    }
    text.push_str("</svg>\n");
    text
}

fn panels(results: &Results) -> Vec<Panel> {
    let mut panels = Vec::new();
    if let Some(section) = &results.requests {
        let connections = figures::connections(section)
            .first()
            .copied()
            .unwrap_or_default();
        panels.push(Panel {
            title: format!("CPU time per request, µs ({connections} connections)"),
            bars: section
                .rows
                .iter()
                .filter_map(|row| {
                    bar(
                        &row.peer,
                        &row.label,
                        figures::requests(row, connections)?.cpu_us?.median,
                    )
                })
                .collect(),
        });
    }
    if let Some(section) = &results.streams {
        let bars = |value: fn(&figures::StreamFigures) -> Option<f64>| {
            section
                .rows
                .iter()
                .filter_map(|row| bar(&row.peer, &row.label, value(&figures::streams(row)?)?))
                .collect::<Vec<_>>()
        };
        panels.push(Panel {
            title: "Resident memory per idle event stream, KiB".into(),
            bars: bars(|figures| figures.rss_kib.map(|figure| figure.median)),
        });
        panels.push(Panel {
            title: "Delay of an event, 99th percentile, µs".into(),
            bars: bars(|figures| Some(figures.p99_us.median)),
        });
    }
    panels
}

fn bar(peer: &str, label: &str, value: f64) -> Option<Bar> {
    Some(Bar {
        peer: peer.into(),
        label: label.into(),
        value,
    })
}

fn height_of(panel: &Panel) -> f64 {
    TITLE_HEIGHT + ROW_HEIGHT * panel.bars.len() as f64
}

fn draw_panel(panel: &Panel, top: f64) -> String {
    let longest = longest_drawn(&panel.bars);
    let room = WIDTH - LABEL_WIDTH - VALUE_WIDTH - MARGIN;
    let mut text = String::new();
    let title_y = top + TITLE_HEIGHT - 14.0;
    put(
        &mut text,
        format_args!(
            "<text x=\"{MARGIN}\" y=\"{title_y}\" font-weight=\"600\" fill=\"#111827\">{}</text>\n",
            panel.title
        ),
    );
    for (number, bar) in panel.bars.iter().enumerate() {
        let y = top + TITLE_HEIGHT + ROW_HEIGHT * number as f64;
        let text_y = y + BAR_HEIGHT - 5.0;
        let width = (bar.value.min(longest) / longest * room).max(1.0);
        let cut = if bar.value > longest { "▸ " } else { "" };
        let label_x = LABEL_WIDTH - 8.0;
        let value_x = LABEL_WIDTH + width + 6.0;
        put(
            &mut text,
            format_args!(
                "<text x=\"{label_x}\" y=\"{text_y}\" text-anchor=\"end\" fill=\"#111827\">{}</text>\n<rect x=\"{LABEL_WIDTH}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR_HEIGHT}\" rx=\"2\" fill=\"{}\"/>\n<text x=\"{value_x:.1}\" y=\"{text_y}\" fill=\"#111827\">{cut}{:.*}</text>\n",
                bar.label,
                colour(&bar.peer),
                usize::from(bar.value < 100.0),
                bar.value,
            ),
        );
    }
    text
}

/// The value of a full bar. One far above the rest is cut, or nothing could be told of the others.
fn longest_drawn(bars: &[Bar]) -> f64 {
    let mut values: Vec<f64> = bars.iter().map(|bar| bar.value).collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.get(values.len() / 2).copied().unwrap_or_default();
    let most = values.last().copied().unwrap_or_default();
    most.min(middle * CUT_ABOVE_MIDDLE).max(f64::MIN_POSITIVE)
}

/// Ours stands out, the bounds stand back.
fn colour(peer: &str) -> &'static str {
    match peer {
        "propylon" => "#0f766e",
        "direct" | "floor" => "#d1d5db",
        _ => "#94a3b8",
    }
}

/// Writing to a `String` cannot fail.
fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _infallible = text.write_fmt(arguments);
}

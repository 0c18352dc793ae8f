//! What Propylon is to reach, and whether this run shows it.

use super::figures::{self, Figure};
use super::{Results, Row, tls};
use crate::measure::Protocol;

/// One target, judged.
pub(super) struct Verdict {
    pub(super) target: String,
    pub(super) reached: Option<bool>,
    pub(super) figures: String,
}

const OURS: &str = "propylon";
/// The same with everything on.
const FEATURES: &str = "propylon-features";
/// Not products: they bound the others, and no target is set against their delays.
const BOUNDS: [&str; 2] = ["direct", "floor"];

pub(super) fn judge(results: &Results) -> Vec<Verdict> {
    vec![
        cpu(results, "haproxy", "HAProxy", 1.0),
        cpu(results, "floor", "the floor", 1.7),
        features(results),
        cpu_over_tls(results, Protocol::H1, "HTTP/1.1"),
        cpu_over_tls(results, Protocol::H2, "HTTP/2"),
        memory(results),
        delay(results),
    ]
}

fn cpu(results: &Results, peer: &str, label: &str, most: f64) -> Verdict {
    verdict(
        format!("CPU per request at most {most:.1} × {label}'s"),
        cpu_of(results, OURS),
        cpu_of(results, peer).map(|other| {
            (
                other.median * most,
                format!("{label}'s {:.1} µs", other.median),
            )
        }),
        "µs",
    )
}

fn cpu_over_tls(results: &Results, protocol: Protocol, spoken: &str) -> Verdict {
    let cpu = |name: &str| {
        let section = results.requests_tls.as_ref()?;
        let (in_flight, _) = *tls::shapes(section).first()?;
        tls::cpu_us(row(&section.rows, name)?, in_flight, protocol)
    };
    verdict(
        format!("CPU per request over TLS 1.3 and {spoken} at most 1.0 × HAProxy's"),
        cpu(OURS),
        cpu("haproxy").map(|other| (other.median, format!("HAProxy's {:.1} µs", other.median))),
        "µs",
    )
}

fn features(results: &Results) -> Verdict {
    const MOST: f64 = 1.15;
    verdict(
        format!("CPU per request with every feature on at most {MOST} × that without"),
        cpu_of(results, FEATURES),
        cpu_of(results, OURS)
            .map(|without| (without.median * MOST, format!("{:.1} µs", without.median))),
        "µs",
    )
}

fn cpu_of(results: &Results, name: &str) -> Option<Figure> {
    let section = results.requests.as_ref()?;
    let connections = *figures::connections(section).first()?;
    figures::requests(row(&section.rows, name)?, connections)?.cpu_us
}

fn memory(results: &Results) -> Verdict {
    let figure =
        |name: &str| figures::streams(row(&results.streams.as_ref()?.rows, name)?)?.rss_kib;
    verdict(
        "memory per idle stream at most nginx's".into(),
        figure(OURS),
        figure("nginx").map(|other| (other.median, format!("nginx's {:.1} KiB", other.median))),
        "KiB",
    )
}

fn delay(results: &Results) -> Verdict {
    let rows = results
        .streams
        .as_ref()
        .map(|section| section.rows.as_slice())
        .unwrap_or_default();
    let p99 = |row: &Row<_>| figures::streams(row).map(|figures| figures.p99_us);
    let best = rows
        .iter()
        .filter(|row| !row.peer.starts_with(OURS) && !BOUNDS.contains(&row.peer.as_str()))
        .filter_map(|row| Some((row, p99(row)?)))
        .min_by(|one, other| one.1.median.total_cmp(&other.1.median));
    verdict(
        "p99 of event delay at most the best peer's".into(),
        row(rows, OURS).and_then(p99),
        best.map(|(row, other)| {
            (
                other.median,
                format!("{}'s {:.0} µs", row.label, other.median),
            )
        }),
        "µs",
    )
}

fn verdict(
    target: String,
    ours: Option<Figure>,
    bound: Option<(f64, String)>,
    unit: &str,
) -> Verdict {
    match (ours, bound) {
        (Some(ours), Some((most, other))) => Verdict {
            target,
            reached: Some(ours.median <= most),
            figures: format!("{:.1} {unit} against {other}", ours.median),
        },
        _ => Verdict {
            target,
            reached: None,
            figures: "not measured in this run".into(),
        },
    }
}

fn row<'a, T>(rows: &'a [Row<T>], name: &str) -> Option<&'a Row<T>> {
    rows.iter().find(|row| row.peer == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_reached_up_to_its_bound_and_unknown_without_figures() {
        let check = |ours: Option<f64>, bound: Option<f64>, expected: Option<bool>| {
            let ours = ours.and_then(|value| Figure::of(std::iter::once(value)));
            let bound = bound.map(|most| (most, String::from("the other")));
            assert_eq!(
                verdict("target".into(), ours, bound, "µs").reached,
                expected
            );
        };
        check(Some(17.0), Some(17.0), Some(true));
        check(Some(17.1), Some(17.0), Some(false));
        check(None, Some(17.0), None);
        check(Some(17.0), None, None);
    }
}

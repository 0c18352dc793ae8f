//! What a run found, and the forms it is written in.

pub mod html;
pub mod human;
pub mod json;
pub mod junit;
pub mod sarif;
mod xml;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use propylon_practices::{CheckResult, Product, Verdict};
use serde::{Deserialize, Serialize};

use crate::lab::Lab;
use crate::timeline::Timeline;
use crate::wire::HttpVersion;

/// What a run found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The version of this shape.
    pub schema: u32,
    /// The program that made it.
    pub tool: Tool,
    /// The URL under test.
    pub url: String,
    /// What answered there.
    pub subject: String,
    /// The HTTP versions that were spoken, the first of them where one is enough.
    #[serde(default)]
    pub http: Vec<HttpVersion>,
    /// What whoever reads it must know before anything else: that nobody verified who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// `quick`, `standard` or `full`.
    pub profile: String,
    /// The product the fixes are for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ForProduct>,
    /// When the run ended, in seconds since the Unix epoch.
    pub ended_unix: u64,
    /// How long it took.
    pub took_seconds: f64,
    /// How many of each verdict.
    pub summary: Summary,
    /// One result for each check, sorted by id.
    pub results: Vec<CheckResult>,
    /// What was seen on the time axis.
    pub timeline: Timeline,
}

/// The program that made a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Always `propylon`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The product the fixes are for, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForProduct {
    /// The product.
    pub name: Product,
    /// What it was guessed from; absent when it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guessed_from: Option<String>,
}

/// How many of each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    /// Practices that hold.
    pub pass: usize,
    /// Practices that do not.
    pub fail: usize,
    /// Practices that do not concern this deployment.
    pub not_applicable: usize,
    /// Practices that could not be seen.
    pub not_seen: usize,
}

impl RunReport {
    pub(crate) fn new(lab: &Lab, results: Vec<CheckResult>, took: Duration) -> Self {
        let guess = lab.facts.guess.as_ref();
        let product = match (lab.options.product, guess) {
            (Some(name), _) => Some(ForProduct {
                name,
                guessed_from: None,
            }),
            (None, Some(guess)) => Some(ForProduct {
                name: guess.product,
                guessed_from: Some(guess.from.clone()),
            }),
            (None, None) => None,
        };
        let ended = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            schema: 1,
            tool: Tool {
                name: "propylon".into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
            url: lab.endpoint().to_string(),
            subject: lab.facts.subject.clone(),
            http: lab.facts.offered.clone(),
            warning: lab.facts.warning.clone(),
            profile: lab.options.profile.as_str().into(),
            product,
            ended_unix: ended.as_secs(),
            took_seconds: took.as_secs_f64(),
            summary: Summary::of(&results),
            results,
            timeline: lab.timeline.borrow().clone(),
        }
    }

    /// The HTTP versions that were spoken, for a person.
    #[must_use]
    pub fn spoken(&self) -> String {
        let versions: Vec<&str> = self.http.iter().map(|http| http.as_str()).collect();
        versions.join(" and ")
    }

    /// Whether a practice does not hold.
    #[must_use]
    pub const fn has_findings(&self) -> bool {
        self.summary.fail > 0
    }
}

impl Summary {
    /// Counts verdicts.
    #[must_use]
    pub fn of(results: &[CheckResult]) -> Self {
        let mut summary = Self::default();
        for result in results {
            match result.verdict {
                Verdict::Pass => summary.pass += 1,
                Verdict::Fail => summary.fail += 1,
                Verdict::NotApplicable => summary.not_applicable += 1,
                Verdict::NotSeen => summary.not_seen += 1,
            }
        }
        summary
    }
}

/// A small report with one of each verdict.
#[cfg(test)]
pub(crate) fn example() -> RunReport {
    use propylon_practices::{Evidence, find};

    use crate::timeline::{EventPoint, SessionLine, StreamLine};

    let of = |id: &str| find(id).unwrap_or_else(|| panic!("{id} is in the table"));
    let evidence = vec![Evidence::new("delay", "p90 under 6 ms", "<late>")];
    let results = vec![
        CheckResult::pass(of("accept-rewritten"), "fine"),
        CheckResult::not_applicable(of("cors-headers-hidden"), "no browser"),
        CheckResult::not_seen(of("session-scattered"), "one instance", "two instances"),
        CheckResult::fail(of("sse-buffered"), "events are late", evidence)
            .with_fix(of("sse-buffered"), Product::Nginx),
    ];
    let points = [(0.0, 900.0), (300.0, 900.0)].map(|(emitted_ms, arrived_ms)| EventPoint {
        emitted_ms,
        arrived_ms,
    });
    RunReport {
        schema: 1,
        tool: Tool {
            name: "propylon".into(),
            version: "0.0.0".into(),
        },
        url: "https://mcp.example.com/mcp".into(),
        subject: "propylon-probe".into(),
        http: vec![HttpVersion::One, HttpVersion::Two],
        warning: Some("the certificate is not good".into()),
        profile: "quick".into(),
        product: Some(ForProduct {
            name: Product::Nginx,
            guessed_from: Some("server: nginx".into()),
        }),
        ended_unix: 1_800_000_000,
        took_seconds: 2.5,
        summary: Summary::of(&results),
        results,
        timeline: Timeline {
            streams: vec![StreamLine {
                label: "one".into(),
                http: HttpVersion::Two,
                instance: "probe-1".into(),
                head_ms: 2.0,
                events: points.to_vec(),
            }],
            sessions: vec![SessionLine {
                instance: "probe-1".into(),
                answered_by: vec!["probe-1".into(), "probe-2".into()],
            }],
            latency_us: vec![900, 1_200, 5_000],
        },
    }
}

//! One verdict from the same measurement made over each HTTP version.

mod each;

use propylon_practices::{Evidence, Verdict};

pub(crate) use each::differs_by_http;

use crate::outcome::Outcome;
use crate::wire::HttpVersion;

/// Joins what was found over each version: the worst of them counts, and what is said names where it was seen.
pub(crate) fn join(mut parts: Vec<(HttpVersion, Outcome)>) -> Outcome {
    parts.sort_by_key(|(http, outcome)| (badness(outcome.verdict), *http));
    let parts = match <[_; 1]>::try_from(parts) {
        Ok([(_, only)]) => return only,
        Err(parts) => parts,
    };
    let summary = summarize(&parts);
    let evidence = gather(&parts);
    let Some((_, worst)) = parts.into_iter().next() else {
        return Outcome::not_seen("no HTTP version was offered", "another try");
    };
    Outcome {
        summary,
        evidence,
        ..worst
    }
}

const fn badness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Fail => 0,
        Verdict::NotSeen => 1,
        Verdict::Pass => 2,
        Verdict::NotApplicable => 3,
    }
}

fn summarize(parts: &[(HttpVersion, Outcome)]) -> String {
    let Some((_, worst)) = parts.first() else {
        return String::new();
    };
    let alike =
        |outcome: &Outcome| (outcome.verdict, &outcome.summary) == (worst.verdict, &worst.summary);
    if parts.iter().all(|(_, outcome)| alike(outcome)) {
        let mut versions: Vec<_> = parts.iter().map(|(http, _)| *http).collect();
        versions.sort_unstable();
        let versions: Vec<_> = versions.iter().map(|http| http.as_str()).collect();
        return format!("{} (over {})", worst.summary, versions.join(" and "));
    }
    let each = parts.iter().map(|(http, outcome)| {
        if outcome.verdict == worst.verdict {
            return format!("over {http}: {}", outcome.summary);
        }
        match outcome.verdict {
            Verdict::Pass => format!("over {http} it holds"),
            Verdict::NotApplicable => format!("over {http} it does not apply"),
            Verdict::NotSeen | Verdict::Fail => {
                format!("over {http} it was not seen: {}", outcome.summary)
            }
        }
    });
    each.collect::<Vec<_>>().join("; ")
}

/// What was the same over each stands once; everything else names its version.
fn gather(parts: &[(HttpVersion, Outcome)]) -> Vec<Evidence> {
    let everywhere = |line: &Evidence| {
        parts
            .iter()
            .all(|(_, outcome)| outcome.evidence.contains(line))
    };
    let mut lines: Vec<Evidence> = Vec::new();
    for (http, outcome) in parts {
        for line in &outcome.evidence {
            if !everywhere(line) {
                let what = format!("over {http}: {}", line.what);
                lines.push(Evidence::new(
                    what,
                    line.expected.clone(),
                    line.found.clone(),
                ));
            } else if !lines.contains(line) {
                lines.push(line.clone());
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use propylon_practices::Verdict;

    use super::join;
    use crate::outcome::Outcome;
    use crate::wire::HttpVersion::{One, Two};

    #[test]
    fn one_version_is_left_as_it_is() {
        let only = Outcome::pass("fine").saw("a", "b", "c");
        assert_eq!(join(vec![(Two, only.clone())]), only);
    }

    #[test]
    fn the_worst_version_counts_and_is_named() {
        let check = |one: Outcome, two: Outcome, verdict: Verdict, summary: &str| {
            let joined = join(vec![(One, one), (Two, two)]);
            assert_eq!(
                (joined.verdict, joined.summary.as_str()),
                (verdict, summary)
            );
        };
        let pass = || Outcome::pass("fine");
        check(
            pass(),
            pass(),
            Verdict::Pass,
            "fine (over HTTP/1.1 and HTTP/2)",
        );
        check(
            pass(),
            Outcome::fail("late"),
            Verdict::Fail,
            "over HTTP/2: late; over HTTP/1.1 it holds",
        );
        check(
            Outcome::fail("late"),
            Outcome::fail("cut"),
            Verdict::Fail,
            "over HTTP/1.1: late; over HTTP/2: cut",
        );
        check(
            pass(),
            Outcome::not_seen("no answer", "one"),
            Verdict::NotSeen,
            "over HTTP/2: no answer; over HTTP/1.1 it holds",
        );
    }

    #[test]
    fn evidence_names_its_version_unless_it_is_the_same_over_both() {
        let outcome = |found: &str| {
            Outcome::fail("bad")
                .saw("same", "x", "y")
                .saw("delay", "short", found)
        };
        let joined = join(vec![(One, outcome("1 ms")), (Two, outcome("9 ms"))]);
        let whats: Vec<_> = joined
            .evidence
            .iter()
            .map(|line| line.what.as_str())
            .collect();
        assert_eq!(
            whats,
            ["same", "over HTTP/1.1: delay", "over HTTP/2: delay"]
        );
    }
}

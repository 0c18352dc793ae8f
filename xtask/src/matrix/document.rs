//! docs/check-matrix.md: each practice with what broke it and was caught, and every false alarm.

use std::fmt::Write as _;

use super::measured::{ChainRun, Measured};

/// The document.
pub(super) fn render(measured: &Measured) -> String {
    let mut text = String::from(
        "# What `propylon check` catches\n\n<!-- Written by `cargo xtask matrix` from a measurement. -->\n\n",
    );
    text.push_str(&summary(measured));
    text.push_str(&practices(measured));
    text.push_str(&good(measured));
    text.push_str(&guide(measured));
    text
}

fn of<'m>(measured: &'m Measured, kind: &'m str) -> impl Iterator<Item = &'m ChainRun> {
    let runs = measured.chains.runs.iter();
    runs.filter(move |run| run.kind == kind)
}

fn summary(measured: &Measured) -> String {
    let products: Vec<String> = measured
        .products
        .iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    let (faults, chains) = (&measured.faults, &measured.chains.runs);
    let broken = faults.iter().filter(|run| run.id.is_some());
    let mutations = || of(measured, "mutation");
    let all = broken.clone().count() + mutations().count();
    let caught = broken.filter(|run| !run.is_missed).count()
        + mutations().filter(|run| run.missed.is_empty()).count();
    let alarms = faults.iter().map(|run| run.alarms.len()).sum::<usize>()
        + chains.iter().map(|run| run.extra.len()).sum::<usize>();
    let verdicts = faults.iter().map(|run| run.judged).sum::<usize>()
        + chains.iter().map(|run| run.judged).sum::<usize>();
    let twice = faults.iter().filter(|run| run.is_second).count()
        + chains.iter().filter(|run| run.before.is_some()).count();
    let (good, clean) = (
        of(measured, "good").count(),
        of(measured, "good").filter(|run| is_clean(run)).count(),
    );
    let not_judged: String = chains
        .iter()
        .filter_map(|run| {
            Some(format!(
                "\n{} on {}: {}\n",
                run.name,
                run.chain,
                run.trouble.as_ref()?
            ))
        })
        .collect();
    format!(
        "Measured on {} in {} s, with {}.\n\
         Behind each chain stand three instances of `propylon probe`. A *fault* is one thing that a small proxy of our own\n\
         gets wrong; a *mutation* is one edit that breaks a good configuration of a real product, or of a relay of ours\n\
         where no product can be made to break or to keep the practice. The check must find the practice that was broken\n\
         and nothing else, but for consequences declared beforehand.\n\n\
         | | |\n|---|---|\n\
         | faults and mutations caught | {caught} of {all} |\n\
         | good chains without a finding, but for what the product cannot hold | {clean} of {good} |\n\
         | false alarms | {alarms} in {verdicts} verdicts of {} runs |\n\
         | runs judged a second time, because the first was not as it should be | {twice} |\n{not_judged}",
        measured.day,
        measured.seconds,
        products.join(", "),
        faults.len() + chains.len(),
    )
}

fn is_clean(run: &ChainRun) -> bool {
    run.extra.is_empty() && run.trouble.is_none()
}

fn practices(measured: &Measured) -> String {
    let mut text = String::from(
        "\n## Each practice that is seen from outside\n\n\
         | practice | faults caught | mutations caught | missed | false alarms |\n|---|---|---|---|---|\n",
    );
    for id in &measured.chains.practices {
        let faults: Vec<_> = measured
            .faults
            .iter()
            .filter(|run| run.id.as_ref() == Some(id))
            .collect();
        let found = faults.iter().filter(|run| !run.is_missed).count();
        let mutations = || of(measured, "mutation").filter(|run| run.name == *id);
        let names = |is_missed: bool| {
            mutations()
                .filter(|run| run.missed.is_empty() != is_missed)
                .map(|run| run.chain.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let alarms = measured
            .faults
            .iter()
            .flat_map(|run| &run.alarms)
            .chain(measured.chains.runs.iter().flat_map(|run| &run.extra))
            .filter(|alarm| alarm.split(' ').next() == Some(id))
            .count();
        let _ = writeln!(
            text,
            "| `{id}` | {found} of {} | {} | {} | {alarms} |",
            faults.len(),
            names(false),
            names(true)
        );
    }
    text
}

fn good(measured: &Measured) -> String {
    let mut text = String::from(
        "\n## Good chains\n\n| chain | profile | findings | false alarms |\n|---|---|---|---|\n",
    );
    for run in of(measured, "good") {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            run.chain,
            run.profile,
            run.found.join(", "),
            run.extra.join(", ")
        );
    }
    text.push_str("\nWhat a product cannot hold:\n\n");
    for row in &measured.chains.unheld {
        let _ = writeln!(text, "- {}, `{}`: {}.", row.chain, row.id, row.why);
    }
    text
}

fn guide(measured: &Measured) -> String {
    let mut text = String::from(
        "\n## The draft deployment guide's examples\n\nEvery defect that was measured by hand must be found.\n\n\
         | example | defects found | missed | true besides | false alarms |\n|---|---|---|---|---|\n",
    );
    for run in of(measured, "guide") {
        let (known, besides): (Vec<&String>, Vec<&String>) =
            run.found.iter().partition(|id| run.expected.contains(id));
        let list = |ids: Vec<&String>| {
            let ids: Vec<&str> = ids.into_iter().map(String::as_str).collect();
            ids.join(", ")
        };
        let besides = besides.into_iter().filter(|id| !run.extra.contains(id));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            run.chain,
            list(known),
            run.missed.join(", "),
            list(besides.collect()),
            run.extra.join(", ")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::measured::{ChainRun, Chains, FaultRun, Measured};
    use super::render;

    #[test]
    fn misses_and_false_alarms_are_told() {
        let run = |kind: &str, missed: &[&str], extra: &[&str]| ChainRun {
            kind: kind.into(),
            name: "sse-buffered".into(),
            chain: "haproxy".into(),
            judged: 55,
            missed: missed.iter().map(ToString::to_string).collect(),
            extra: extra.iter().map(ToString::to_string).collect(),
            ..ChainRun::default()
        };
        let measured = Measured {
            day: "2026-11-23".into(),
            products: vec![("nginx".into(), "1.31.3".into())],
            faults: vec![FaultRun {
                id: Some("sse-buffered".into()),
                judged: 55,
                ..FaultRun::default()
            }],
            chains: Chains {
                practices: vec!["sse-buffered".into()],
                runs: vec![
                    run("mutation", &["sse-buffered"], &[]),
                    run("good", &[], &["sse-buffered"]),
                ],
                ..Chains::default()
            },
            seconds: 300,
        };
        let text = render(&measured);
        assert!(
            text.contains("| faults and mutations caught | 1 of 2 |"),
            "{text}"
        );
        assert!(text.contains("cannot hold | 0 of 1 |"), "{text}");
        assert!(
            text.contains("| false alarms | 1 in 165 verdicts of 3 runs |"),
            "{text}"
        );
        assert!(
            text.contains("| `sse-buffered` | 1 of 1 |  | haproxy | 1 |"),
            "{text}"
        );
    }
}

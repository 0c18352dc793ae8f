//! All runs, a few at a time, and what came of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::catch_unwind;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use propylon_testkit::Judgement;

use crate::chain::{Chain, GOOD};
use crate::faulty::Fault;
use crate::guide::EXAMPLES;
use crate::judge::{QUICK, Scope, WAITING, judge};
use crate::mutations::MUTATIONS;
use crate::stand::Stand;
use crate::unheld::unheld;

/// How many checks run at one time.
const AT_ONCE: usize = 4;
/// How many of those that only wait run beside them.
const WAITING_AT_ONCE: usize = 4;

/// Good chains whose times are those of another.
const ALIKE: &[&str] = &["nginx-tls", "haproxy-auth", "propylon-limited"];

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A good chain: nothing but what the product cannot hold.
    Good,
    /// An example of the draft guide.
    Guide,
    /// One practice broken.
    Mutation,
}

/// One run of the check.
pub(crate) struct Run {
    pub(crate) kind: Kind,
    /// The practice that is broken, or the chain's name.
    pub(crate) name: &'static str,
    pub(crate) chain: Chain,
    edits: &'static [(&'static str, &'static str)],
    faults: &'static [Fault],
    scope: Scope,
    /// What must be found.
    pub(crate) expected: BTreeSet<&'static str>,
    /// What may be found too.
    pub(crate) allowed: BTreeSet<&'static str>,
}

impl Run {
    /// What it is called: `Mutation sse-buffered on haproxy`.
    fn title(&self) -> String {
        let waits = if self.waits() { ", waiting" } else { "" };
        format!(
            "{:?} {} on {}{waits}",
            self.kind, self.name, self.chain.name
        )
    }

    fn waits(&self) -> bool {
        self.scope.profile != QUICK.profile
    }

    pub(crate) fn profile(&self) -> &'static str {
        self.scope.profile
    }
}

/// What came of a run.
pub(crate) struct Outcome {
    pub(crate) judgement: Judgement,
    /// Expected and not found.
    pub(crate) missed: Vec<String>,
    /// Found and neither expected nor allowed.
    pub(crate) extra: Vec<String>,
    /// What was wrong with a first judgement of the same chain, if it was judged twice.
    pub(crate) before: Option<String>,
    output: String,
}

impl Outcome {
    pub(crate) fn is_good(&self) -> bool {
        self.missed.is_empty() && self.extra.is_empty() && self.judgement.trouble.is_none()
    }
}

/// The good chains, the guide's examples and the mutations whose title is wanted.
pub(crate) fn runs(is_wanted: impl Fn(&str) -> bool) -> Vec<Run> {
    let good = GOOD
        .iter()
        .flat_map(|chain| [good_run(chain, QUICK), good_run(chain, WAITING)]);
    // Chains that differ in what clients meet only wait alike.
    let good = good.filter(|run| run.scope == QUICK || !ALIKE.contains(&run.name));
    let guide = EXAMPLES.iter().map(|example| Run {
        kind: Kind::Guide,
        name: example.chain.name,
        chain: example.chain,
        edits: &[],
        faults: &[],
        scope: QUICK,
        expected: example.wrong.iter().copied().collect(),
        allowed: example.also.iter().copied().collect(),
    });
    let mutations = MUTATIONS.iter().map(|mutation| Run {
        kind: Kind::Mutation,
        name: mutation.id,
        chain: mutation.chain,
        edits: mutation.edits,
        faults: mutation.faults,
        scope: mutation.scope,
        expected: [mutation.id].into(),
        allowed: mutation
            .also
            .iter()
            .copied()
            .chain(unheld(mutation.chain.name))
            .collect(),
    });
    let mut runs: Vec<Run> = good.chain(guide).chain(mutations).collect();
    runs.retain(|run| is_wanted(&run.title()));
    runs
}

/// The run of a good chain.
pub(crate) fn good_run(chain: &Chain, scope: Scope) -> Run {
    Run {
        kind: Kind::Good,
        name: chain.name,
        chain: *chain,
        edits: &[],
        faults: &[],
        scope,
        expected: BTreeSet::new(),
        allowed: unheld(chain.name).into_iter().collect(),
    }
}

/// Runs them all with `judge`, and says how each went as it ends.
pub(crate) fn perform(runs: &[Run], judge: fn(&Run) -> Outcome) -> Vec<Outcome> {
    let outcomes: Mutex<Vec<Option<Outcome>>> = Mutex::new(runs.iter().map(|_| None).collect());
    let queue = |waits: bool| -> Mutex<Vec<usize>> {
        let indices = (0..runs.len()).rev();
        Mutex::new(
            indices
                .filter(|index| runs[*index].waits() == waits)
                .collect(),
        )
    };
    let (busy, waiting) = (queue(false), queue(true));
    std::thread::scope(|scope| {
        for lane in 0..AT_ONCE + WAITING_AT_ONCE {
            let queue = if lane < AT_ONCE { &busy } else { &waiting };
            let outcomes = &outcomes;
            scope.spawn(move || {
                let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
                while let Some(index) = next() {
                    let run = &runs[index];
                    let outcome = judge(run);
                    println!("{}", line(run, &outcome));
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(outcome);
                }
            });
        }
    });
    let outcomes = outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    outcomes
        .into_iter()
        .map(|outcome| outcome.expect("every run was performed"))
        .collect()
}

/// Judges once, and what is not as it should be once more: a machine with too much to do is no fault of the checks.
pub(crate) fn twice(run: &Run) -> Outcome {
    let first = once(run);
    if first.is_good() {
        return first;
    }
    Outcome {
        before: Some(explain(run, &first)),
        ..once(run)
    }
}

/// Judges once.
pub(crate) fn once(run: &Run) -> Outcome {
    catch_unwind(|| one(run)).unwrap_or_else(|_| not_run())
}

fn one(run: &Run) -> Outcome {
    let stand = Stand::start(&run.chain, run.edits, run.faults);
    let judgement = judge(&stand, &run.scope);
    let failed: BTreeSet<&str> = judgement.failed().into_iter().collect();
    let missed = run
        .expected
        .iter()
        .filter(|id| !failed.contains(*id))
        .map(|id| (*id).to_owned())
        .collect();
    let fine = |id: &&&str| !run.expected.contains(**id) && !run.allowed.contains(**id);
    // What a product is said not to hold, and holds: the declaration is out of date.
    let held = judgement.with_verdict("pass");
    let is_stale = |id: &&&str| run.kind == Kind::Good && held.contains(*id);
    let stale = run
        .allowed
        .iter()
        .filter(is_stale)
        .map(|id| format!("{id} (declared, and held)"));
    let extra = failed
        .iter()
        .filter(fine)
        .map(|id| (*id).to_owned())
        .chain(stale)
        .collect();
    Outcome {
        missed,
        extra,
        before: None,
        output: stand.output(),
        judgement,
    }
}

/// What a run comes to whose chain did not stand; the panic's own message is above the table.
fn not_run() -> Outcome {
    let judgement = Judgement::none("the chain did not stand".into(), Duration::ZERO);
    Outcome {
        judgement,
        missed: Vec::new(),
        extra: Vec::new(),
        before: None,
        output: String::new(),
    }
}

fn line(run: &Run, outcome: &Outcome) -> String {
    let took = outcome.judgement.took.as_secs_f32();
    let verdict = if outcome.is_good() { "ok" } else { "WRONG" };
    let mut line = format!("{verdict:5} {took:5.1} s  {}", run.title());
    for (what, ids) in [("missed", &outcome.missed), ("extra", &outcome.extra)] {
        if !ids.is_empty() {
            let _ = write!(line, "; {what}: {}", ids.join(", "));
        }
    }
    if let Some(before) = &outcome.before {
        let _ = write!(line, "; judged twice, first: {before}");
    }
    line
}

/// Everything that is wrong with an outcome, for the test's failure.
pub(crate) fn explain(run: &Run, outcome: &Outcome) -> String {
    let mut text = line(run, outcome);
    if let Some(trouble) = &outcome.judgement.trouble {
        let _ = write!(text, "\n    {trouble}");
    }
    for id in outcome.missed.iter().chain(&outcome.extra) {
        let verdict = outcome
            .judgement
            .rows
            .get(id)
            .map_or("absent", |row| row.verdict.as_str());
        let _ = write!(
            text,
            "\n    {id} ({verdict}): {}",
            outcome.judgement.text(id)
        );
    }
    let output = outcome.output.trim();
    if !output.is_empty() {
        let last: String = output
            .lines()
            .rev()
            .take(12)
            .map(|line| format!("\n    | {line}"))
            .collect();
        text.push_str(&last);
    }
    text
}

/// What went wrong.
pub(crate) fn wrong(runs: &[Run], outcomes: &[Outcome]) -> Vec<String> {
    let wrong = runs
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| !outcome.is_good());
    wrong.map(|(run, outcome)| explain(run, outcome)).collect()
}

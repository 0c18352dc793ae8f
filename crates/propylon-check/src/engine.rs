//! Runs the checks: what takes long first and alongside, what needs calm alone, what disturbs last.

use std::rc::Rc;
use std::time::{Duration, Instant};

use propylon_practices::{CheckResult, Practice, Product, find};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinHandle, LocalSet};

use crate::cannot_run::CannotRun;
use crate::checks::{CHECKS, Check, Stage};
use crate::facts::observe;
use crate::lab::Lab;
use crate::need::missing;
use crate::options::{CheckOptions, Profile};
use crate::outcome::{Checked, Outcome};
use crate::over::{differs_by_http, join};
use crate::progress::Progress;
use crate::report::RunReport;

/// Swift checks that run at one time.
const AT_ONCE: usize = 6;
/// How long one check may take besides its quiet time.
const CHECK_MAX: Duration = Duration::from_secs(60);

/// Measures the chain in front of the endpoint.
///
/// Runs on a current-thread runtime. The verdicts are in the order of the table.
///
/// # Errors
/// When there is nothing to measure: no server, no TLS, no credentials, another page than MCP.
pub async fn check(
    options: CheckOptions,
    progress: impl Fn(Progress) + 'static,
) -> Result<RunReport, CannotRun> {
    LocalSet::new()
        .run_until(run(options, Rc::new(progress)))
        .await
}

async fn run(
    options: CheckOptions,
    progress: Rc<dyn Fn(Progress)>,
) -> Result<RunReport, CannotRun> {
    let began = Instant::now();
    if let Some(id) = options
        .select
        .iter()
        .chain(&options.skip)
        .find(|id| find(id).is_none())
    {
        return Err(CannotRun::UnknownId(id.clone()));
    }
    let url = options.endpoint.to_string();
    let mut lab =
        Lab::new(options, progress).map_err(|cause| CannotRun::Unreachable { url, cause })?;
    observe(&mut lab).await?;
    let wanted: Vec<&'static Check> = CHECKS
        .iter()
        .copied()
        .filter(|check| lab.options.wants(check.id))
        .collect();
    (lab.progress)(Progress::Begun {
        subject: lab.facts.subject.clone(),
        checks: wanted.len(),
    });
    let run = Rc::new(Run {
        product: lab
            .options
            .product
            .or(lab.facts.guess.as_ref().map(|guess| guess.product)),
        others: lab
            .facts
            .offered
            .iter()
            .filter(|http| **http != lab.http())
            .map(|http| Rc::new(lab.over(*http)))
            .collect(),
        lab: Rc::new(lab),
    });
    let mut results = schedule(&run, &wanted).await;
    results.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(RunReport::new(&run.lab, results, began.elapsed()))
}

/// What every check of the run shares.
struct Run {
    lab: Rc<Lab>,
    /// The same place over the other HTTP versions that are offered.
    others: Vec<Rc<Lab>>,
    product: Option<Product>,
}

impl Run {
    /// Where a check is done: over one HTTP version, or over each where they can differ.
    fn labs(&self, check: &Check) -> Vec<Rc<Lab>> {
        let others = self.others.iter().filter(|_| differs_by_http(check));
        std::iter::once(&self.lab).chain(others).cloned().collect()
    }
}

async fn schedule(run: &Rc<Run>, wanted: &[&'static Check]) -> Vec<CheckResult> {
    let of = |stage| {
        wanted
            .iter()
            .copied()
            .filter(move |check| check.stage == stage)
    };
    let mut results = Vec::new();
    let start = |check| tokio::task::spawn_local(perform(Rc::clone(run), check));
    let quiet: Vec<_> = of(Stage::Quiet).map(start).collect();
    let calm: Vec<_> = of(Stage::Calm).map(start).collect();
    gather(calm, &mut results).await;
    let room = Rc::new(Semaphore::new(AT_ONCE));
    let swift: Vec<_> = of(Stage::Swift)
        .map(|check| {
            let (run, room) = (Rc::clone(run), Rc::clone(&room));
            tokio::task::spawn_local(async move {
                let _turn = room.acquire().await;
                perform(run, check).await
            })
        })
        .collect();
    gather(swift, &mut results).await;
    for check in of(Stage::Heavy) {
        gather(vec![start(check)], &mut results).await;
    }
    gather(quiet, &mut results).await;
    for check in of(Stage::Breaking) {
        gather(vec![start(check)], &mut results).await;
    }
    results
}

async fn gather(running: Vec<JoinHandle<Option<CheckResult>>>, results: &mut Vec<CheckResult>) {
    for task in running {
        results.extend(task.await.ok().flatten());
    }
}

/// Runs one check to its verdict; a practice that is not in the table gives none.
async fn perform(run: Rc<Run>, check: &'static Check) -> Option<CheckResult> {
    let practice: &Practice = find(check.id)?;
    let lab = &run.lab;
    let quiet = (check.stage == Stage::Quiet).then(|| lab.options.profile.quiet());
    let outcome = match missing(lab, check) {
        Some(outcome) => outcome,
        None => {
            (lab.progress)(Progress::Started {
                id: check.id,
                waits: quiet,
            });
            over_each(run.labs(check), check, quiet).await
        }
    };
    let outcome = match quiet {
        Some(quiet) if lab.options.profile == Profile::Quick => outcome.seen_only_for(quiet),
        _ => outcome,
    };
    let result = outcome.result(practice, run.product);
    (lab.progress)(Progress::Finished {
        id: check.id,
        verdict: result.verdict,
        summary: result.summary.clone(),
    });
    Some(result)
}

/// Makes the measurement over each HTTP version: at the same time, unless it is to be alone.
async fn over_each(labs: Vec<Rc<Lab>>, check: &'static Check, quiet: Option<Duration>) -> Outcome {
    let is_alone = matches!(check.stage, Stage::Heavy | Stage::Breaking);
    let mut parts = Vec::new();
    let mut running = Vec::new();
    for lab in labs {
        let http = lab.http();
        let task = tokio::task::spawn_local(measure(lab, check, quiet));
        if is_alone {
            parts.push((http, ended(task.await)));
        } else {
            running.push((http, task));
        }
    }
    for (http, task) in running {
        parts.push((http, ended(task.await)));
    }
    join(parts)
}

fn ended(task: Result<Outcome, JoinError>) -> Outcome {
    task.unwrap_or_else(|error| {
        Outcome::not_seen(format!("the measurement broke off: {error}"), "another try")
    })
}

async fn measure(lab: Rc<Lab>, check: &'static Check, quiet: Option<Duration>) -> Outcome {
    let most = CHECK_MAX + quiet.unwrap_or_default();
    match tokio::time::timeout(most, to_its_end(lab, check)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(trouble)) => Outcome::not_seen(
            format!("the measurement did not come to its end: {trouble}"),
            "a chain that carries this exchange",
        ),
        Err(_) => Outcome::not_seen(
            format!("the measurement took more than {most:?}"),
            "a faster answer, or a longer --timeout",
        ),
    }
}

/// Takes the measurement, a second time where something that it did not look for ended the first: some products cut a
/// stream in a few hundred. What waits for minutes or breaks things is taken once.
async fn to_its_end(lab: Rc<Lab>, check: &'static Check) -> Checked {
    let first = (check.run)(Rc::clone(&lab)).await;
    match check.stage {
        Stage::Calm | Stage::Swift | Stage::Heavy if first.is_err() => (check.run)(lab).await,
        _ => first,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use propylon_practices::Verdict;

    use super::*;
    use crate::wire::Endpoint;
    use crate::wire::Trouble;

    thread_local! {
        static TAKEN: Cell<usize> = const { Cell::new(0) };
    }

    fn ends_the_second_time(_lab: Rc<Lab>) -> std::pin::Pin<Box<dyn Future<Output = Checked>>> {
        let taken = TAKEN.get() + 1;
        TAKEN.set(taken);
        Box::pin(async move {
            match taken {
                1 => Err(Trouble::unexpected("cut by chance")),
                _ => Ok(Outcome::pass("whole")),
            }
        })
    }

    fn judged(stage: Stage) -> (Verdict, usize) {
        let check: &'static Check = Box::leak(Box::new(Check {
            id: "sse-altered",
            needs: &[],
            stage,
            run: ends_the_second_time,
        }));
        let endpoint = Endpoint::parse("http://127.0.0.1:9/mcp").unwrap();
        let lab = Lab::new(CheckOptions::new(endpoint), Rc::new(|_| ())).unwrap();
        TAKEN.set(0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let outcome = runtime
            .unwrap()
            .block_on(measure(Rc::new(lab), check, None));
        (outcome.verdict, TAKEN.get())
    }

    #[test]
    fn what_ended_by_chance_is_measured_again_unless_it_breaks_things_or_waits() {
        for stage in [Stage::Calm, Stage::Swift, Stage::Heavy] {
            assert_eq!(judged(stage), (Verdict::Pass, 2), "{stage:?}");
        }
        for stage in [Stage::Quiet, Stage::Breaking] {
            assert_eq!(judged(stage), (Verdict::NotSeen, 1), "{stage:?}");
        }
    }
}

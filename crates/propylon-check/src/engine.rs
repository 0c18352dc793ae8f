//! Runs the checks: what takes long first and alongside, what needs calm alone, what disturbs last.

use std::rc::Rc;
use std::time::{Duration, Instant};

use propylon_practices::{CheckResult, Practice, Product, find};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, LocalSet};

use crate::checks::{CHECKS, Check, Stage};
use crate::facts::{CannotRun, observe};
use crate::lab::Lab;
use crate::need::missing;
use crate::options::CheckOptions;
use crate::outcome::Outcome;
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
        .run_until(run(options, Box::new(progress)))
        .await
}

async fn run(
    options: CheckOptions,
    progress: Box<dyn Fn(Progress)>,
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
    let lab = Rc::new(lab);
    let product = lab
        .options
        .product
        .or(lab.facts.guess.as_ref().map(|guess| guess.product));
    let mut results = schedule(&lab, &wanted, product).await;
    results.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(RunReport::new(&lab, results, began.elapsed()))
}

async fn schedule(
    lab: &Rc<Lab>,
    wanted: &[&'static Check],
    product: Option<Product>,
) -> Vec<CheckResult> {
    let of = |stage| {
        wanted
            .iter()
            .copied()
            .filter(move |check| check.stage == stage)
    };
    let mut results = Vec::new();
    let start = |check| tokio::task::spawn_local(perform(Rc::clone(lab), check, product));
    let quiet: Vec<_> = of(Stage::Quiet).map(start).collect();
    let calm: Vec<_> = of(Stage::Calm).map(start).collect();
    gather(calm, &mut results).await;
    let room = Rc::new(Semaphore::new(AT_ONCE));
    let swift: Vec<_> = of(Stage::Swift)
        .map(|check| {
            let (lab, room) = (Rc::clone(lab), Rc::clone(&room));
            tokio::task::spawn_local(async move {
                let _turn = room.acquire().await;
                perform(lab, check, product).await
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
async fn perform(
    lab: Rc<Lab>,
    check: &'static Check,
    product: Option<Product>,
) -> Option<CheckResult> {
    let practice: &Practice = find(check.id)?;
    let quiet = match check.stage {
        Stage::Quiet => lab.options.profile.quiet(),
        _ => None,
    };
    let outcome = match missing(&lab, check) {
        Some(outcome) => outcome,
        None => {
            (lab.progress)(Progress::Started {
                id: check.id,
                waits: quiet,
            });
            let most = CHECK_MAX + quiet.unwrap_or_default();
            match tokio::time::timeout(most, (check.run)(Rc::clone(&lab))).await {
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
    };
    let result = outcome.result(practice, product);
    (lab.progress)(Progress::Finished {
        id: check.id,
        verdict: result.verdict,
        summary: result.summary.clone(),
    });
    Some(result)
}

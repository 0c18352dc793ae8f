//! The walk: what an MCP client meets behind this proxy, step by step, each claim checked as it is made.

mod affinity;
mod log;
mod progress;
mod recovery;
mod session;
mod stateless;

use std::time::{Duration, Instant};

use super::caller::Caller;
use super::client::ClientError;
use super::narrator::Narrator;
use super::stage::Stage;
use crate::terminal::{CODE, HEADING};

/// What every step has at hand.
struct Walk<'a> {
    stage: &'a mut Stage,
    narrator: &'a mut Narrator,
    caller: Caller,
}

/// Takes the walk; whether everything held.
pub(super) async fn walk(stage: &mut Stage, narrator: &mut Narrator) -> bool {
    introduce(stage, narrator);
    let began = Instant::now();
    let caller = Caller::new(stage.address());
    let mut walk = Walk {
        stage,
        narrator,
        caller,
    };
    if let Err(error) = walk.steps().await {
        walk.narrator
            .check(false, &format!("the walk cannot go on: {error}"));
    }
    conclude(narrator, began.elapsed())
}

impl Walk<'_> {
    async fn steps(&mut self) -> Result<(), ClientError> {
        let session = session::begin(self).await?;
        progress::stream(self, &session).await?;
        let others = affinity::spread(self, &session).await?;
        let renewed = recovery::lose_an_instance(self, &session, &others).await?;
        stateless::call(self).await?;
        log::read(self, &[&session, &renewed]).await;
        Ok(())
    }
}

fn introduce(stage: &Stage, narrator: &Narrator) {
    let look = narrator.look();
    let title = look.paint(HEADING, "Propylon: three MCP servers behind one address");
    narrator.print(&format!("\n{title}\n\n"));
    narrator.print(&format!(
        "   clients use  {}\n",
        look.paint(CODE, &stage.url())
    ));
    let names = stage.instances().iter().map(|instance| {
        // Padded by hand: a style's bytes would count as columns.
        let pad = " ".repeat(6usize.saturating_sub(instance.name.len()));
        format!(
            "{}{pad} {}",
            narrator.instance(instance.name),
            instance.address
        )
    });
    for (index, name) in names.enumerate() {
        let label = if index == 0 {
            "behind it    "
        } else {
            "             "
        };
        narrator.print(&format!("   {label}{name}\n"));
    }
}

fn conclude(narrator: &Narrator, took: Duration) -> bool {
    let look = narrator.look();
    let seconds = took.as_secs_f64();
    let (held, broken) = narrator.counts();
    let line = match broken {
        0 => format!("All {held} claims held, in {seconds:.1} s."),
        _ => format!(
            "{broken} of {} claims did not hold, in {seconds:.1} s.",
            held + broken
        ),
    };
    narrator.print(&format!("\n{}\n", look.paint(HEADING, &line)));
    broken == 0
}

/// A duration with as many digits as are worth reading.
fn millis(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1000.0;
    if millis < 10.0 {
        format!("{millis:.1} ms")
    } else {
        format!("{millis:.0} ms")
    }
}

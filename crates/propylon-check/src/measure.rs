//! Measurements that several checks read: each is made once in a run, by whoever asks first.

mod delay;
mod executions;
mod latency;
mod paced;
mod quiet;
mod residents;
mod scatter;

use tokio::sync::OnceCell;

use crate::wire::Trouble;

pub(crate) use delay::Delays;
pub(crate) use executions::executions;
pub(crate) use latency::{Latency, Pinger, in_ms};
pub(crate) use paced::{INTERVAL, Paced, PacedStream, paced};
pub(crate) use quiet::{Quiet, QuietStream, quiet};
pub(crate) use residents::{Residents, residents};
pub(crate) use scatter::{Scatter, scatter};
#[cfg(test)]
pub(crate) use {
    delay::EventDelay,
    scatter::{Visit, Visited},
};

/// The shared measurements of a run.
#[derive(Default)]
pub(crate) struct Measured {
    paced: OnceCell<Result<Paced, Trouble>>,
    paced_again: OnceCell<Result<Paced, Trouble>>,
    quiet: OnceCell<Result<Quiet, Trouble>>,
    scatter: OnceCell<Result<Scatter, Trouble>>,
}

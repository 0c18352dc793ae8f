//! Measurements that several checks read: each is made once in a run, by whoever asks first.

mod delay;
mod echo;
mod latency;
mod paced;
mod quiet;
mod scatter;

use tokio::sync::OnceCell;

use crate::wire::Trouble;

pub(crate) use delay::{Delays, EventDelay};
pub(crate) use echo::{Canaries, Echo, echoes};
pub(crate) use latency::{Latency, Pinger};
pub(crate) use paced::{Paced, PacedStream, paced};
pub(crate) use quiet::{Quiet, quiet};
pub(crate) use scatter::{Scatter, Visit, scatter};

/// The shared measurements of a run.
#[derive(Default)]
pub(crate) struct Measured {
    echo: OnceCell<Result<Vec<Echo>, Trouble>>,
    paced: OnceCell<Result<Paced, Trouble>>,
    quiet: OnceCell<Result<Quiet, Trouble>>,
    scatter: OnceCell<Result<Scatter, Trouble>>,
}

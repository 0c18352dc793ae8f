//! Round trips of small calls: what this chain takes when nothing is wrong, under the load of the moment.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::lab::Lab;
use crate::talk::Voice;
use crate::wire::{Response, Trouble};

/// Most samples that are kept.
const SAMPLES_MAX: usize = 100_000;
/// Pause between two small calls.
const PAUSE: Duration = Duration::from_millis(15);

/// Round trips, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Latency {
    sorted: Vec<Duration>,
}

impl Latency {
    pub(crate) fn new(mut samples: Vec<Duration>) -> Self {
        samples.sort_unstable();
        Self { sorted: samples }
    }

    /// Round trips that were asked for one after the other, each `pace` after the last: a slow one kept others from being
    /// asked for, which would have been nearly as slow, and they are counted too.
    pub(crate) fn at_pace(samples: &[Duration], pace: Duration) -> Self {
        let mut all = Vec::new();
        for sample in samples {
            all.push(*sample);
            let mut missed = sample.saturating_sub(pace);
            while missed > pace && all.len() < SAMPLES_MAX {
                all.push(missed);
                missed = missed.saturating_sub(pace);
            }
        }
        Self::new(all)
    }

    pub(crate) fn count(&self) -> usize {
        self.sorted.len()
    }

    /// The sample at `percent` of 100; zero without samples.
    pub(crate) fn at(&self, percent: usize) -> Duration {
        let last = self.sorted.len().saturating_sub(1);
        let index = (last * percent).div_ceil(100);
        self.sorted.get(index).copied().unwrap_or_default()
    }

    /// What a delay must be over to be the chain's doing and not the machine's: the slowest hundredth of the small calls
    /// made at the same time, twice, and what they take as a rule on top. On an idle machine that is next to nothing, and
    /// less than a tenth of the time between two events does not show in their rhythm.
    pub(crate) fn threshold(&self, apart: Duration) -> Duration {
        self.at(99) * 2 + self.at(50) + apart / 10
    }

    /// For a person.
    pub(crate) fn describe(&self) -> String {
        format!(
            "{} small calls at the same time: p50 {}, p99 {}",
            self.count(),
            in_ms(self.at(50)),
            in_ms(self.at(99))
        )
    }
}

/// A duration in milliseconds, for a person.
pub(crate) fn in_ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}

/// Makes small calls over one kept connection until it is stopped.
pub(crate) struct Pinger {
    stop: oneshot::Sender<()>,
    samples: JoinHandle<Result<Latency, Trouble>>,
}

impl Pinger {
    pub(crate) fn start(lab: &Rc<Lab>, voice: Voice) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let lab = Rc::clone(lab);
        let samples = tokio::task::spawn_local(async move {
            let mut samples = Vec::new();
            let mut connection = lab.connect().await?;
            while samples.len() < SAMPLES_MAX
                && matches!(stopped.try_recv(), Err(oneshot::error::TryRecvError::Empty))
            {
                let request = voice.tool(&lab, "whoami", json!({}));
                match Response::ask(&mut connection, &request, lab.soon()).await {
                    Ok(answer) => samples.push(answer.took()),
                    // A chain may close a kept connection whenever it likes.
                    Err(_) => connection = lab.connect().await?,
                }
                tokio::time::sleep(PAUSE).await;
            }
            let microseconds = samples
                .iter()
                .map(|took: &Duration| u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
            lab.timeline.borrow_mut().latency_us.extend(microseconds);
            Ok(Latency::at_pace(&samples, PAUSE))
        });
        Self { stop, samples }
    }

    /// Ends it, and gives what it measured.
    pub(crate) async fn finish(self) -> Result<Latency, Trouble> {
        drop(self.stop);
        self.samples.await.unwrap_or_else(|error| {
            Err(Trouble::unexpected(format!(
                "the small calls ended early: {error}"
            )))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Latency;

    #[test]
    fn percentiles_are_of_the_sorted_samples() {
        let latency = Latency::new((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(latency.at(0), Duration::from_millis(1));
        assert_eq!(latency.at(50), Duration::from_millis(51));
        assert_eq!(latency.at(99), Duration::from_millis(100));
        assert_eq!(Latency::default().at(99), Duration::ZERO);
    }

    #[test]
    fn a_hiccup_counts_for_the_calls_it_kept_away() {
        let mut samples = vec![Duration::from_millis(1); 99];
        samples.push(Duration::from_millis(85));
        let pace = Duration::from_millis(15);
        let latency = Latency::at_pace(&samples, pace);
        assert_eq!(latency.count(), 99 + 5);
        assert_eq!(latency.at(99), Duration::from_millis(70));
        assert_eq!(Latency::at_pace(&samples[..99], pace).count(), 99);
    }

    #[test]
    fn a_loaded_machine_raises_the_threshold() {
        let calm = Latency::new(vec![Duration::from_millis(1); 50]);
        let loaded = Latency::new(vec![Duration::from_millis(40); 50]);
        let apart = Duration::from_millis(150);
        assert_eq!(calm.threshold(apart), Duration::from_millis(18));
        assert_eq!(loaded.threshold(apart), Duration::from_millis(135));
    }
}

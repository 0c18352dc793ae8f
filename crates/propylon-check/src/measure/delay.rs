//! How late events are, from two clocks that share no zero.
//!
//! The probe says on its own clock when it had the request (`received`) and when it wrote each event. The request cannot
//! have been received before it was sent, so taking the two as the same moment gives each delay, plus at most the time
//! the request was under way, which small calls of the same moment bound.

use std::time::{Duration, Instant};

use crate::talk::Emission;

/// One event on the client's clock, since the request was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventDelay {
    pub(crate) emitted: Duration,
    pub(crate) arrived: Duration,
}

impl EventDelay {
    pub(crate) fn delay(self) -> Duration {
        self.arrived.saturating_sub(self.emitted)
    }
}

/// The events of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delays {
    pub(crate) events: Vec<EventDelay>,
}

impl Delays {
    /// Puts emissions and arrivals on one axis.
    pub(crate) fn new(sent: Instant, received_ns: u64, emissions: &[(Emission, Instant)]) -> Self {
        let events = emissions.iter().map(|(emission, at)| EventDelay {
            emitted: Duration::from_nanos(emission.at_ns.saturating_sub(received_ns)),
            arrived: at.saturating_duration_since(sent),
        });
        Self {
            events: events.collect(),
        }
    }

    /// The same, less what the request may have been under way: its quickest event's delay, and no more than `most`,
    /// the slowest small call. A chain that holds every event back equally keeps the rest of its delay.
    pub(crate) fn without_request(&self, most: Duration) -> Self {
        let least = self
            .events
            .iter()
            .map(|event| event.delay())
            .min()
            .unwrap_or_default();
        let under_way = least.min(most);
        let events = self.events.iter().map(|event| EventDelay {
            arrived: event.arrived.saturating_sub(under_way),
            ..*event
        });
        Self {
            events: events.collect(),
        }
    }

    /// The latest event of each burst, which is what left within `apart`: what holds one of them up holds all.
    pub(crate) fn bursts(&self, apart: Duration) -> Self {
        let mut bursts: Vec<EventDelay> = Vec::new();
        let mut began = None;
        for event in &self.events {
            let is_same =
                began.is_some_and(|began: Duration| event.emitted.saturating_sub(began) < apart);
            match bursts.last_mut() {
                Some(latest) if is_same => {
                    if event.delay() > latest.delay() {
                        *latest = *event;
                    }
                }
                _ => {
                    began = Some(event.emitted);
                    bursts.push(*event);
                }
            }
        }
        Self { events: bursts }
    }

    /// The delay that `percent` of 100 events do not exceed.
    pub(crate) fn at(&self, percent: usize) -> Duration {
        let mut delays: Vec<Duration> = self.events.iter().map(|event| event.delay()).collect();
        delays.sort_unstable();
        let last = delays.len().saturating_sub(1);
        delays
            .get((last * percent).div_ceil(100))
            .copied()
            .unwrap_or_default()
    }

    /// Events that left more than `apart` after the one before, and arrived within a tenth of that time of it.
    pub(crate) fn bunched(&self, apart: Duration) -> usize {
        let pairs = self.events.iter().zip(self.events.iter().skip(1));
        pairs
            .filter(|(first, second)| {
                second.emitted.saturating_sub(first.emitted) > apart
                    && second.arrived.saturating_sub(first.arrived) < apart / 10
            })
            .count()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Delays;
    use crate::talk::Emission;

    fn delays(events: &[(u64, u64)]) -> Delays {
        let sent = Instant::now();
        let emissions: Vec<_> = events
            .iter()
            .enumerate()
            .map(|(n, (emitted, arrived))| {
                let emission = Emission {
                    n: n as u64 + 1,
                    at_ns: 7_000_000 + emitted * 1_000_000,
                };
                (emission, sent + Duration::from_millis(*arrived))
            })
            .collect();
        Delays::new(sent, 7_000_000, &emissions)
    }

    #[test]
    fn delays_are_on_one_axis() {
        let prompt = delays(&[(0, 1), (100, 101), (200, 202)]);
        assert_eq!(prompt.at(100), Duration::from_millis(2));
        assert_eq!(prompt.bunched(Duration::from_millis(50)), 0);
    }

    #[test]
    fn events_held_back_arrive_together() {
        let held = delays(&[(0, 300), (100, 300), (200, 301)]);
        assert_eq!(held.at(50), Duration::from_millis(200));
        assert_eq!(held.bunched(Duration::from_millis(50)), 2);
    }

    #[test]
    fn a_burst_is_one_sample_and_as_late_as_its_latest() {
        let two = delays(&[(0, 1), (1, 90), (2, 91), (250, 251), (251, 253)]);
        let bursts = two.bursts(Duration::from_millis(75));
        assert_eq!(bursts.events.len(), 2);
        assert_eq!(bursts.at(100), Duration::from_millis(89));
        assert_eq!(bursts.at(0), Duration::from_millis(2));
    }

    #[test]
    fn the_way_of_the_request_is_taken_off_and_no_more() {
        let slow_start = delays(&[(0, 5), (100, 105), (200, 206)]);
        let most = Duration::from_millis(8);
        assert_eq!(
            slow_start.without_request(most).at(100),
            Duration::from_millis(1)
        );
        let held_equally = delays(&[(0, 200), (100, 300), (200, 400)]);
        assert_eq!(
            held_equally.without_request(most).at(50),
            Duration::from_millis(192)
        );
    }

    #[test]
    fn an_arrival_before_its_emission_is_no_delay() {
        assert_eq!(delays(&[(5, 3)]).at(100), Duration::ZERO);
    }
}

//! When a certificate is renewed, and how long a directory is left in peace after it said no.

use std::time::{Duration, SystemTime};

use super::trouble::Trouble;

/// Two thirds of the life, give or take a thirtieth of it, so that what was issued together is not renewed together.
pub(super) fn renewal(not_before: SystemTime, not_after: SystemTime, spread: f64) -> SystemTime {
    let life = not_after.duration_since(not_before).unwrap_or_default();
    let share = 2.0 / 3.0 + spread.clamp(-1.0, 1.0) / 30.0;
    not_before + life.mul_f64(share)
}

/// How long to wait after so many failures before this one.
pub(super) fn pause(trouble: &Trouble, failures: u32, spread: f64) -> Duration {
    const HOUR: u64 = 3600;
    let doubled = |first: u64, most: u64| {
        let factor = 1_u64.checked_shl(failures).unwrap_or(u64::MAX);
        let seconds = first.saturating_mul(factor).min(most);
        Duration::from_secs(seconds).mul_f64(1.0 + spread.clamp(-1.0, 1.0) / 5.0)
    };
    match trouble {
        // Costs the directory nothing: there is no answer to give.
        Trouble::Unreachable(_) => doubled(5, HOUR),
        // Public authorities allow five failures an hour.
        Trouble::Refused(_) | Trouble::Local(_) => doubled(60, 6 * HOUR),
        Trouble::AccountUnknown => doubled(1, HOUR),
        Trouble::Limited { retry_after, .. } => retry_after
            .unwrap_or(Duration::from_secs(HOUR))
            .max(doubled(60, 6 * HOUR)),
    }
}

/// A number from -1 to 1.
pub(super) fn spread() -> f64 {
    let mut bytes = [0; 4];
    // Without randomness everything is renewed in the middle of its span.
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => f64::from(i32::from_ne_bytes(bytes)) / f64::from(i32::MAX),
        Err(_) => 0.0,
    }
}

/// A time for a log.
pub(super) fn stamp(at: SystemTime) -> String {
    let stamp = jiff::Timestamp::try_from(at);
    stamp.map_or_else(|_| "never".to_owned(), |at| format!("{at:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewal_is_at_two_thirds_of_a_life() {
        let day = Duration::from_secs(86_400);
        let begin = SystemTime::UNIX_EPOCH + day * 1000;
        let in_days = |days: u32, spread: f64| {
            let at = renewal(begin, begin + day * days, spread);
            at.duration_since(begin).unwrap().as_secs() / 86_400
        };
        assert_eq!(
            (in_days(90, 0.0), in_days(90, -1.0), in_days(90, 1.0)),
            (60, 57, 63)
        );
        assert_eq!(in_days(6, 0.0), 4);
        // One that ends before it begins is due at once.
        assert_eq!(renewal(begin, begin - day, 0.5), begin);
    }

    #[test]
    fn a_directory_is_left_in_peace_for_longer_each_time() {
        let check = |trouble: &Trouble, expected: [u64; 4]| {
            let pauses = [0, 1, 3, 40].map(|failures| pause(trouble, failures, 0.0).as_secs());
            assert_eq!(pauses, expected, "{trouble:?}");
        };
        check(&Trouble::Unreachable(String::new()), [5, 10, 40, 3600]);
        check(&Trouble::Refused(String::new()), [60, 120, 480, 21_600]);
        check(&Trouble::AccountUnknown, [1, 2, 8, 3600]);
        let limited = |retry_after| Trouble::Limited {
            cause: String::new(),
            retry_after,
        };
        check(&limited(None), [3600, 3600, 3600, 21_600]);
        let told = Some(Duration::from_secs(90_000));
        check(&limited(told), [90_000; 4]);
        let soon = Some(Duration::from_secs(1));
        check(&limited(soon), [60, 120, 480, 21_600]);
        let unreachable = Trouble::Unreachable(String::new());
        assert_eq!(pause(&unreachable, 0, 1.0), Duration::from_secs(6));
        assert_eq!(pause(&unreachable, 0, -1.0), Duration::from_secs(4));
        assert!((0..100).all(|_| spread().abs() <= 1.01));
    }
}

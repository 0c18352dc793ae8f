//! The process's one clock: monotonic and wall-clock stamps, and the two calendar forms the wire needs.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Nanoseconds since the clock was started.
    pub(crate) at_ns: u64,
    /// Microseconds since the Unix epoch.
    pub(crate) at_unix_us: u64,
}

impl Stamp {
    pub(crate) fn json(self) -> Value {
        json!({"at_ns": self.at_ns, "at_unix_us": self.at_unix_us})
    }

    /// The moment `later` after this one, on both clocks.
    pub(crate) fn after(self, later: Duration) -> Self {
        Self {
            at_ns: self.at_ns.saturating_add(nanoseconds(later)),
            at_unix_us: self
                .at_unix_us
                .saturating_add(u64::try_from(later.as_micros()).unwrap_or(u64::MAX)),
        }
    }
}

/// Counts from the moment it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    pub(crate) fn stamp(&self) -> Stamp {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Stamp {
            at_ns: self.now_ns(),
            at_unix_us: u64::try_from(wall.as_micros()).unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn now_ns(&self) -> u64 {
        nanoseconds(self.start.elapsed())
    }
}

pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

struct Calendar {
    year: u64,
    month: u64,
    day: u64,
    weekday: u64,
    second_of_day: u64,
}

/// The civil date of a day count, by eras of 400 years that begin in March, so that the leap day ends its year.
fn calendar(unix_us: u64) -> Calendar {
    let seconds = unix_us / 1_000_000;
    let days = seconds / 86_400;
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    Calendar {
        year: era * 400 + year_of_era + u64::from(month <= 2),
        month,
        day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
        weekday: (days + 4) % 7,
        second_of_day: seconds % 86_400,
    }
}

fn name<'a>(names: &[&'a str], at: u64) -> &'a str {
    usize::try_from(at)
        .ok()
        .and_then(|at| names.get(at).copied())
        .unwrap_or("")
}

/// The form of the `Date` header (RFC 9110, 5.6.7).
pub(crate) fn http_date(unix_us: u64) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let Calendar {
        year,
        month,
        day,
        weekday,
        second_of_day,
    } = calendar(unix_us);
    let (hour, minute, second) = (
        second_of_day / 3_600,
        second_of_day / 60 % 60,
        second_of_day % 60,
    );
    let (weekday, month) = (name(&DAYS, weekday), name(&MONTHS, month.saturating_sub(1)));
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// The ISO 8601 form of a task's timestamps.
pub(crate) fn iso_8601(unix_us: u64) -> String {
    let Calendar {
        year,
        month,
        day,
        second_of_day,
        ..
    } = calendar(unix_us);
    let (hour, minute, second) = (
        second_of_day / 3_600,
        second_of_day / 60 % 60,
        second_of_day % 60,
    );
    let milliseconds = unix_us / 1_000 % 1_000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z")
}

#[cfg(test)]
mod tests {
    use super::{Clock, http_date, iso_8601};

    #[test]
    fn dates_are_civil() {
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(
            http_date(784_111_777_000_000),
            "Sun, 06 Nov 1994 08:49:37 GMT"
        );
        assert_eq!(iso_8601(951_782_400_123_000), "2000-02-29T00:00:00.123Z");
        assert_eq!(iso_8601(1_709_251_199_000_000), "2024-02-29T23:59:59.000Z");
        assert_eq!(iso_8601(4_107_542_400_000_000), "2100-03-01T00:00:00.000Z");
    }

    #[test]
    fn stamps_go_forward() {
        let clock = Clock::start();
        let (first, second) = (clock.stamp(), clock.stamp());
        assert!(second.at_ns >= first.at_ns);
        assert!(first.at_unix_us > 1_700_000_000_000_000);
        let later = first.after(std::time::Duration::from_millis(3));
        assert_eq!(later.at_ns - first.at_ns, 3_000_000);
        assert_eq!(later.at_unix_us - first.at_unix_us, 3_000);
    }
}

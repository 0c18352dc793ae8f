//! Durations and sizes as people write them: `30s`, `24h`, `64KiB`.

use std::time::Duration;

/// The longest duration the file may name: far beyond any use, and safe to add to any instant.
pub(crate) const DURATION_MAX: Duration = Duration::from_secs(365 * DAY_SECS);

const DAY_SECS: u64 = 24 * 60 * 60;

const DURATION_UNITS: &[(&str, u64)] = &[
    ("d", DAY_SECS * 1000),
    ("h", 60 * 60 * 1000),
    ("m", 60 * 1000),
    ("s", 1000),
    ("ms", 1),
];

/// Spellings people carry over from other products, and the unit they mean.
const DURATION_SPELLINGS: &[(&str, &str)] = &[
    ("day", "d"),
    ("days", "d"),
    ("hour", "h"),
    ("hours", "h"),
    ("hr", "h"),
    ("min", "m"),
    ("mins", "m"),
    ("minute", "m"),
    ("minutes", "m"),
    ("msec", "ms"),
    ("sec", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("secs", "s"),
];

const SIZE_UNITS: &[(&str, u64)] = &[
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

/// A text that is no quantity, with what was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidQuantity {
    /// What to write instead, where that can be told.
    pub suggestion: Option<String>,
}

/// Reads a whole number followed by `ms`, `s`, `m`, `h` or `d`; at most 365 days.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidQuantity> {
    let (digits, unit) = split(text)?;
    let Some(factor) = factor(DURATION_UNITS, unit) else {
        return Err(InvalidQuantity {
            suggestion: suggest_duration(digits, unit),
        });
    };
    let duration = number(digits)?
        .checked_mul(factor)
        .map(Duration::from_millis);
    duration
        .filter(|duration| *duration <= DURATION_MAX)
        .ok_or_else(|| InvalidQuantity {
            suggestion: Some("the longest duration is 365d".to_owned()),
        })
}

/// Reads a whole number of bytes, or one followed by `KiB`, `MiB`, `GiB`, `TiB`, `KB`, `MB`, `GB`, `TB` or `B`.
pub fn parse_size(text: &str) -> Result<u64, InvalidQuantity> {
    let (digits, unit) = split(text)?;
    let factor = if unit.is_empty() {
        Some(1)
    } else {
        factor(SIZE_UNITS, unit)
    };
    let Some(factor) = factor else {
        return Err(InvalidQuantity {
            suggestion: suggest_size(digits, unit),
        });
    };
    number(digits)?
        .checked_mul(factor)
        .ok_or(InvalidQuantity { suggestion: None })
}

/// Writes a duration in the largest unit that loses nothing: 90 s is `90s`, 60 s is `1m`. Parts of a millisecond
/// cannot be written in the file and are dropped.
pub fn format_duration(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".to_owned();
    }
    // A day is kept as hours: people read 24h faster than 1d next to 1h.
    let (unit, factor) = DURATION_UNITS
        .iter()
        .filter(|(_, factor)| millis != DAY_SECS * 1000 || *factor != millis)
        .find(|(_, factor)| millis % factor == 0)
        .unwrap_or(&("ms", 1));
    format!("{}{unit}", millis / factor)
}

/// Writes a size in the largest binary unit that loses nothing.
pub fn format_size(bytes: u64) -> String {
    SIZE_UNITS
        .iter()
        .filter(|(unit, _)| unit.ends_with("iB"))
        .find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor))
        .map_or_else(
            || bytes.to_string(),
            |(unit, factor)| format!("{}{unit}", bytes / factor),
        )
}

fn split(text: &str) -> Result<(&str, &str), InvalidQuantity> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    match text.split_at(end) {
        ("", _) => Err(InvalidQuantity { suggestion: None }),
        parts => Ok(parts),
    }
}

fn number(digits: &str) -> Result<u64, InvalidQuantity> {
    digits
        .parse()
        .map_err(|_| InvalidQuantity { suggestion: None })
}

fn factor(units: &[(&str, u64)], unit: &str) -> Option<u64> {
    units
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, factor)| *factor)
}

fn suggest_duration(digits: &str, unit: &str) -> Option<String> {
    if unit.is_empty() {
        return Some(format!("write `{digits}s` for {digits} seconds"));
    }
    let unit = unit.trim().to_ascii_lowercase();
    let known = DURATION_UNITS.iter().map(|(name, _)| (*name, *name));
    known
        .chain(DURATION_SPELLINGS.iter().copied())
        .find(|(spelling, _)| *spelling == unit)
        .map(|(_, name)| format!("write `{digits}{name}`"))
}

fn suggest_size(digits: &str, unit: &str) -> Option<String> {
    let unit = unit.trim();
    let whole = SIZE_UNITS
        .iter()
        .map(|(name, _)| *name)
        .find(|name| name.eq_ignore_ascii_case(unit));
    let short = || {
        // `64k` and `4M` are binary in nginx and HAProxy, where people copy them from.
        SIZE_UNITS
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| name.ends_with("iB"))
            .find(|name| name.get(..1).is_some_and(|n| n.eq_ignore_ascii_case(unit)))
    };
    whole
        .or_else(short)
        .map(|name| format!("write `{digits}{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_read_as_written() {
        let millis = |text| parse_duration(text).ok().map(|d| d.as_millis());
        for (text, expected) in [
            ("0s", Some(0)),
            ("250ms", Some(250)),
            ("30s", Some(30_000)),
            ("5m", Some(300_000)),
            ("1h", Some(3_600_000)),
            ("24h", Some(86_400_000)),
            ("7d", Some(604_800_000)),
            ("365d", Some(31_536_000_000)),
            ("366d", None),
            ("18446744073709551615d", None),
            ("99999999999999999999s", None),
            ("", None),
            ("s", None),
            ("-5s", None),
            ("+5s", None),
            ("1.5s", None),
            ("30", None),
            ("30 s", None),
            ("30S", None),
            ("٣s", None),
        ] {
            assert_eq!(millis(text), expected, "{text}");
        }
    }

    #[test]
    fn sizes_read_as_written() {
        for (text, expected) in [
            ("0", Some(0)),
            ("65536", Some(65_536)),
            ("512B", Some(512)),
            ("64KiB", Some(65_536)),
            ("4MiB", Some(4_194_304)),
            ("1GB", Some(1_000_000_000)),
            ("1TiB", Some(1_099_511_627_776)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("16777216TiB", None),
            ("64kib", None),
            ("4M", None),
            ("1.5MiB", None),
            ("-1", None),
            ("", None),
            ("MiB", None),
        ] {
            assert_eq!(parse_size(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn near_misses_are_told_what_to_write() {
        let duration = |text| parse_duration(text).unwrap_err().suggestion;
        let size = |text| parse_size(text).unwrap_err().suggestion;
        for (found, expected) in [
            (duration("30"), Some("write `30s` for 30 seconds")),
            (duration("30 seconds"), Some("write `30s`")),
            (duration("5min"), Some("write `5m`")),
            (duration("2H"), Some("write `2h`")),
            (duration("400d"), Some("the longest duration is 365d")),
            (duration("5parsecs"), None),
            (size("64kib"), Some("write `64KiB`")),
            (size("4M"), Some("write `4MiB`")),
            (size("4 mb"), Some("write `4MB`")),
            (size("4foo"), None),
        ] {
            assert_eq!(found.as_deref(), expected);
        }
    }

    proptest! {
        #[test]
        fn a_formatted_duration_reads_back(millis in 0u64..=31_536_000_000) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn a_formatted_size_reads_back(bytes in prop_oneof![any::<u64>(), (0u64..4096).prop_map(|n| n << 20)]) {
            prop_assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
        }
    }
}

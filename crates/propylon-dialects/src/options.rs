//! What the caller chooses besides the description.

use std::fmt;
use std::str::FromStr;

use propylon_config::Written;

/// What the caller chooses besides the description.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The keys that stand in the file: those without a counterpart are reported, defaults are not.
    pub written: Vec<Written>,
    /// The nginx the files are for; `None` is the newest.
    pub nginx: Option<Version>,
}

/// A product's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second.
    pub minor: u16,
    /// The third; 0 where only two are written.
    pub patch: u16,
}

/// A text that is not a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidVersion;

impl Version {
    /// A version by its three numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Version {
            major,
            minor,
            patch,
        }
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let mut numbers = text
            .trim()
            .split('.')
            .map(|part| part.parse::<u16>().map_err(|_| InvalidVersion));
        let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else {
            return Err(InvalidVersion);
        };
        let patch = numbers.next().unwrap_or(Ok(0));
        if numbers.next().is_some() {
            return Err(InvalidVersion);
        }
        Ok(Version::new(major?, minor?, patch?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl fmt::Display for InvalidVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a version is needed, as in 1.29.6 or 1.22")
    }
}

impl std::error::Error for InvalidVersion {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_and_compare() {
        let check = |text: &str, expected: Option<Version>| {
            assert_eq!(text.parse::<Version>().ok(), expected, "{text}");
        };
        check("1.29.6", Some(Version::new(1, 29, 6)));
        check("1.22", Some(Version::new(1, 22, 0)));
        check("1", None);
        check("1.2.3.4", None);
        check("1.x", None);
        assert!(Version::new(1, 29, 6) > Version::new(1, 29, 5));
        assert!(Version::new(1, 22, 9) < Version::new(1, 29, 0));
    }
}

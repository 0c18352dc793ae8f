//! A tool's arguments, each read with its range, so that no tool sees a number it did not ask for.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::json;

use super::members::Members;
use super::message::Refusal;

/// The arguments of one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments<'a>(pub(crate) Members<'a>);

impl Arguments<'_> {
    /// An integer in its range, or the default when it is not given.
    pub(crate) fn integer(
        &self,
        name: &str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Result<u64, Refusal> {
        let Some(raw) = self.given(name) else {
            return Ok(default);
        };
        let number = raw
            .parse::<u64>()
            .ok()
            .filter(|number| range.contains(number));
        number.ok_or_else(|| out_of_range(name, &format!("{} to {}", range.start(), range.end())))
    }

    /// The same, as a count of things in memory.
    pub(crate) fn count(
        &self,
        name: &str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize, Refusal> {
        let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let number = self.integer(
            name,
            wide(default),
            wide(*range.start())..=wide(*range.end()),
        )?;
        usize::try_from(number).map_err(|_| out_of_range(name, "what this machine can count"))
    }

    pub(crate) fn milliseconds(
        &self,
        name: &str,
        default: u64,
        max: u64,
    ) -> Result<Duration, Refusal> {
        self.integer(name, default, 0..=max)
            .map(Duration::from_millis)
    }

    /// Seconds, with a fraction if need be.
    pub(crate) fn seconds(
        &self,
        name: &str,
        default: Option<f64>,
        max: f64,
    ) -> Result<Duration, Refusal> {
        let limit = format!("0 to {max} seconds");
        let number = match self.given(name) {
            Some(raw) => raw.parse::<f64>().ok(),
            None => default,
        };
        number
            .filter(|number| (0.0..=max).contains(number))
            .and_then(|number| Duration::try_from_secs_f64(number).ok())
            .ok_or_else(|| out_of_range(name, &limit))
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Refusal> {
        match self.given(name) {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(out_of_range(name, "true or false")),
        }
    }

    /// A string of at most `bytes_max` bytes, if it is given.
    pub(crate) fn text(&self, name: &str, bytes_max: usize) -> Result<Option<String>, Refusal> {
        if self.given(name).is_none() {
            return Ok(None);
        }
        let text = self.0.text(name).filter(|text| text.len() <= bytes_max);
        text.map(Some)
            .ok_or_else(|| out_of_range(name, &format!("a string of at most {bytes_max} bytes")))
    }

    /// One of the words given, the first being the default.
    pub(crate) fn choice<'w>(&self, name: &str, words: &[&'w str]) -> Result<&'w str, Refusal> {
        let given = self.text(name, 64)?;
        let chosen = match given.as_deref() {
            None => words.first(),
            Some(given) => words.iter().find(|word| **word == given),
        };
        chosen
            .copied()
            .ok_or_else(|| out_of_range(name, &words.join(", ")))
    }

    fn given(&self, name: &str) -> Option<&str> {
        self.0.raw(name).filter(|raw| *raw != "null")
    }
}

/// The refusal of an argument outside of what it may be.
pub(crate) fn out_of_range(name: &str, limit: &str) -> Refusal {
    Refusal::params(format!("argument {name} must be {limit}"))
        .with(json!({"argument": name, "limit": limit}))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Arguments;
    use crate::probe::members::Members;

    #[test]
    fn arguments_keep_to_their_ranges() {
        let raw = r#"{"n":5,"big":99999999999999999999,"neg":-1,"s":"abc","f":0.25,"t":true,"none":null}"#;
        let arguments = Arguments(Members::read(raw).unwrap());
        assert_eq!(arguments.integer("n", 1, 0..=5).unwrap(), 5);
        assert_eq!(arguments.integer("none", 1, 0..=5).unwrap(), 1);
        for (name, max) in [("n", 4), ("big", u64::MAX), ("neg", 9), ("s", 9), ("f", 9)] {
            assert!(arguments.integer(name, 1, 0..=max).is_err(), "{name}");
        }
        assert_eq!(
            arguments.seconds("f", None, 1.0).unwrap(),
            Duration::from_millis(250)
        );
        assert!(arguments.seconds("absent", None, 1.0).is_err());
        assert!(arguments.seconds("neg", None, 1.0).is_err());
        assert!(arguments.flag("t", false).unwrap());
        assert!(arguments.flag("n", false).is_err());
        assert_eq!(arguments.choice("absent", &["a", "abc"]).unwrap(), "a");
        assert_eq!(arguments.choice("s", &["a", "abc"]).unwrap(), "abc");
        assert!(arguments.choice("s", &["a"]).is_err());
        assert!(arguments.text("s", 2).is_err());
        let data = arguments.integer("n", 1, 0..=4).unwrap_err().data.unwrap();
        assert_eq!(data["argument"], "n");
    }
}

//! The keys of the sealed store: read from a text, and never printed.

use std::fmt;
use std::sync::Arc;

/// Length of a key in bytes.
pub const SEAL_KEY_BYTES: usize = 32;

/// Most keys of one file: the one in use, and those whose sessions are still open.
pub const SEAL_KEYS_MAX: usize = 8;

/// At least one key, the one that seals first. `Debug` shows how many there are.
#[derive(Clone, PartialEq, Eq)]
pub struct SealKeys(Arc<[[u8; SEAL_KEY_BYTES]]>);

/// What is wrong with a text of keys. Lines are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeys {
    /// Nothing but blank lines and comments.
    #[error("it has no key")]
    None,
    /// A line that is no key.
    #[error("line {0} is not a key of {SEAL_KEY_BYTES} bytes in hexadecimal")]
    Line(usize),
    /// A key that cannot be secret.
    #[error("the key of line {0} is a single byte repeated")]
    Trivial(usize),
    /// More than [`SEAL_KEYS_MAX`].
    #[error("it has more than {SEAL_KEYS_MAX} keys")]
    TooMany,
}

impl SealKeys {
    /// Reads a key a line, in hexadecimal. Blank lines and those that begin with `#` are passed over.
    pub fn parse(text: &str) -> Result<Self, InvalidKeys> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let written = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let read = |(number, line): (usize, &str)| {
            let key = hexadecimal(line).ok_or(InvalidKeys::Line(number))?;
            let trivial = key.iter().all(|byte| Some(byte) == key.first());
            (!trivial)
                .then_some(key)
                .ok_or(InvalidKeys::Trivial(number))
        };
        let keys: Vec<_> = written.map(read).collect::<Result<_, _>>()?;
        match keys.len() {
            0 => Err(InvalidKeys::None),
            count if count > SEAL_KEYS_MAX => Err(InvalidKeys::TooMany),
            _ => Ok(Self(keys.into())),
        }
    }

    /// The keys, the one that seals first.
    pub fn iter(&self) -> impl Iterator<Item = &[u8; SEAL_KEY_BYTES]> {
        self.0.iter()
    }
}

impl fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKeys({})", self.0.len())
    }
}

fn hexadecimal(line: &str) -> Option<[u8; SEAL_KEY_BYTES]> {
    let digits = line.as_bytes();
    if digits.len() != 2 * SEAL_KEY_BYTES {
        return None;
    }
    let mut key = [0; SEAL_KEY_BYTES];
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = char::from(*digit).to_digit(16)?;
            *byte = *byte << 4 | u8::try_from(value).ok()?;
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::{InvalidKeys, SealKeys};

    #[test]
    fn a_key_a_line() {
        let [first, second] = ["0f", "A1"].map(|pair| pair.repeat(31) + "00");
        let keys = SealKeys::parse(&format!("# of June\n{first}\r\n\n  {second}\n")).unwrap();
        assert_eq!(
            keys.iter().map(|key| key[0]).collect::<Vec<_>>(),
            [0x0f, 0xa1]
        );
        assert_eq!(format!("{keys:?}"), "SealKeys(2)");
        for (text, wrong) in [
            (String::new(), InvalidKeys::None),
            ("# none".into(), InvalidKeys::None),
            (first[1..].to_owned(), InvalidKeys::Line(1)),
            (format!("{first}\n{second}0"), InvalidKeys::Line(2)),
            (format!("\n{}", "g0".repeat(32)), InvalidKeys::Line(2)),
            ("00".repeat(32), InvalidKeys::Trivial(1)),
            (format!("{first}\n").repeat(9), InvalidKeys::TooMany),
        ] {
            assert_eq!(SealKeys::parse(&text), Err(wrong), "{text}");
        }
    }
}

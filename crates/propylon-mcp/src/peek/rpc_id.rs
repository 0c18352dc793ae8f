//! The id of a JSON-RPC message, kept as the JSON text it was written in.

use super::scanner::{Scan, Scanner};

/// Longest id kept, in bytes of JSON text.
pub const RPC_ID_BYTES_MAX: usize = 256;

/// The JSON text of a string, a number or `null`: safe to be written into a JSON body as it is.
///
/// Keeping the text keeps `1`, `1.0`, `1e0` and numbers past 2^53 apart, as the client wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RpcId<'a>(&'a str);

impl<'a> RpcId<'a> {
    /// Checks an id: exactly one JSON string, number or `null` without white space around it, at most 256 bytes.
    pub fn from_json(text: &'a str) -> Option<Self> {
        let mut scanner = Scanner::new(text);
        let kept = text == "null"
            || (scan_scalar(text, &mut scanner).is_ok() && scanner.position() == text.len());
        (kept && text.len() <= RPC_ID_BYTES_MAX).then_some(Self(text))
    }

    /// The id as JSON text, a string with its quotes.
    pub const fn as_json(&self) -> &'a str {
        self.0
    }

    /// Takes the text of a value that was already scanned.
    pub(super) fn from_scanned(text: &'a str) -> Option<Self> {
        let kept = matches!(text.as_bytes().first()?, b'"' | b'-' | b'0'..=b'9' | b'n');
        (kept && text.len() <= RPC_ID_BYTES_MAX).then_some(Self(text))
    }
}

fn scan_scalar(text: &str, scanner: &mut Scanner<'_>) -> Scan<()> {
    if text.starts_with('"') {
        scanner.string().map(drop)
    } else {
        scanner.number_to_end()
    }
}

#[cfg(test)]
mod tests {
    use super::{RPC_ID_BYTES_MAX, RpcId};

    #[test]
    fn takes_scalars_only() {
        let longest = "9".repeat(RPC_ID_BYTES_MAX);
        let too_long = "9".repeat(RPC_ID_BYTES_MAX + 1);
        let cases: &[(&str, bool)] = &[
            ("1", true),
            ("-0", true),
            ("1.50e+3", true),
            ("null", true),
            (r#""a\u0061\"""#, true),
            (&longest, true),
            (&too_long, false),
            ("", false),
            ("01", false),
            ("1.", false),
            ("+1", false),
            ("NaN", false),
            ("true", false),
            ("nul", false),
            ("{}", false),
            (" 1", false),
            ("1 ", false),
            ("1,2", false),
            ("\"a", false),
            ("\"a\nb\"", false),
            (r#""a","b""#, false),
        ];
        for (text, taken) in cases {
            assert_eq!(RpcId::from_json(text).is_some(), *taken, "{text}");
        }
    }
}

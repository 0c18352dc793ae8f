//! Header values in the Base64 sentinel, `=?base64?…?=` (2026-07-28 streamable-http, Value Encoding).

use std::borrow::Cow;

const PREFIX: &[u8] = b"=?base64?";
const SUFFIX: &[u8] = b"?=";

/// What a value says: itself, or what its sentinel holds. `None` where that is not Base64 of UTF-8.
///
/// The marks are case-sensitive, and a value with only one of them is plain.
pub fn decode(value: &[u8]) -> Option<Cow<'_, str>> {
    let coded = value
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX));
    match coded {
        None => str::from_utf8(value).ok().map(Cow::Borrowed),
        Some(coded) => String::from_utf8(from_base64(coded)?).ok().map(Cow::Owned),
    }
}

/// Decodes the standard alphabet with its padding (RFC 4648, 4); anything else is refused.
fn from_base64(coded: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(coded.len() / 4 * 3);
    let (groups, []) = coded.as_chunks::<4>() else {
        return None;
    };
    for (index, group) in groups.iter().enumerate() {
        let padding = group.iter().rev().take_while(|byte| **byte == b'=').count();
        if padding > 2 || padding > 0 && index + 1 != groups.len() {
            return None;
        }
        let digits = group.iter().take(4 - padding);
        let bits = digits
            .map(|byte| sextet(*byte))
            .try_fold(0_u32, |bits, sextet| Some(bits << 6 | sextet?))?;
        let [_, first, second, third] = (bits << (6 * padding)).to_be_bytes();
        bytes.extend([first, second, third].iter().take(3 - padding));
    }
    Some(bytes)
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn the_specifications_own_examples() {
        let cases: &[(&str, Option<&str>)] = &[
            ("us-west1", Some("us-west1")),
            ("", Some("")),
            ("=?base64?SGVsbG8sIOS4lueVjA==?=", Some("Hello, 世界")),
            ("=?base64?IHBhZGRlZCA=?=", Some(" padded ")),
            ("=?base64?bGluZTEKbGluZTI=?=", Some("line1\nline2")),
            (
                "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=",
                Some("=?base64?literal?="),
            ),
            ("=?base64??=", Some("")),
            ("=?base64?SGVsbG8?=", None),
            ("=?base64?SGVs!!!bG8=?=", None),
            ("=?base64?SGVsbG8==?=", None),
            ("=?base64?SG==bG8=?=", None),
            ("=?base64?====?=", None),
            ("=?base64?/w==?=", None),
            ("SGVsbG8=", Some("SGVsbG8=")),
            ("=?base64?SGVsbG8=", Some("=?base64?SGVsbG8=")),
            ("=?BASE64?SGVsbG8=?=", Some("=?BASE64?SGVsbG8=?=")),
            ("=?base64?=", Some("=?base64?=")),
        ];
        for (value, expected) in cases {
            assert_eq!(decode(value.as_bytes()).as_deref(), *expected, "{value}");
        }
    }
}

//! A JSON string as it stands in the text, and what it says.

use std::borrow::Cow;

/// A scanned string: its grammar is valid, its surrogates are not yet checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonString<'a> {
    /// What stands between the quotes.
    pub(super) raw: &'a str,
    pub(super) escaped: bool,
}

impl<'a> JsonString<'a> {
    /// What the string says; `None` if it has half of a surrogate pair, which no UTF-8 text can.
    pub(super) fn value(self) -> Option<Cow<'a, str>> {
        if self.escaped {
            unescape(self.raw).map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(self.raw))
        }
    }

    /// The string as the name of a member. One that says nothing stands for itself: it has a backslash, so it equals no
    /// name that is looked for.
    pub(super) fn name(self) -> Cow<'a, str> {
        self.value().unwrap_or(Cow::Borrowed(self.raw))
    }
}

fn unescape(raw: &str) -> Option<String> {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        value.push_str(plain);
        let mut characters = escape.chars();
        let character = match characters.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let (character, after) = code_point(characters.as_str())?;
                value.push(character);
                rest = after;
                continue;
            }
            itself => itself,
        };
        value.push(character);
        rest = characters.as_str();
    }
    value.push_str(rest);
    Some(value)
}

/// Reads the four digits after `\u`, and the second half of the pair if they are the first half.
fn code_point(text: &str) -> Option<(char, &str)> {
    let (high, rest) = unit(text)?;
    if !(0xd800..0xdc00).contains(&high) {
        return Some((char::from_u32(high)?, rest));
    }
    let (low, rest) = unit(rest.strip_prefix("\\u")?)?;
    let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    let character = char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + low)?;
    Some((character, rest))
}

fn unit(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::JsonString;

    #[test]
    fn says_what_the_escapes_mean() {
        let cases: &[(&str, Option<&str>)] = &[
            (r"", Some("")),
            (r"\u006dethod", Some("method")),
            (r#"a\"\\\/\b\f\n\r\tz"#, Some("a\"\\/\u{8}\u{c}\n\r\tz")),
            (r"\ud83d\ude00!", Some("😀!")),
            (r"\uD83D\uDE00", Some("😀")),
            (r"\u0000", Some("\0")),
            (r"\ud83d", None),
            (r"\ude00", None),
            (r"\ud83dx", None),
            (r"\ud83d\n", None),
            (r"\ud83d\u0041", None),
            (r"\ud83d\ud83d", None),
        ];
        for (raw, value) in cases {
            let string = JsonString { raw, escaped: true };
            assert_eq!(string.value().as_deref(), *value, "{raw}");
        }
    }
}

//! Words as HAProxy reads them: quoted where they must be, and escaped in formats and patterns.

pub(super) use crate::spelling::{escaped, time};

/// One argument, in quotes where HAProxy would end it early or read something into it.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:~%+=@*".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\"'\"'"))
    }
}

/// A text that a log format gives as it is.
pub(super) fn literal(text: &str) -> String {
    text.replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(quoted("/weather"), "/weather");
        assert_eq!(quoted("/a b#$"), "'/a b#$'");
        assert_eq!(quoted("it's"), "'it'\"'\"'s'");
        assert_eq!(literal("/100%"), "/100%%");
    }
}

//! Words as HAProxy reads them: quoted where they must be, and escaped in formats and patterns.

use std::time::Duration;

/// One argument, in quotes where HAProxy would end it early or read something into it.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:~%+=@*".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\"'\"'"))
    }
}

/// A text that a pattern matches as it is.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// A text that a log format gives as it is.
pub(super) fn literal(text: &str) -> String {
    text.replace('%', "%%")
}

/// A time as HAProxy reads it.
pub(super) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match duration.subsec_millis() {
        0 if seconds > 0 && seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        0 if seconds > 0 && seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        0 => format!("{seconds}s"),
        _ => format!("{}ms", duration.as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_times() {
        assert_eq!(quoted("/weather"), "/weather");
        assert_eq!(quoted("/a b#$"), "'/a b#$'");
        assert_eq!(quoted("it's"), "'it'\"'\"'s'");
        assert_eq!(escaped("/a.b"), "/a\\.b");
        assert_eq!(literal("/100%"), "/100%%");
        assert_eq!(time(Duration::from_secs(7200)), "2h");
        assert_eq!(time(Duration::from_secs(75)), "75s");
        assert_eq!(time(Duration::from_millis(250)), "250ms");
    }
}

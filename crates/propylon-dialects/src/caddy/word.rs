//! Words as a Caddyfile has them: quoted where they must be.

/// One token, in quotes where Caddy would end it early or read something into it.
pub(super) fn quoted(text: &str) -> String {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:~%+=@&,*!^|()[]?$\\".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else if text.contains('`') {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        format!("`{text}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_quoted_where_they_must_be() {
        assert_eq!(quoted("^/a\\.b/(.*)$"), "^/a\\.b/(.*)$");
        assert_eq!(quoted("a b"), "`a b`");
        assert_eq!(quoted("{x}#"), "`{x}#`");
        assert_eq!(quoted("`\"\\"), "\"`\\\"\\\\\"");
        assert_eq!(quoted(""), "``");
    }
}

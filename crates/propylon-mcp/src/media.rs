//! Content types, as far as MCP tells them apart.

/// Whether a `Content-Type` is `text/event-stream`, with or without parameters.
pub fn is_event_stream(content_type: &[u8]) -> bool {
    essence(content_type).eq_ignore_ascii_case(b"text/event-stream")
}

/// Whether a `Content-Type` is `application/json`, with or without parameters.
pub fn is_json(content_type: &[u8]) -> bool {
    essence(content_type).eq_ignore_ascii_case(b"application/json")
}

/// Whether a `Content-Type` is a page for people.
pub fn is_html(content_type: &[u8]) -> bool {
    essence(content_type).eq_ignore_ascii_case(b"text/html")
}

/// Whether an `Accept` allows `text/event-stream`, by name or by range, after RFC 9110 12.5.1: the most specific range
/// that matches decides, and `q=0` refuses.
///
/// An empty value allows nothing. That a request without the header allows everything is the caller's to know.
pub fn accepts_event_stream(accept: &[u8]) -> bool {
    let mut best: Option<(u8, bool)> = None;
    for range in split_outside_quotes(accept, b',') {
        let precedence = match essence(range) {
            name if name.eq_ignore_ascii_case(b"text/event-stream") => 2,
            name if name.eq_ignore_ascii_case(b"text/*") => 1,
            b"*/*" => 0,
            _ => continue,
        };
        let allowed = !is_refused(range);
        best = match best {
            Some((known, _)) if known > precedence => best,
            Some((known, before)) if known == precedence => Some((known, before || allowed)),
            _ => Some((precedence, allowed)),
        };
    }
    best.is_some_and(|(_, allowed)| allowed)
}

/// The type and subtype, without parameters or white space around them.
fn essence(value: &[u8]) -> &[u8] {
    value
        .split(|&byte| byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii()
}

/// Whether a range has a weight of zero: `q=0`, `q=0.0` up to three zeros.
fn is_refused(range: &[u8]) -> bool {
    split_outside_quotes(range, b';').skip(1).any(|parameter| {
        let mut halves = parameter.splitn(2, |&byte| byte == b'=');
        let name = halves.next().unwrap_or_default().trim_ascii();
        let value = halves.next().unwrap_or_default().trim_ascii();
        let is_zero =
            value.first() == Some(&b'0') && value.iter().all(|byte| matches!(byte, b'0' | b'.'));
        name.eq_ignore_ascii_case(b"q") && is_zero
    })
}

/// Splits at `separator`, but not inside a quoted string, where it is data.
fn split_outside_quotes(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    value.split(move |&byte| {
        let was_escaped = std::mem::take(&mut escaped);
        match byte {
            b'\\' if quoted => escaped = !was_escaped,
            b'"' if !was_escaped => quoted = !quoted,
            _ => return byte == separator && !quoted,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::{accepts_event_stream, is_event_stream, is_json};

    #[test]
    fn names_content_types() {
        let cases: &[(&str, bool, bool)] = &[
            ("text/event-stream", true, false),
            ("Text/Event-Stream; charset=utf-8", true, false),
            (" text/event-stream ;x", true, false),
            ("text/event-streams", false, false),
            ("application/json", false, true),
            ("APPLICATION/JSON;charset=\"utf-8\"", false, true),
            ("application/json-rpc", false, false),
            ("application/problem+json", false, false),
            ("", false, false),
        ];
        for (value, stream, json) in cases {
            assert_eq!(is_event_stream(value.as_bytes()), *stream, "{value}");
            assert_eq!(is_json(value.as_bytes()), *json, "{value}");
        }
    }

    #[test]
    fn reads_accept() {
        let cases: &[(&str, bool)] = &[
            ("application/json, text/event-stream", true),
            ("application/json,TEXT/EVENT-STREAM;q=0.1", true),
            ("application/json", false),
            ("", false),
            ("*/*", true),
            ("text/*;q=0.5", true),
            ("text/event-stream;q=0", false),
            ("text/event-stream; Q=0.000, */*", false),
            ("text/event-stream;q=0.001", true),
            ("*/*;q=0, text/event-stream", true),
            ("text/event-stream, */*;q=0", true),
            ("text/*;q=0, */*", false),
            ("application/*", false),
            ("text/event-stream;v=\"a,b;q=0\"", true),
            ("text/html;v=\"x, text/event-stream\"", false),
            ("text/html;v=\"\\\", text/event-stream\"", false),
            (", ,text/event-stream,", true),
        ];
        for (value, accepted) in cases {
            assert_eq!(accepts_event_stream(value.as_bytes()), *accepted, "{value}");
        }
    }
}

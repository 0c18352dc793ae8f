//! The head of a response: its lines in the order and spelling in which they came.

use std::time::Instant;

use super::trouble::Trouble;

/// Most bytes of a response head.
pub(crate) const HEAD_BYTES_MAX: usize = 512 << 10;

/// A response head.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Name and value of each line, in order.
    pub(crate) lines: Vec<(String, Vec<u8>)>,
    /// When its last byte had come.
    pub(crate) at: Instant,
}

impl Head {
    /// The first value of a header; bytes over 127 become the character of the same number.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.all(name).next()
    }

    /// The values of a header, one for each line.
    pub(crate) fn all<'head>(
        &'head self,
        name: &'head str,
    ) -> impl Iterator<Item = String> + 'head {
        self.lines
            .iter()
            .filter(move |(each, _)| each.eq_ignore_ascii_case(name))
            .map(|(_, value)| latin(value))
    }

    /// The lower-case elements of a comma-separated header.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        self.all(name)
            .flat_map(|value| {
                value
                    .split(',')
                    .map(|element| element.trim().to_ascii_lowercase())
                    .collect::<Vec<_>>()
            })
            .filter(|element| !element.is_empty())
            .collect()
    }

    /// Whether the body is an event stream.
    pub(crate) fn is_event_stream(&self) -> bool {
        self.get("content-type")
            .is_some_and(|value| propylon_mcp::media::is_event_stream(value.as_bytes()))
    }

    /// Whether the body is JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.get("content-type")
            .is_some_and(|value| propylon_mcp::media::is_json(value.as_bytes()))
    }

    /// The name of the probe's instance that answered; without it something in front of the probe did.
    pub(crate) fn instance(&self) -> Option<String> {
        self.get("probe-instance")
    }

    /// Status, media type and server, for a person.
    pub(crate) fn describe(&self) -> String {
        let kind = self.get("content-type").unwrap_or_else(|| "no type".into());
        match self.get("server") {
            Some(server) => format!("HTTP {} ({kind}, Server: {server})", self.status),
            None => format!("HTTP {} ({kind})", self.status),
        }
    }
}

/// Reads a head from the start of `bytes`, and how many bytes it took; `None` until it is whole.
pub(crate) fn parse(bytes: &[u8], at: Instant) -> Result<Option<(Head, usize)>, Trouble> {
    let Some(end) = end_of_head(bytes) else {
        if bytes.len() > HEAD_BYTES_MAX {
            return Err(Trouble::Malformed(format!(
                "a head over {HEAD_BYTES_MAX} bytes"
            )));
        }
        return Ok(None);
    };
    let text = bytes.get(..end).unwrap_or_default();
    let mut lines = text
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = latin(lines.next().unwrap_or_default());
    let malformed = || {
        Trouble::Malformed(format!(
            "it begins with {:?}",
            first.chars().take(60).collect::<String>()
        ))
    };
    let mut words = first.splitn(3, ' ');
    words
        .next()
        .filter(|word| word.starts_with("HTTP/1."))
        .ok_or_else(malformed)?;
    let status = words
        .next()
        .and_then(|word| word.parse().ok())
        .ok_or_else(malformed)?;
    let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Err(Trouble::Malformed(format!(
                "the header line {:?}",
                latin(line)
            )));
        };
        let (name, value) = line.split_at_checked(colon).unwrap_or_default();
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        fields.push((latin(name), value.to_vec()));
    }
    let head = Head {
        status,
        lines: fields,
        at,
    };
    Ok(Some((head, end)))
}

/// Where the empty line after the head ends.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut line_start = 0;
    while let Some(length) = bytes
        .get(line_start..)?
        .iter()
        .position(|byte| *byte == b'\n')
    {
        let line = bytes.get(line_start..line_start + length)?;
        line_start += length + 1;
        if matches!(line, b"" | b"\r") {
            return Some(line_start);
        }
    }
    None
}

/// Bytes as text, each byte the character of its number.
pub(crate) fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::parse;

    #[test]
    fn lines_keep_their_order_and_spelling() {
        let text = b"HTTP/1.1 200 OK\r\nX-a: 1\r\nx-A:  2 \r\nB:\r\n\r\nrest";
        let (head, taken) = parse(text, Instant::now()).unwrap().unwrap();
        assert_eq!((head.status, taken), (200, text.len() - 4));
        assert_eq!(head.lines[0], ("X-a".into(), b"1".to_vec()));
        assert_eq!(head.all("X-A").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(head.get("b").as_deref(), Some(""));
        assert_eq!(head.get("c"), None);
    }

    #[test]
    fn a_head_is_nothing_until_its_empty_line() {
        let text = b"HTTP/1.1 204 No Content\r\nA: b\r\n\r\n";
        for end in 0..text.len() {
            assert!(
                parse(&text[..end], Instant::now()).unwrap().is_none(),
                "{end}"
            );
        }
        assert!(parse(text, Instant::now()).unwrap().is_some());
    }

    #[test]
    fn what_is_not_http_is_said() {
        for bad in [
            &b"SSH-2.0-x\r\n\r\n"[..],
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        ] {
            assert!(parse(bad, Instant::now()).is_err());
        }
    }

    #[test]
    fn lists_are_split() {
        let (head, _) = parse(
            b"HTTP/1.1 200 OK\r\nAllow: GET, POST\r\nallow: ,DELETE\r\n\r\n",
            Instant::now(),
        )
        .unwrap()
        .unwrap();
        assert_eq!(head.list("Allow"), ["get", "post", "delete"]);
    }
}

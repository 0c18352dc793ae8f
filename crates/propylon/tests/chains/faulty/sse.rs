//! What the relay knows of an event stream's bytes: whether it stands between two events, and how to thin it out.

/// Follows the end of what was sent.
#[derive(Default)]
pub(super) struct Boundary {
    tail: Vec<u8>,
}

impl Boundary {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        let excess = self.tail.len().saturating_sub(4);
        self.tail.drain(..excess);
    }

    /// Nothing was sent, or the last event is complete.
    pub(super) fn is_between_events(&self) -> bool {
        let ends = |end: &[u8]| self.tail.ends_with(end);
        self.tail.is_empty() || ends(b"\n\n") || ends(b"\r\n\r\n") || ends(b"\r\r")
    }
}

/// Keeps the whole lines that `keep` takes, and leaves what is not a whole line yet in `pending`.
pub(super) fn kept_lines(
    pending: &mut Vec<u8>,
    bytes: &[u8],
    keep: impl Fn(&[u8]) -> bool,
) -> Vec<u8> {
    pending.extend_from_slice(bytes);
    let Some(end) = pending.iter().rposition(|&byte| byte == b'\n') else {
        return Vec::new();
    };
    let lines: Vec<u8> = pending.drain(..=end).collect();
    lines
        .split_inclusive(|&byte| byte == b'\n')
        .filter(|line| keep(line))
        .flatten()
        .copied()
        .collect()
}

/// The ids of the events in `bytes`.
pub(super) fn ids(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines()
        .filter_map(|line| Some(line.strip_prefix("id: ")?.to_owned()))
        .collect()
}

/// Puts a comment after the first line of each event that has more.
pub(super) fn split_events(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let mut first = true;
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        out.extend_from_slice(line);
        let is_blank = line.trim_ascii().is_empty();
        let has_more = lines
            .peek()
            .is_some_and(|next| !next.trim_ascii().is_empty());
        if first && !is_blank && has_more {
            out.extend_from_slice(b":\n");
        }
        first = is_blank;
    }
    out
}

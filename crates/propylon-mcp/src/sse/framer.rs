//! Follows an event stream byte by byte, just closely enough to know where its events end.

use memchr::memchr2;

/// Where the stream stands after the bytes that were pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// Whether the stream is between events: a comment may be put in here, and an end here cuts nothing off.
    pub between_events: bool,
    /// Events completed by these bytes: blocks with at least one `data` line, which are those a client dispatches.
    pub events_completed: usize,
}

/// Keeps the few bytes of state it takes to find event boundaries in a stream that is split anywhere.
#[derive(Clone, Debug, Default)]
pub struct Framer {
    line: Line,
    last: Last,
    uses_crlf: bool,
    has_fields: bool,
    has_data: bool,
    /// A comment or an event of ours stands before the first byte.
    is_preceded: bool,
}

/// How much of the current line was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    /// Nothing of the stream yet: a byte order mark may come.
    #[default]
    Stream,
    /// So many bytes of a byte order mark.
    Mark(u8),
    Start,
    /// So many bytes of `data`.
    Data(u8),
    DataField,
    OtherField,
    Comment,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    CarriageReturn,
    #[default]
    Other,
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const DATA: &[u8] = b"data";

impl Framer {
    /// A framer at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) -> Boundary {
        let mut events_completed = 0;
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            if matches!(
                self.line,
                Line::DataField | Line::OtherField | Line::Comment
            ) {
                let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                if end > 0 {
                    self.last = Last::Other;
                    rest = rest.get(end..).unwrap_or_default();
                    continue;
                }
            }
            events_completed += usize::from(self.take(byte));
            rest = after;
        }
        Boundary {
            between_events: self.is_between_events(),
            events_completed,
        }
    }

    /// Whether the stream is between events now; true before its first byte.
    ///
    /// A blank line that ends in CR may have its LF still to come. A parser would not mind a comment in between, but
    /// clients that look for the text `\r\n\r\n` would, so behind a CR this is never true.
    pub fn is_between_events(&self) -> bool {
        let half_a_line_end = self.last == Last::CarriageReturn;
        matches!(self.line, Line::Stream | Line::Start) && !self.has_fields && !half_a_line_end
    }

    /// The comment to put into the stream at this place, if one may stand here: between events, and with the stream's
    /// own line ends, since there are clients that look for the text between two events.
    pub fn comment(&mut self) -> Option<&'static [u8]> {
        let comment: &[u8] = if self.uses_crlf {
            b": keepalive\r\n\r\n"
        } else {
            b": keepalive\n\n"
        };
        self.make_room().then_some(comment)
    }

    /// Whether a comment or an event may be put in at this place, which the caller then does.
    pub fn make_room(&mut self) -> bool {
        let has_room = self.is_between_events();
        self.is_preceded |= has_room && self.line == Line::Stream;
        has_room
    }

    /// How the stream ends its lines, as far as it has shown.
    pub const fn line_end(&self) -> &'static str {
        if self.uses_crlf { "\r\n" } else { "\n" }
    }

    /// After how many of `bytes`, the next of the stream, a line feed must be put in.
    ///
    /// A byte order mark counts as one only at the very start of a stream. Behind a comment of ours it would become part
    /// of the first field's name, and its event would be lost; on a line of its own it is a field nobody knows.
    pub fn mark_to_end(&self, bytes: &[u8]) -> Option<usize> {
        let seen = match self.line {
            Line::Stream => 0,
            Line::Mark(seen) => usize::from(seen),
            _ => return None,
        };
        let rest = BYTE_ORDER_MARK.get(seen..).unwrap_or_default();
        let is_whole = self.is_preceded && !rest.is_empty() && bytes.starts_with(rest);
        is_whole.then_some(rest.len())
    }

    /// Takes one byte; true if it completed an event.
    fn take(&mut self, byte: u8) -> bool {
        let after_cr = std::mem::take(&mut self.last) == Last::CarriageReturn;
        match byte {
            b'\n' if after_cr => {
                self.uses_crlf = true;
                false
            }
            b'\n' => self.end_line(),
            b'\r' => {
                self.last = Last::CarriageReturn;
                self.end_line()
            }
            _ => {
                self.line = self.line.with(byte);
                false
            }
        }
    }

    fn end_line(&mut self) -> bool {
        let line = std::mem::replace(&mut self.line, Line::Start);
        match line {
            Line::Stream | Line::Mark(3) | Line::Start => {
                self.has_fields = false;
                std::mem::take(&mut self.has_data)
            }
            Line::Comment => false,
            // A line without a colon is a field with an empty value.
            Line::Data(4) | Line::DataField => {
                self.has_fields = true;
                self.has_data = true;
                false
            }
            Line::Mark(_) | Line::Data(_) | Line::OtherField => {
                self.has_fields = true;
                false
            }
        }
    }
}

impl Line {
    /// The line with one more byte, which ends no line.
    fn with(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Stream, _) if BYTE_ORDER_MARK.first() == Some(&byte) => Self::Mark(1),
            (Self::Mark(seen @ 1..=2), _) => {
                let expected = BYTE_ORDER_MARK.get(usize::from(seen)) == Some(&byte);
                if expected {
                    Self::Mark(seen + 1)
                } else {
                    Self::OtherField
                }
            }
            (Self::Stream | Self::Mark(_) | Self::Start, b':') => Self::Comment,
            (Self::Stream | Self::Mark(_) | Self::Start, b'd') => Self::Data(1),
            (Self::Stream | Self::Mark(_) | Self::Start, _) => Self::OtherField,
            (Self::Data(4), b':') => Self::DataField,
            (Self::Data(seen), _) if DATA.get(usize::from(seen)) == Some(&byte) => {
                Self::Data(seen + 1)
            }
            (Self::Data(_), _) => Self::OtherField,
            (Self::DataField | Self::OtherField | Self::Comment, _) => self,
        }
    }
}

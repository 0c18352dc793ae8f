//! The header lines of a head, kept as offsets into the bytes they came in.

use super::field::{Field, elements};

/// One header line: where it stands in the head, and which field it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) field: Field,
    start: u32,
    name_end: u32,
    value_start: u32,
    value_end: u32,
    end: u32,
}

/// The header lines of one head, in the order they came.
///
/// Every accessor takes the bytes of the head that the lines were read from.
#[derive(Debug, Default)]
pub(crate) struct Lines(Vec<Line>);

impl Line {
    /// The name as it was sent.
    pub(crate) fn name(self, head: &[u8]) -> &[u8] {
        slice(head, self.start, self.name_end)
    }

    /// The value as it was sent, without the white space around it.
    pub(crate) fn value(self, head: &[u8]) -> &[u8] {
        slice(head, self.value_start, self.value_end)
    }

    /// Whether `next` begins where this line ends.
    pub(crate) fn touches(self, next: Self) -> bool {
        self.end == next.start
    }

    /// The bytes from the start of this line to the end of `last`.
    pub(crate) fn run_to(self, last: Self, head: &[u8]) -> &[u8] {
        slice(head, self.start, last.end)
    }
}

impl Lines {
    /// Takes the place of each header in `head`, out of which they were parsed.
    pub(crate) fn locate(head: &[u8], headers: &[httparse::Header<'_>]) -> Self {
        let base = head.as_ptr() as usize;
        let offset = |part: &[u8]| (part.as_ptr() as usize).saturating_sub(base);
        let mut lines = Vec::with_capacity(headers.len());
        for header in headers {
            let name = header.name.as_bytes();
            let start = offset(name);
            let value_start = if header.value.is_empty() {
                start + name.len() + 1
            } else {
                offset(header.value)
            };
            let value_end = value_start + header.value.len();
            let rest = head.get(value_end..).unwrap_or_default();
            let end = memchr::memchr(b'\n', rest).map_or(head.len(), |at| value_end + at + 1);
            lines.push(Line {
                field: Field::of(name),
                start: narrow(start),
                name_end: narrow(start + name.len()),
                value_start: narrow(value_start),
                value_end: narrow(value_end),
                end: narrow(end),
            });
        }
        Self(lines)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Line> + '_ {
        self.0.iter().copied()
    }

    /// The value of the first line of `field`.
    pub(crate) fn first<'h>(&self, head: &'h [u8], field: Field) -> Option<&'h [u8]> {
        self.all(head, field).next()
    }

    /// The values of every line of `field`, in order.
    pub(crate) fn all<'h>(&self, head: &'h [u8], field: Field) -> impl Iterator<Item = &'h [u8]> {
        self.0
            .iter()
            .filter(move |line| line.field == field)
            .map(move |line| line.value(head))
    }

    /// The values of every line whose name is these two parts, in any case.
    pub(crate) fn named<'h>(
        &self,
        head: &'h [u8],
        (prefix, rest): (&str, &str),
    ) -> impl Iterator<Item = &'h [u8]> {
        let is_named = move |name: &[u8]| {
            let parts = name.split_at_checked(prefix.len());
            parts.is_some_and(|(start, end)| {
                start.eq_ignore_ascii_case(prefix.as_bytes())
                    && end.eq_ignore_ascii_case(rest.as_bytes())
            })
        };
        self.0
            .iter()
            .filter(move |line| line.field == Field::Other && is_named(line.name(head)))
            .map(move |line| line.value(head))
    }

    pub(crate) fn has(&self, field: Field) -> bool {
        self.0.iter().any(|line| line.field == field)
    }

    /// Whether one of the lines of `field` lists `token`, whatever its case.
    pub(crate) fn lists(&self, head: &[u8], field: Field, token: &str) -> bool {
        self.all(head, field)
            .flat_map(elements)
            .any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }
}

/// Heads are bounded far below 4 GiB by `limits.header_bytes`.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

fn slice(head: &[u8], start: u32, end: u32) -> &[u8] {
    head.get(start as usize..end as usize).unwrap_or_default()
}

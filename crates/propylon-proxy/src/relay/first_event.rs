//! The first event of a stream, held back until it is known whether it is the `endpoint` event of HTTP with SSE.

use std::ops::Range;

/// The bytes of a stream up to the end of its first event. An idle stream holds none.
#[derive(Debug, Default)]
pub(crate) struct FirstEvent {
    held: Vec<u8>,
    is_past_start: bool,
}

/// What is known of the bytes held.
#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    /// It may still be an `endpoint` event; so many bytes before it have no part in it.
    Open(usize),
    /// It is none.
    Other,
    /// It is one, and this is its data.
    Endpoint(Range<usize>),
}

/// An address is short. What is longer is passed on as it is.
const HELD_BYTES_MAX: usize = 4 * 1024;

impl FirstEvent {
    /// Takes the next bytes and puts what may go on into `out`; true once the first event has gone on.
    /// `rewrite` is given the address an `endpoint` event announces, and says what it should be.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<u8>,
        rewrite: impl FnOnce(&str) -> Option<String>,
    ) -> bool {
        self.held.extend_from_slice(bytes);
        match judge(&self.held, !self.is_past_start) {
            Judgement::Open(before) if self.held.len() - before <= HELD_BYTES_MAX => {
                out.extend(self.held.drain(..before));
                self.is_past_start |= before > 0;
                return false;
            }
            Judgement::Open(_) | Judgement::Other => out.append(&mut self.held),
            Judgement::Endpoint(data) => {
                let value = self.held.get(data.clone()).unwrap_or_default();
                let instead = std::str::from_utf8(value).ok().and_then(rewrite);
                if let Some(instead) = instead {
                    self.held.splice(data, instead.into_bytes());
                }
                out.append(&mut self.held);
            }
        }
        self.held = Vec::new();
        true
    }

    /// Whether any bytes wait.
    pub(crate) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Gives up what is held: the stream ends here.
    pub(crate) fn release(self) -> Vec<u8> {
        self.held
    }
}

/// Reads lines until it is clear what the first event is. A block without data is none (WHATWG HTML,
/// 9.2.6).
fn judge(held: &[u8], is_start: bool) -> Judgement {
    let mark = if is_start { "\u{feff}".as_bytes() } else { &[] };
    let mut rest = match held.strip_prefix(mark) {
        Some(rest) => rest,
        None if mark.starts_with(held) => return Judgement::Open(0),
        None => held,
    };
    let (mut before, mut is_endpoint, mut data) = (0, false, None);
    loop {
        let at = held.len() - rest.len();
        let end = memchr::memchr2(b'\n', b'\r', rest);
        let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
        let value_at = |name: &[u8]| {
            let value = line.strip_prefix(name)?.strip_prefix(b":")?;
            let value = value.strip_prefix(b" ").unwrap_or(value);
            Some(at + line.len() - value.len()..at + line.len())
        };
        if let Some(value) = value_at(b"data") {
            // Every other first event is a message, and need not be whole to be told.
            let is_message = matches!(held.get(value.start), Some(b'{' | b'['));
            if is_message || data.is_some() {
                return Judgement::Other;
            }
            data = Some(value);
        } else if let Some(event) = value_at(b"event") {
            is_endpoint = held.get(event) == Some(b"endpoint");
            if !is_endpoint && end.is_some() {
                return Judgement::Other;
            }
        }
        if end.is_none() {
            return Judgement::Open(before);
        }
        rest = after
            .strip_prefix(b"\r\n")
            .unwrap_or(after.get(1..).unwrap_or_default());
        let is_comment = line.starts_with(b":");
        let is_block_open = is_endpoint || data.is_some();
        if line.is_empty() {
            match (is_endpoint, data.take()) {
                (true, Some(data)) => return Judgement::Endpoint(data),
                (false, Some(_)) => return Judgement::Other,
                (_, None) => is_endpoint = false,
            }
        }
        if line.is_empty() || is_comment && !is_block_open {
            before = held.len() - rest.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What goes on of a stream that comes in these pieces, and the address it announced.
    fn pass(pieces: &[&[u8]]) -> (String, Option<String>) {
        let mut first = Some(FirstEvent::default());
        let (mut out, mut announced) = (Vec::new(), None);
        for piece in pieces {
            let Some(held) = &mut first else {
                out.extend_from_slice(piece);
                continue;
            };
            let rewrite = |value: &str| {
                announced = Some(value.to_owned());
                Some(format!("/outside{value}"))
            };
            if held.take(piece, &mut out, rewrite) {
                first = None;
            }
        }
        out.extend(first.map(FirstEvent::release).unwrap_or_default());
        (String::from_utf8_lossy(&out).into_owned(), announced)
    }

    const CASES: &[(&str, Option<&str>)] = &[
        (
            "event: endpoint\ndata: /m?s=1\n\ndata: {}\n\n",
            Some("/m?s=1"),
        ),
        (
            "event:endpoint\r\ndata:/m\r\n\r\nevent: endpoint\r\ndata: /x\r\n\r\n",
            Some("/m"),
        ),
        (
            "\u{feff}: hello\n\nretry: 5\n\ndata: /m\nevent: endpoint\nid: 1\n\n",
            Some("/m"),
        ),
        ("event: endpoint\n: within\ndata: /m\n\n", Some("/m")),
        ("event: endpoint\rdata: /m\r\r", Some("/m")),
        ("event: endpoint\n\ndata: x\n\n", None),
        ("event: endpoint\ndata: /m\n", None),
        ("event: endpoint\ndata: /m\ndata: n\n\n", None),
        ("event: endpoints\ndata: /m\n\n", None),
        ("event: message\nid: 1\ndata: {\"a\":1}\n\n", None),
        ("data: /m\n\nevent: endpoint\ndata: /m\n\n", None),
        ("id: 1\ndata: \n\nevent: endpoint\ndata: /m\n\n", None),
        ("\u{feff}", None),
        ("", None),
    ];

    fn expected(stream: &str, address: Option<&str>) -> String {
        match address {
            Some(address) => stream.replacen(address, &format!("/outside{address}"), 1),
            None => stream.to_owned(),
        }
    }

    #[test]
    fn only_an_endpoint_event_is_touched() {
        for (stream, address) in CASES {
            let (out, announced) = pass(&[stream.as_bytes()]);
            assert_eq!(announced.as_deref(), *address, "{stream:?}");
            assert_eq!(out, expected(stream, *address), "{stream:?}");
        }
    }

    #[test]
    fn what_has_no_part_in_it_is_not_held() {
        let mut first = FirstEvent::default();
        let mut out = Vec::new();
        for (piece, passed) in [
            (": hel", ""),
            ("lo\n\n: x\nev", ": hello\n\n: x\n"),
            ("ent: endpoint\n: y\n", ""),
        ] {
            out.clear();
            assert!(!first.take(piece.as_bytes(), &mut out, |_| None));
            assert_eq!(String::from_utf8_lossy(&out), passed, "{piece:?}");
        }
        let mut first = FirstEvent::default();
        assert!(
            first.take(b"data: {\"half\"", &mut out, |_| None),
            "a message"
        );
        let mut first = FirstEvent::default();
        let long = [b"data: ", "x".repeat(HELD_BYTES_MAX).as_bytes()].concat();
        assert!(
            first.take(&long, &mut out, |_| None),
            "too long for an address"
        );
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same(
            case in 0..CASES.len(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let (stream, address) = CASES[case];
            let bytes = stream.as_bytes();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let (out, announced) = pass(&pieces);
            prop_assert_eq!(announced.as_deref(), address);
            prop_assert_eq!(out, expected(stream, address));
        }

        #[test]
        fn noise_passes_whole(noise in "(event|data|endpoint|:| |/m|\n|\r|\\{)*") {
            let mut first = FirstEvent::default();
            let mut out = Vec::new();
            for byte in noise.bytes() {
                if first.take(&[byte], &mut out, |_| None) {
                    first = FirstEvent::default();
                }
            }
            out.extend(first.release());
            prop_assert_eq!(String::from_utf8(out).unwrap(), noise);
        }
    }
}

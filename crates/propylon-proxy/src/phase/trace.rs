//! The trace a request belongs to (W3C Trace Context): taken up, with the proxy's own span as the parent that goes on.

use std::io::Write as _;

use crate::http1::field::Field;
use crate::http1::head::RequestHead;

/// A request's place in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trace {
    /// Lower-case hex.
    trace_id: [u8; 32],
    /// The proxy's own span; never zero.
    span_id: u64,
    /// Lower-case hex, the last bit for "sampled".
    flags: [u8; 2],
    /// What came could not be read: the trace begins here, and `tracestate` is another's.
    pub(crate) is_new: bool,
}

/// Two numbers that no other request has, from which ids are made.
pub(crate) type Fresh = (u64, u64);

impl Trace {
    /// Takes the trace up that a request names. One that names none belongs to none, and gets none: nobody asked.
    pub(crate) fn of(request: &RequestHead, fresh: impl FnOnce() -> Fresh) -> Option<Self> {
        let mut parents = request.lines.all(request.head(), Field::Traceparent);
        let parent = parents.next()?;
        let told = parents.next().is_none().then(|| parse(parent)).flatten();
        let (high, low) = fresh();
        let span_id = (high ^ low.rotate_left(32)).max(1);
        Some(match told {
            Some((trace_id, flags)) => Self {
                trace_id,
                span_id,
                flags,
                is_new: false,
            },
            None => {
                let mut trace_id = [b'0'; 32];
                // Thirty-two digits always fit.
                let _ = write!(&mut trace_id[..], "{high:016x}{:016x}", low.max(1));
                Self {
                    trace_id,
                    span_id,
                    flags: *b"00",
                    is_new: true,
                }
            }
        })
    }

    /// The id of the trace, in hex.
    pub(crate) fn id(&self) -> &str {
        std::str::from_utf8(&self.trace_id).unwrap_or_default()
    }

    /// Writes the line that makes the proxy's span the parent.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let flags = std::str::from_utf8(&self.flags).unwrap_or("00");
        // Writing to a Vec cannot fail.
        let _ = write!(
            out,
            "traceparent: 00-{}-{:016x}-{flags}\r\n",
            self.id(),
            self.span_id
        );
    }
}

/// Trace id and flags of a `traceparent` (W3C Trace Context, 3.2.2). A version to come may say more behind the flags.
fn parse(value: &[u8]) -> Option<([u8; 32], [u8; 2])> {
    let (known, rest) = value.split_at_checked(55)?;
    let mut fields = known.split(|byte| *byte == b'-');
    let (version, trace, parent, flags) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    let is_hex = |field: &[u8]| {
        field
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_zero = |field: &[u8]| field.iter().all(|byte| *byte == b'0');
    let shaped = fields.next().is_none()
        && [version, trace, parent, flags].into_iter().all(is_hex)
        && parent.len() == 16
        && !is_zero(trace)
        && !is_zero(parent)
        && version != b"ff"
        && (rest.is_empty() || version != b"00" && rest.starts_with(b"-"));
    let (trace, flags, _) = (
        trace.try_into().ok()?,
        flags.try_into().ok()?,
        shaped.then_some(())?,
    );
    Some((trace, flags))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::head::HeadLimits;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn written(lines: &str) -> Option<(String, bool)> {
        let limits = HeadLimits {
            bytes_max: 4096,
            count_max: 8,
        };
        let text = format!("GET / HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
        let request = RequestHead::parse(&mut text.into_bytes(), limits)
            .unwrap()
            .unwrap();
        let trace = Trace::of(&request, || (1, 2))?;
        let mut out = Vec::new();
        trace.write(&mut out);
        Some((String::from_utf8(out).unwrap(), trace.is_new))
    }

    #[test]
    fn a_trace_goes_on_under_our_span() {
        for (version, flags, more) in [("00", "01", ""), ("00", "00", ""), ("cc", "01", "-x")] {
            let sent = format!("traceparent: {version}-{TRACE}-00f067aa0ba902b7-{flags}{more}\r\n");
            let expected = format!("traceparent: 00-{TRACE}-0000000200000001-{flags}\r\n");
            assert_eq!(written(&sent), Some((expected, false)), "{sent}");
        }
        assert_eq!(written("tracestate: a=1\r\n"), None);
    }

    #[test]
    fn what_cannot_be_read_begins_a_trace() {
        let parent = "00f067aa0ba902b7";
        let zeros = "0".repeat(32);
        for value in [
            String::new(),
            "x".into(),
            format!("00-{TRACE}-{parent}"),
            format!("00-{TRACE}-{parent}-01-x"),
            format!("ff-{TRACE}-{parent}-01"),
            format!("00-{}-{parent}-01", TRACE.to_uppercase()),
            format!("00-{zeros}-{parent}-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{TRACE}-{parent}-01\r\ntraceparent: 00-{TRACE}-{parent}-01"),
        ] {
            let fresh = "traceparent: 00-00000000000000010000000000000002-0000000200000001-00\r\n";
            assert_eq!(
                written(&format!("traceparent: {value}\r\n")),
                Some((fresh.into(), true)),
                "{value}"
            );
        }
    }
}

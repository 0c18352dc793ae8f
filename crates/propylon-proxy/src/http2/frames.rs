//! What a peer's frames say of its conduct, read from their heads as their bytes pass (RFC 9113, 4.1 and 10.5).

use std::time::{Duration, Instant};

use super::PREFACE;

/// Follows the frames that come in on a connection. Keeps nothing of them.
#[derive(Debug)]
pub(crate) struct FrameWatch {
    state: State,
    allowance: Allowance,
    is_flooding: bool,
    has_begun: bool,
    /// Since when a header block is under way.
    block_since: Option<Instant>,
    last_read: Instant,
}

#[derive(Debug)]
enum State {
    /// Bytes of the preface that are still to come.
    Preface(usize),
    Head {
        bytes: [u8; HEAD_BYTES],
        filled: usize,
    },
    Payload {
        left: usize,
        ends_block: bool,
    },
}

/// How many frames of no use a peer may send: refilled by time, never above one second's worth.
#[derive(Debug)]
struct Allowance {
    units: u64,
    units_a_second: u64,
    refilled: Instant,
}

/// A frame's head, as far as it matters here.
#[derive(Debug, Clone, Copy)]
struct FrameHead {
    length: usize,
    kind: u8,
    flags: u8,
}

const HEAD_BYTES: usize = 9;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// What a frame costs that carries nothing of a message.
const IDLE_UNITS: u64 = 10;
/// A receiver may well answer each frame of data with one of these.
const WINDOW_UPDATE_UNITS: u64 = 1;

impl FrameWatch {
    /// Of a client, which may send that many control frames a second.
    pub(crate) fn of_client(control_frames: u64, now: Instant) -> Self {
        Self::new(State::Preface(PREFACE.len()), control_frames, now)
    }

    /// Of a server, which is trusted with as many as it sends.
    pub(crate) fn of_server(now: Instant) -> Self {
        Self::new(State::head(), u64::MAX / IDLE_UNITS, now)
    }

    fn new(state: State, control_frames: u64, now: Instant) -> Self {
        let units_a_second = control_frames.saturating_mul(IDLE_UNITS);
        Self {
            state,
            allowance: Allowance {
                units: units_a_second,
                units_a_second,
                refilled: now,
            },
            is_flooding: false,
            has_begun: false,
            block_since: None,
            last_read: now,
        }
    }

    /// Whether the peer has sent more frames of no use than it may.
    pub(crate) fn is_flooding(&self) -> bool {
        self.is_flooding
    }

    /// Since when a head has been arriving that is not whole yet.
    pub(crate) fn block_since(&self) -> Option<Instant> {
        self.block_since
    }

    /// Whether a whole frame has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// When the last byte came.
    pub(crate) fn last_read(&self) -> Instant {
        self.last_read
    }

    /// Follows the next bytes.
    pub(crate) fn see(&mut self, mut bytes: &[u8], now: Instant) {
        self.last_read = now;
        while !bytes.is_empty() {
            let taken = match &mut self.state {
                State::Preface(left) => {
                    let taken = bytes.len().min(*left);
                    *left -= taken;
                    if *left == 0 {
                        self.state = State::head();
                    }
                    taken
                }
                State::Head {
                    bytes: head,
                    filled,
                } => {
                    let room = head.get_mut(*filled..).unwrap_or_default();
                    let taken = bytes.len().min(room.len());
                    for (to, from) in room.iter_mut().zip(bytes) {
                        *to = *from;
                    }
                    *filled += taken;
                    if *filled == HEAD_BYTES {
                        let head = FrameHead::of(head);
                        self.begin(head, now);
                    }
                    taken
                }
                State::Payload { left, ends_block } => {
                    let taken = bytes.len().min(*left);
                    *left -= taken;
                    if *left == 0 {
                        let is_whole = *ends_block;
                        self.end(is_whole);
                    }
                    taken
                }
            };
            bytes = bytes.get(taken..).unwrap_or_default();
        }
    }

    fn begin(&mut self, head: FrameHead, now: Instant) {
        self.is_flooding |= !self.allowance.take(head.units(), now);
        let is_block = matches!(head.kind, HEADERS | CONTINUATION);
        if is_block {
            self.block_since.get_or_insert(now);
        }
        let ends_block = is_block && head.flags & END_HEADERS != 0;
        if head.length == 0 {
            self.end(ends_block);
        } else {
            self.state = State::Payload {
                left: head.length,
                ends_block,
            };
        }
    }

    fn end(&mut self, ends_block: bool) {
        self.has_begun = true;
        if ends_block {
            self.block_since = None;
        }
        self.state = State::head();
    }
}

impl State {
    fn head() -> Self {
        Self::Head {
            bytes: [0; HEAD_BYTES],
            filled: 0,
        }
    }
}

impl FrameHead {
    fn of(bytes: &[u8; HEAD_BYTES]) -> Self {
        let [high, middle, low, kind, flags, ..] = *bytes;
        let [high, middle, low] = [high, middle, low].map(usize::from);
        Self {
            length: high << 16 | middle << 8 | low,
            kind,
            flags,
        }
    }

    /// What it costs its sender.
    fn units(self) -> u64 {
        match self.kind {
            DATA if self.length > 0 || self.flags & END_STREAM != 0 => 0,
            HEADERS => 0,
            CONTINUATION if self.length > 0 => 0,
            WINDOW_UPDATE => WINDOW_UPDATE_UNITS,
            _ => IDLE_UNITS,
        }
    }
}

impl Allowance {
    /// Takes units, as long as there are any.
    fn take(&mut self, units: u64, now: Instant) -> bool {
        if units == 0 {
            return true;
        }
        let since = now.saturating_duration_since(self.refilled);
        let earned = refill(self.units_a_second, since);
        if earned > 0 {
            self.units = self.units.saturating_add(earned).min(self.units_a_second);
            self.refilled = now;
        }
        let enough = self.units >= units;
        self.units = self.units.saturating_sub(units);
        enough
    }
}

fn refill(a_second: u64, since: Duration) -> u64 {
    let micros = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
    a_second.saturating_mul(micros) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: u8 = 6;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend_from_slice(&[kind, flags, 0, 0, 0, 1]);
        frame.extend_from_slice(payload);
        frame
    }

    fn watch(limit: u64) -> (FrameWatch, Instant) {
        let now = Instant::now();
        let mut watch = FrameWatch::of_client(limit, now);
        watch.see(PREFACE, now);
        (watch, now)
    }

    #[test]
    fn frames_are_told_apart_wherever_their_bytes_are_split() {
        let mut bytes = frame(DATA, 0, &[b'x'; 300]);
        bytes.extend(frame(PING, 0, &[0; 8]).repeat(11));
        for split in [1, 2, 8, 9, 10, 17, 4096] {
            let (mut watch, now) = watch(10);
            let (last, rest) = bytes.split_last_chunk::<17>().map(|(a, b)| (b, a)).unwrap();
            rest.chunks(split).for_each(|piece| watch.see(piece, now));
            assert!(!watch.is_flooding(), "ten are allowed, split at {split}");
            watch.see(last, now);
            assert!(watch.is_flooding(), "eleven are not, split at {split}");
        }
    }

    #[test]
    fn what_carries_a_message_costs_nothing() {
        let (mut watch, now) = watch(1);
        for _ in 0..100 {
            watch.see(&frame(HEADERS, END_HEADERS, b"..."), now);
            watch.see(&frame(DATA, 0, b"{}"), now);
            watch.see(&frame(DATA, END_STREAM, b""), now);
        }
        assert!(!watch.is_flooding());
        for kind in [DATA, CONTINUATION] {
            watch.see(&frame(kind, 0, b""), now);
        }
        assert!(watch.is_flooding(), "empty ones carry nothing");
    }

    #[test]
    fn time_gives_back_what_was_spent() {
        let (mut watch, now) = watch(10);
        for second in 0..5 {
            let now = now + Duration::from_secs(second);
            watch.see(&frame(PING, 0, &[0; 8]).repeat(10), now);
        }
        assert!(!watch.is_flooding());
        watch.see(
            &frame(WINDOW_UPDATE, 0, &[0; 4]).repeat(100),
            now + Duration::from_secs(6),
        );
        assert!(!watch.is_flooding(), "ten times as many of these");
    }

    #[test]
    fn a_head_is_under_way_until_its_last_byte() {
        let (mut watch, now) = watch(10);
        let later = now + Duration::from_secs(1);
        watch.see(&frame(HEADERS, 0, b"ab"), now);
        assert_eq!(watch.block_since(), Some(now));
        let last = frame(CONTINUATION, END_HEADERS, b"cd");
        let (but_one, one) = last.split_at(last.len() - 1);
        watch.see(but_one, later);
        assert_eq!(watch.block_since(), Some(now));
        watch.see(one, later);
        assert_eq!((watch.block_since(), watch.last_read()), (None, later));
    }
}

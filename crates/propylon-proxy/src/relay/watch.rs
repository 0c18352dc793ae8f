//! Reads an answer as it passes, message by message, for those who learn from it before its client can act on it.

use std::fmt;

use memchr::memmem;
use propylon_mcp::sse::{Item, Parser};

/// A look at an answer on its way. It holds bytes only while a message is incomplete, and no more than its bound.
pub(crate) struct Watch {
    wants: Wants,
    bytes_max: usize,
    pending: Vec<u8>,
    /// The message under way was too long to be kept.
    spoilt: bool,
    hear: Hear,
}

/// What of an answer is told.
#[derive(Clone, Copy, Debug)]
enum Wants {
    /// Each message that contains these bytes.
    Messages {
        needle: &'static [u8],
        is_event_stream: bool,
    },
    /// The first bytes of a body, or all of it.
    Beginning,
}

/// What is told of a message.
type Hear = Box<dyn FnMut(&[u8])>;

/// How far the data brought its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// A message, or an event with one, has been completed by it.
    pub(crate) completed: bool,
    /// Nothing has begun behind it.
    pub(crate) between: bool,
}

impl Progress {
    /// A body is one message, complete at its end.
    pub(crate) const fn of_body(done: bool) -> Self {
        Self {
            completed: done,
            between: done,
        }
    }

    /// A stream has a message in each event.
    pub(crate) const fn of_stream(events_completed: u64, between: bool) -> Self {
        Self {
            completed: events_completed > 0,
            between,
        }
    }
}

impl Watch {
    /// A watch that tells `hear` of each JSON-RPC message that contains `needle` and is not longer than `bytes_max`.
    pub(crate) fn new(
        needle: &'static [u8],
        is_event_stream: bool,
        bytes_max: u64,
        hear: impl FnMut(&[u8]) + 'static,
    ) -> Self {
        let wants = Wants::Messages {
            needle,
            is_event_stream,
        };
        Self::wanting(wants, bytes_max, hear)
    }

    /// A watch that tells `hear` once of the first bytes of a body, no more than `bytes_max`.
    pub(crate) fn of_beginning(bytes_max: u64, hear: impl FnMut(&[u8]) + 'static) -> Self {
        Self::wanting(Wants::Beginning, bytes_max, hear)
    }

    fn wanting(wants: Wants, bytes_max: u64, hear: impl FnMut(&[u8]) + 'static) -> Self {
        Self {
            wants,
            bytes_max: usize::try_from(bytes_max).unwrap_or(usize::MAX),
            pending: Vec::new(),
            spoilt: false,
            hear: Box::new(hear),
        }
    }

    /// Takes the next data of the answer, before it is sent on.
    pub(crate) fn see(&mut self, data: &[u8], progress: Progress) {
        match self.wants {
            Wants::Messages { .. } => self.see_messages(data, progress),
            Wants::Beginning => self.see_beginning(data, progress.completed),
        }
    }

    fn see_beginning(&mut self, data: &[u8], is_end: bool) {
        if self.spoilt {
            return;
        }
        let room = self.bytes_max.saturating_sub(self.pending.len());
        self.pending
            .extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
        if is_end || data.len() >= room {
            self.spoilt = true;
            (self.hear)(&std::mem::take(&mut self.pending));
        }
    }

    fn see_messages(&mut self, data: &[u8], progress: Progress) {
        let Progress { completed, between } = progress;
        if self.pending.is_empty() && between {
            if completed && !self.spoilt {
                self.tell(data);
            }
            self.spoilt = false;
            return;
        }
        if !self.spoilt && self.pending.len() + data.len() > self.bytes_max {
            self.pending = Vec::new();
            self.spoilt = true;
        }
        if !self.spoilt {
            self.pending.extend_from_slice(data);
            if completed {
                let block = std::mem::take(&mut self.pending);
                self.tell(&block);
                self.pending = block;
            }
        }
        if between {
            self.pending = Vec::new();
            self.spoilt = false;
        }
    }

    fn tell(&mut self, block: &[u8]) {
        let Wants::Messages {
            needle,
            is_event_stream,
        } = self.wants
        else {
            return;
        };
        let needle = memmem::Finder::new(needle);
        if needle.find(block).is_none() {
            return;
        }
        if !is_event_stream {
            return (self.hear)(block);
        }
        // Whatever of the block is no complete event is left out.
        let items = Parser::with_limit(self.bytes_max).push(block);
        for item in items.unwrap_or_default() {
            if let Item::Event(event) = item
                && needle.find(event.data.as_bytes()).is_some()
            {
                (self.hear)(event.data.as_bytes());
            }
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("wants", &self.wants)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use proptest::prelude::{any, prop_assert_eq, proptest};
    use proptest::sample::Index;
    use propylon_mcp::sse::Framer;

    use super::{Progress, Watch};

    fn watch(is_event_stream: bool, bytes_max: u64) -> (Watch, Rc<RefCell<Vec<String>>>) {
        let heard = Rc::<RefCell<Vec<String>>>::default();
        let hear = Rc::clone(&heard);
        let watch = Watch::new(b"\"taskId\"", is_event_stream, bytes_max, move |message| {
            hear.borrow_mut()
                .push(String::from_utf8_lossy(message).into_owned());
        });
        (watch, heard)
    }

    fn stream(pieces: &[&[u8]], bytes_max: u64) -> Vec<String> {
        let (mut watch, heard) = watch(true, bytes_max);
        let mut framer = Framer::new();
        for piece in pieces {
            let boundary = framer.push(piece);
            let completed = boundary.events_completed as u64;
            watch.see(
                piece,
                Progress::of_stream(completed, boundary.between_events),
            );
        }
        assert!(watch.pending.len() as u64 <= bytes_max);
        let mut heard = heard.take();
        heard.dedup();
        heard
    }

    const EVENTS: &[u8] = b": c\n\nid: 1\ndata: {\"n\":1}\n\ndata: {\"taskId\":\"a\"}\r\n\r\ndata: {\"taskId\":\ndata: \"b\"}\n\nda";

    #[test]
    fn a_body_is_heard_once_it_is_whole() {
        let (mut watch, heard) = watch(false, 64);
        let [begun, done] = [false, true].map(Progress::of_body);
        watch.see(b"{\"task", begun);
        assert!(heard.borrow().is_empty());
        watch.see(b"Id\":1}", done);
        assert_eq!(heard.take(), ["{\"taskId\":1}"]);
        watch.see(b"{\"other\":1}", done);
        watch.see(&[b' '; 60], begun);
        watch.see(b"{\"taskId\":1}", done);
        assert!(
            heard.borrow().is_empty(),
            "one without it, and one too long"
        );
        assert!(watch.pending.is_empty());
    }

    #[test]
    fn a_beginning_is_heard_once_however_it_comes() {
        for (pieces, expected) in [
            (&[(&b"abc"[..], true)][..], "abc"),
            (
                &[
                    (b"ab", false),
                    (b"", false),
                    (b"cdefg", false),
                    (b"h", true),
                ],
                "abcdef",
            ),
            (
                &[(b"abc", false), (b"def", false), (b"ghi", true)],
                "abcdef",
            ),
            (&[(b"", true)], ""),
        ] {
            let heard = Rc::<RefCell<Vec<String>>>::default();
            let hear = Rc::clone(&heard);
            let mut watch = Watch::of_beginning(6, move |bytes| {
                hear.borrow_mut()
                    .push(String::from_utf8_lossy(bytes).into_owned());
            });
            for (piece, is_end) in pieces {
                watch.see(piece, Progress::of_body(*is_end));
            }
            assert_eq!(heard.take(), [expected]);
        }
    }

    #[test]
    fn too_long_an_event_is_passed_over() {
        let long = [b"data: \"taskId\"".as_slice(), &[b'x'; 80], b"\n\n"].concat();
        let stream = stream(&[&long[..40], &long[40..], b"data: \"taskId\"\n\n"], 60);
        assert_eq!(stream, ["\"taskId\""]);
    }

    proptest! {
        #[test]
        fn any_split_is_heard_the_same(cuts in proptest::collection::vec(any::<Index>(), 0..6)) {
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(EVENTS.len() + 1)).collect();
            ends.push(EVENTS.len());
            ends.sort_unstable();
            let mut start = 0;
            let pieces: Vec<&[u8]> = ends
                .into_iter()
                .map(|end| &EVENTS[std::mem::replace(&mut start, end)..end])
                .collect();
            let heard = stream(&pieces, 4096);
            let last = heard.last().cloned().unwrap_or_default();
            prop_assert_eq!(&heard[0], "{\"taskId\":\"a\"}");
            prop_assert_eq!(last, "{\"taskId\":\n\"b\"}");
        }
    }
}

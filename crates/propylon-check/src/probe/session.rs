//! The sessions of one instance: minted here, known only here, and the least recently used goes first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hashlink::LruCache;
use propylon_mcp::Revision;

use super::budget::Budget;
use super::emission::Schedule;
use super::identity::uuid;
use super::options::ProbeLimits;
use super::stream_log::{Purpose, StreamLog};

/// One session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) revision: Revision,
    /// Began over 2024-11-05 HTTP+SSE.
    pub(crate) is_http_sse: bool,
    /// The client says it is one of ours.
    pub(crate) is_ours: AtomicBool,
    /// What its GET stream emits by itself.
    pub(crate) schedule: Mutex<Option<Schedule>>,
    /// The stream a GET opens; over HTTP+SSE, the stream everything is sent on.
    pub(crate) get_stream: Arc<StreamLog>,
    streams: Mutex<LruCache<String, Arc<StreamLog>>>,
}

impl Session {
    /// A new stream that can be resumed.
    pub(crate) fn open_stream(&self, limits: &ProbeLimits, budget: &Budget) -> Arc<StreamLog> {
        let tag: String = uuid()
            .chars()
            .filter(|character| *character != '-')
            .take(12)
            .collect();
        let log = StreamLog::new(tag.clone(), replay(limits), budget);
        self.streams
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(tag, Arc::clone(&log));
        log
    }

    /// The stream an event id belongs to, and the event's number on it.
    pub(crate) fn stream_of(&self, event_id: &str) -> Option<(Arc<StreamLog>, u64)> {
        if let Some(number) = self.get_stream.number(event_id) {
            return Some((Arc::clone(&self.get_stream), number));
        }
        let (tag, _) = event_id.rsplit_once('-')?;
        let log = Arc::clone(
            self.streams
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(tag)?,
        );
        let number = log.number(event_id)?;
        Some((log, number))
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.is_ours.load(Ordering::Relaxed)
    }

    pub(crate) fn take_schedule(&self) -> Option<Schedule> {
        self.schedule
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

fn replay(limits: &ProbeLimits) -> Purpose {
    Purpose::Replay {
        events_max: limits.events_per_stream_max,
        bytes_max: limits.event_bytes_per_stream_max,
    }
}

/// How many sessions there were.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SessionCounts {
    pub(crate) initialized: u64,
    pub(crate) deleted: u64,
    pub(crate) evicted: u64,
}

/// The sessions of one instance.
#[derive(Debug)]
pub(crate) struct Sessions {
    live: LruCache<String, Arc<Session>>,
    sessions_max: usize,
    pub(crate) counts: SessionCounts,
}

impl Sessions {
    pub(crate) fn new(sessions_max: usize) -> Self {
        // One place more than the bound, so that the session pushed out is ours to end.
        Self {
            live: LruCache::new(sessions_max + 1),
            sessions_max,
            counts: SessionCounts::default(),
        }
    }

    pub(crate) fn mint(
        &mut self,
        revision: Revision,
        is_http_sse: bool,
        limits: &ProbeLimits,
        budget: &Budget,
    ) -> Arc<Session> {
        let purpose = if is_http_sse {
            Purpose::Queue
        } else {
            replay(limits)
        };
        let session = Arc::new(Session {
            id: uuid(),
            revision,
            is_http_sse,
            is_ours: AtomicBool::new(false),
            schedule: Mutex::new(None),
            get_stream: StreamLog::new("get".into(), purpose, budget),
            streams: Mutex::new(LruCache::new(limits.streams_per_session_max)),
        });
        self.live.insert(session.id.clone(), Arc::clone(&session));
        if self.live.len() > self.sessions_max
            && let Some((_, oldest)) = self.live.remove_lru()
        {
            oldest.get_stream.end();
            self.counts.evicted += 1;
        }
        session
    }

    pub(crate) fn find(&mut self, id: &str) -> Option<Arc<Session>> {
        self.live.get(id).cloned()
    }

    /// Forgets a session and ends its streams.
    pub(crate) fn end(&mut self, id: &str) -> bool {
        let Some(session) = self.live.remove(id) else {
            return false;
        };
        session.get_stream.end();
        self.counts.deleted += 1;
        true
    }

    /// Forgets everything, as a restarted server would.
    pub(crate) fn clear(&mut self) {
        self.live
            .iter()
            .for_each(|(_, session)| session.get_stream.end());
        self.live.clear();
    }

    /// How many are live, and how many of them are over HTTP+SSE.
    pub(crate) fn live(&self) -> (usize, usize) {
        (
            self.live.len(),
            self.live
                .iter()
                .filter(|(_, session)| session.is_http_sse)
                .count(),
        )
    }
}

#[cfg(test)]
mod tests {
    use propylon_mcp::Revision;

    use super::Sessions;
    use crate::probe::budget::Budget;
    use crate::probe::options::ProbeLimits;

    #[test]
    fn the_least_recently_used_session_goes_first() {
        let (limits, budget) = (ProbeLimits::default(), Budget::new(1 << 20));
        let mut sessions = Sessions::new(2);
        let mint = |sessions: &mut Sessions| {
            sessions
                .mint(Revision::V2025_11_25, false, &limits, &budget)
                .id
                .clone()
        };
        let first = mint(&mut sessions);
        let second = mint(&mut sessions);
        assert!(sessions.find(&first).is_some());
        let third = mint(&mut sessions);
        assert!(sessions.find(&second).is_none());
        assert!(sessions.find(&first).is_some() && sessions.find(&third).is_some());
        assert_eq!(sessions.counts.evicted, 1);
        assert!(sessions.end(&first));
        assert!(!sessions.end(&first));
        assert_eq!(sessions.live(), (1, 0));
    }

    #[test]
    fn event_ids_find_their_stream() {
        let (limits, budget) = (
            ProbeLimits {
                streams_per_session_max: 1,
                ..ProbeLimits::default()
            },
            Budget::new(1 << 20),
        );
        let session = Sessions::new(2).mint(Revision::V2025_11_25, false, &limits, &budget);
        let old = session.open_stream(&limits, &budget);
        let new = session.open_stream(&limits, &budget);
        assert!(session.stream_of(&format!("{}-1", old.tag())).is_none());
        assert_eq!(session.stream_of(&format!("{}-7", new.tag())).unwrap().1, 7);
        assert_eq!(session.stream_of("get-2").unwrap().1, 2);
        assert!(session.stream_of("nonsense").is_none());
    }
}

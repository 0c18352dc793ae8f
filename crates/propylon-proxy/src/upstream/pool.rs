//! A worker's idle connections, dropped before the servers drop them.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::instance::Instance;

/// Idle connections by instance, the most recently used last.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: HashMap<u64, VecDeque<Kept>>,
}

#[derive(Debug)]
struct Kept {
    connection: Connection,
    until: Instant,
}

impl Pool {
    /// The most recently used connection to the instance that is still good. One to an address that
    /// the instance's name has left is not, or a busy client would never follow the name.
    pub(crate) fn take(&mut self, instance: &Instance, now: Instant) -> Option<Connection> {
        let kept = self.idle.get_mut(&instance.id)?;
        while let Some(Kept {
            mut connection,
            until,
        }) = kept.pop_back()
        {
            let is_current = instance.is_at(connection.target);
            if is_current && now < until && connection.is_alive(now) {
                connection.reused = true;
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection whose exchange is complete, the oldest one making room.
    pub(crate) fn give(
        &mut self,
        instance: &Instance,
        mut connection: Connection,
        limits: propylon_config::Pool,
        now: Instant,
    ) {
        connection.idle_since = now;
        let until = connection.usable_until(limits.idle);
        if until <= now || limits.idle_connections_max == 0 {
            return;
        }
        let kept = self.idle.entry(instance.id).or_default();
        if kept.len() >= limits.idle_connections_max {
            kept.pop_front();
        }
        kept.push_back(Kept { connection, until });
    }

    /// Drops what has been idle for too long or was closed by its server.
    pub(crate) fn sweep(&mut self, now: Instant) {
        for kept in self.idle.values_mut() {
            kept.retain_mut(|kept| now < kept.until && kept.connection.is_alive(now));
        }
        self.idle.retain(|_, kept| !kept.is_empty());
    }

    /// Drops everything; a draining worker keeps nothing warm.
    pub(crate) fn clear(&mut self) {
        self.idle.clear();
    }
}

/// Reads `timeout` out of a `Keep-Alive` value (RFC 2068, 19.7.1.1; still what Node sends).
pub(crate) fn keep_alive_timeout(value: &[u8]) -> Option<Duration> {
    crate::http1::field::elements(value).find_map(|element| {
        let seconds = element.strip_prefix(b"timeout=")?;
        std::str::from_utf8(seconds)
            .ok()?
            .parse()
            .ok()
            .map(Duration::from_secs)
    })
}

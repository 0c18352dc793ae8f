//! A worker's connections that can carry an exchange: idle ones, dropped before the servers drop them, and shared ones.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, MutexGuard};

use super::connection::Connection;
use super::dial::Missed;
use super::http2::Session;
use super::instance::Instance;

/// Idle connections by instance, the most recently used last.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: HashMap<u64, VecDeque<Kept>>,
    shared: HashMap<u64, Shared>,
}

/// The HTTP/2 connections to an instance.
#[derive(Debug, Default)]
struct Shared {
    sessions: Vec<Rc<Session>>,
    gate: Rc<Gate>,
}

/// Lets one exchange make the connection that the others wait for.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    turn: Mutex<()>,
    /// The last time nobody could be reached, and why.
    missed: RefCell<Option<(Instant, Missed)>>,
}

#[derive(Debug)]
struct Kept {
    connection: Connection,
    until: Instant,
}

impl Gate {
    /// Waits for its turn. An error is what came, meanwhile, of the attempt that was waited for.
    pub(crate) async fn turn(&self) -> Result<MutexGuard<'_, ()>, Missed> {
        let since = Instant::now();
        let turn = self.turn.lock().await;
        match &*self.missed.borrow() {
            Some((at, missed)) if *at >= since => Err(missed.clone()),
            _ => Ok(turn),
        }
    }

    /// Tells those who wait that there is nothing to wait for.
    pub(crate) fn miss(&self, missed: &Missed) {
        self.missed.replace(Some((Instant::now(), missed.clone())));
    }
}

impl Pool {
    /// The gate before an instance that may speak HTTP/2.
    pub(crate) fn gate(&mut self, instance: &Instance) -> Rc<Gate> {
        Rc::clone(&self.shared.entry(instance.id).or_default().gate)
    }

    /// An exchange on a connection that carries others.
    pub(crate) fn share(&self, instance: &Instance) -> Option<Connection> {
        let sessions = &self.shared.get(&instance.id)?.sessions;
        let session = sessions
            .iter()
            .find(|session| instance.is_at(session.target) && session.has_room())?;
        let mut connection = Connection::on(session);
        connection.reused = true;
        Some(connection)
    }

    /// Keeps a connection that can carry many exchanges.
    pub(crate) fn keep(&mut self, instance: &Instance, session: Rc<Session>) {
        let shared = self.shared.entry(instance.id).or_default();
        shared.sessions.push(session);
    }

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
        for shared in self.shared.values_mut() {
            shared
                .sessions
                .retain(|session| !session.is_closed() && !session.is_idle(now));
        }
        self.shared
            .retain(|_, shared| !shared.sessions.is_empty() || Rc::strong_count(&shared.gate) > 1);
        for kept in self.idle.values_mut() {
            kept.retain_mut(|kept| now < kept.until && kept.connection.is_alive(now));
        }
        self.idle.retain(|_, kept| !kept.is_empty());
    }

    /// Drops everything; a draining worker keeps nothing warm.
    pub(crate) fn clear(&mut self) {
        self.idle.clear();
        self.shared.clear();
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

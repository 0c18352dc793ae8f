//! HTTP with SSE (2024-11-05): which stream a posted message is for, by the address its server announced.
//!
//! Nothing is known of a server's spelling of sessions: the whole address stands for one.

use std::time::Instant;

use propylon_mcp::SessionFingerprint;

use super::classify::Facts;
use super::endpoint_event::{Announced, Way};
use super::route::{Route, Wanted};
use crate::http1::field::Field;
use crate::http1::head::RequestHead;
use crate::reason::Reason;
use crate::upstream::Upstream;

/// What the addresses that a server announces have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The outside path.
    path: Box<str>,
    /// The names in the query, in order.
    names: Box<[Box<str>]>,
    way: Way,
}

/// Shapes kept for one upstream: there is one for each route, and the latest count.
const SHAPES_MAX: usize = 16;

impl Announced {
    /// What stands for the session.
    pub(crate) fn fingerprint(&self) -> SessionFingerprint {
        fingerprint(&self.outside, self.way)
    }

    /// Remembers how addresses look that this server announces.
    pub(crate) fn teach(&self, upstream: &Upstream) {
        let (path, query) = self.outside.split_once('?').unwrap_or((&self.outside, ""));
        let shape = Shape {
            path: path.into(),
            names: names(query).map(Into::into).collect(),
            way: self.way,
        };
        if upstream.shapes.load().contains(&shape) {
            return;
        }
        upstream.shapes.rcu(|known| {
            let mut shapes = known.as_ref().clone();
            if !shapes.contains(&shape) {
                shapes.truncate(SHAPES_MAX - 1);
                shapes.insert(0, shape.clone());
            }
            shapes
        });
    }
}

/// Tells a message of an open stream by where it is posted: then its session is known, and so is its
/// path on the upstream.
///
/// # Errors
/// The address is one of a stream that is not open here, and nobody can tell which instance had it.
pub(crate) fn recognise(
    route: &Route,
    target: &mut String,
    wanted: Wanted<'_>,
    request: &RequestHead,
    facts: &mut Facts,
) -> Result<(), Reason> {
    let upstream = &route.upstream;
    if request.method() != "POST" || request.lines.has(Field::McpSessionId) {
        return Ok(());
    }
    let shapes = upstream.shapes.load();
    let Some(sessions) = upstream.sessions().filter(|_| !shapes.is_empty()) else {
        return Ok(());
    };
    let now = Instant::now();
    let outside = format!("{}{}", wanted.path, wanted.query);
    for way in [Way::Replaced, Way::Whole] {
        let session = fingerprint(&outside, way);
        if sessions.find(&session, now, upstream.bounds).is_some() {
            facts.session = Some(session);
            *target = way.target(route, &outside).unwrap_or_default();
            return Ok(());
        }
    }
    let query = wanted.query.strip_prefix('?').unwrap_or_default();
    let shape = shapes.iter().find(|shape| {
        let is_like = names(query).eq(shape.names.iter().map(|name| &**name));
        !shape.names.is_empty() && *shape.path == *wanted.path && is_like
    });
    let Some(shape) = shape else {
        return Ok(());
    };
    facts.session = Some(fingerprint(&outside, shape.way));
    match upstream.instances().len() {
        // Another proxy may hold the stream; the one instance knows.
        0 | 1 => *target = shape.way.target(route, &outside).unwrap_or_default(),
        _ => return Err(Reason::StreamGone),
    }
    Ok(())
}

/// The session's key: one address means two things where it is mapped in two ways.
fn fingerprint(outside: &str, way: Way) -> SessionFingerprint {
    match way {
        Way::Replaced => SessionFingerprint::of_address(outside),
        Way::Whole => SessionFingerprint::of_address(&format!("whole {outside}")),
    }
}

fn names(query: &str) -> impl Iterator<Item = &str> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split('=').next().unwrap_or_default())
}

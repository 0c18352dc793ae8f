//! Diagnosis in passing: whether an answer gives away that something on the way broke the request.

use propylon_mcp::{Era, media};

use super::location::{self, Sides};
use crate::diagnosis::{Arrived, Clue, SIGNS, Sign};
use crate::http1::field::Field;
use crate::http1::framing::Framing;
use crate::http1::head::{RequestHead, ResponseHead};
use crate::phase::classify::Facts;

/// How much of a body is looked at.
pub(crate) const LOOK_BYTES: u64 = 2048;

/// An answer as far as its head, and what it answers.
pub(crate) struct Seen<'a> {
    pub(crate) request: &'a RequestHead,
    pub(crate) facts: &'a Facts,
    /// The path and query that the server was asked for.
    pub(crate) target: &'a str,
    pub(crate) head: &'a [u8],
    pub(crate) response: &'a ResponseHead,
    pub(crate) framing: Framing,
    pub(crate) sides: &'a Sides<'a>,
}

/// The signs that an answer may still turn out to be, the likeliest first.
#[derive(Debug, Default)]
pub(crate) struct Suspicion(Vec<&'static Sign>);

impl Suspicion {
    /// What the head says. An answer that is as it should be costs a look at its status.
    pub(crate) fn of(seen: &Seen<'_>) -> Self {
        let status = seen.response.status;
        let fits = |sign: &&'static Sign| {
            sign.statuses.contains(&status) && seen.fits(sign.clue) && seen.arrived(sign.arrived)
        };
        let possible: Vec<_> = SIGNS.iter().filter(fits).collect();
        if possible.is_empty() || !seen.is_at_endpoint() {
            return Self::default();
        }
        Self(possible)
    }

    /// Whether there is nothing to be said.
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The sign, where the head alone has shown it.
    pub(crate) fn settled(&self) -> Option<&'static Sign> {
        let first = self.0.first()?;
        (!first.clue.is_in_body()).then_some(first)
    }

    /// The sign, once the beginning of the body is there.
    pub(crate) fn settle(&self, beginning: &[u8]) -> Option<&'static Sign> {
        let text = String::from_utf8_lossy(beginning).to_ascii_lowercase();
        let shows = |sign: &&&'static Sign| match sign.clue {
            Clue::Says(words) => words.iter().any(|word| text.contains(word)),
            Clue::NotRpc => !text.contains("\"jsonrpc\""),
            Clue::Status | Clue::Slash | Clue::Page | Clue::Nothing => true,
        };
        self.0.iter().find(shows).copied()
    }
}

impl Clue {
    fn is_in_body(self) -> bool {
        matches!(self, Self::Says(_) | Self::NotRpc)
    }
}

impl Seen<'_> {
    /// Only a message to the endpoint: what else lives there may refuse for reasons of its own.
    fn is_at_endpoint(&self) -> bool {
        let path = self.target.split('?').next().unwrap_or_default();
        let endpoint = self.sides.route.upstream.path.as_str();
        self.request.method() == "POST" && path.trim_end_matches('/') == endpoint
    }

    fn fits(&self, clue: Clue) -> bool {
        let content_type = || self.response.lines.first(self.head, Field::ContentType);
        match clue {
            Clue::Status | Clue::Says(_) | Clue::NotRpc => true,
            Clue::Page => content_type().is_some_and(media::is_html),
            Clue::Nothing => {
                matches!(self.framing, Framing::Empty | Framing::Sized(0))
                    && self.facts.rpc.id.is_some()
            }
            Clue::Slash => self.is_redirect_to_slash(),
        }
    }

    fn is_redirect_to_slash(&self) -> bool {
        let location = self.response.lines.first(self.head, Field::Location);
        let inside = location
            .and_then(|value| std::str::from_utf8(value).ok())
            .and_then(|value| location::inside_path(value, self.sides));
        let path = |text: &'_ str| text.split(['?', '#']).next().map(str::to_owned);
        let (to, from) = (inside.and_then(path), path(self.target));
        to.zip(from).is_some_and(|(to, from)| {
            to != from && to.trim_end_matches('/') == from.trim_end_matches('/')
        })
    }

    fn arrived(&self, how: Arrived) -> bool {
        let has = |field| self.request.lines.has(field);
        let is_handshake = || self.facts.rpc.method.as_deref() == Some("initialize");
        let is_legacy = self.facts.era == Some(Era::Legacy);
        match how {
            Arrived::Anyhow => true,
            Arrived::WithAccept => self.accepts_both(),
            Arrived::WithoutAccept => !self.accepts_both(),
            Arrived::WithSession => is_legacy && has(Field::McpSessionId),
            Arrived::WithoutSession => is_legacy && !has(Field::McpSessionId) && !is_handshake(),
            Arrived::WithVersion => has(Field::McpProtocolVersion),
            Arrived::WithoutVersion => !has(Field::McpProtocolVersion) && !is_handshake(),
            Arrived::Modern => !is_legacy,
        }
    }

    /// Servers compare by name: a range that covers both is not what a POST must have.
    fn accepts_both(&self) -> bool {
        let lists = |wanted: &str| {
            let mut all = self.request.lines.all(self.request.head(), Field::Accept);
            all.any(|value| memchr::memmem::find(value, wanted.as_bytes()).is_some())
        };
        lists("application/json") && lists("text/event-stream")
    }
}

#[cfg(test)]
mod tests;

//! An answer to what the proxy itself has sent to an instance: read whole, and not sent on.

use propylon_config::Limits;
use propylon_mcp::SessionId;
use propylon_mcp::peek::members::member;
use propylon_mcp::sse::{Item, Parser};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::link::Link;
use crate::http1::field::Field;
use crate::http1::framing;
use crate::http1::head::{HeadError, HeadLimits, ResponseHead};
use crate::phase::answer;
use crate::relay::inbound::Inbound;

/// What an instance said.
pub(crate) struct Told {
    pub(crate) status: u16,
    /// The session it began.
    pub(crate) session: Option<Box<[u8]>>,
    /// Its JSON-RPC response; empty where it gave none.
    pub(crate) message: Vec<u8>,
}

/// Answers to a handshake are a few kilobytes.
const BYTES_MAX: usize = 1 << 20;

const CLOSED: &str = "the instance closed the connection without a whole answer";

/// Sends the rest of a message, and reads its answer: all of it, or of an event stream up to the response.
///
/// # Errors
/// A text that says what came instead.
pub(crate) async fn told(
    link: &mut Link,
    unsent: &[u8],
    limits: &Limits,
) -> Result<Told, &'static str> {
    let sent = async {
        link.write_all(unsent).await?;
        link.flush().await
    };
    sent.await.map_err(|_| CLOSED)?;
    let (mut bytes, head) = read_head(link, limits).await?;
    let mut piece = bytes.split_off(head.len);
    let mut inbound = Inbound::new(framing::of_response(&bytes, &head, false)?);
    let is_stream = answer::is_event_stream(&bytes, &head);
    let session = head.lines.first(&bytes, Field::McpSessionId);
    let session = session
        .and_then(SessionId::parse)
        .map(|id| id.as_bytes().into());
    let mut body = Vec::new();
    loop {
        let data = inbound.take(&mut piece)?.data;
        body.extend_from_slice(piece.get(..data).unwrap_or_default());
        let response = if is_stream { response_in(&body) } else { None };
        if response.is_some() || inbound.is_done() {
            let whole = if is_stream { Vec::new() } else { body };
            return Ok(Told {
                status: head.status,
                session,
                message: response.unwrap_or(whole),
            });
        }
        if body.len() > BYTES_MAX {
            return Err("the instance's answer is too long");
        }
        piece = read(link).await?;
        if piece.is_empty() && !inbound.close(Vec::new()) {
            return Err(CLOSED);
        }
    }
}

/// The final head, with what came behind it.
async fn read_head(
    link: &mut Link,
    limits: &Limits,
) -> Result<(Vec<u8>, ResponseHead), &'static str> {
    let limits = HeadLimits {
        bytes_max: usize::try_from(limits.header_bytes).unwrap_or(usize::MAX),
        count_max: limits.header_count,
    };
    let mut bytes = Vec::new();
    loop {
        let more = read(link).await?;
        if more.is_empty() {
            return Err(CLOSED);
        }
        bytes.extend_from_slice(&more);
        while !bytes.is_empty() {
            let parsed = ResponseHead::parse(&bytes, limits).map_err(|error| match error {
                HeadError::TooLarge => "a head beyond the limits",
                HeadError::Invalid(what) => what,
            });
            match parsed? {
                Some(head) if head.status >= 200 => return Ok((bytes, head)),
                Some(interim) => drop(bytes.drain(..interim.len)),
                None => break,
            }
        }
    }
}

/// What comes next; nothing where the instance has closed.
async fn read(link: &mut Link) -> Result<Vec<u8>, &'static str> {
    let mut piece = vec![0; 4096];
    let read = link.read(&mut piece).await.map_err(|_| CLOSED)?;
    piece.truncate(read);
    Ok(piece)
}

/// The first response among the events so far.
fn response_in(stream: &[u8]) -> Option<Vec<u8>> {
    let items = Parser::with_limit(BYTES_MAX).push(stream).ok()?;
    let is_response = |data: &str| {
        member(data, "result")
            .or_else(|| member(data, "error"))
            .is_some()
    };
    items.into_iter().find_map(|item| match item {
        Item::Event(event) if is_response(&event.data) => Some(event.data.into_bytes()),
        _ => None,
    })
}

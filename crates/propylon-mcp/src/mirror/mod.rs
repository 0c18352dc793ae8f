//! Headers that mirror the body, and whether they tell the truth (2026-07-28 streamable-http, Server Validation).
//!
//! Whoever acts on a header while the server acts on the body can be told two stories. The rule binds from 2026-07-28
//! on; what earlier revisions send under these names means nothing.

mod annotations;
mod params;
mod sentinel;
#[cfg(test)]
mod tests;

use crate::era::Era;
use crate::peek::{Peek, Shape};

pub use annotations::{ANNOTATED_BYTES_MAX, ANNOTATIONS_MAX, Annotation, TOOLS, Tool, tools_of};
pub use params::verify_params;
pub use sentinel::decode;

/// The lines of one header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines<'a> {
    /// None.
    Absent,
    /// One, with this value.
    Once(&'a [u8]),
    /// Several, of which the first has this value.
    Repeated(&'a [u8]),
}

/// The headers that mirror a body.
#[derive(Clone, Copy, Debug)]
pub struct Mirror<'a> {
    /// `MCP-Protocol-Version`.
    pub version: Lines<'a>,
    /// `Mcp-Method`.
    pub method: Lines<'a>,
    /// `Mcp-Name`.
    pub name: Lines<'a>,
}

/// A mirrored header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// `MCP-Protocol-Version`.
    ProtocolVersion,
    /// `Mcp-Method`.
    Method,
    /// `Mcp-Name`.
    Name,
    /// One of `Mcp-Param-*`.
    Param,
}

/// What is wrong with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It must be there.
    Missing,
    /// It is there more than once.
    Repeated,
    /// It has characters, or Base64, that no value has.
    Malformed,
    /// The body says something else.
    Differs,
}

/// Why headers and body do not go together. Holds nothing that either said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// A header is at fault.
    Header(Header, Fault),
    /// The body is not one JSON-RPC message, so that no header can match it.
    Body,
}

impl<'a> Lines<'a> {
    /// Takes the values of every line of a header.
    pub fn of(mut values: impl Iterator<Item = &'a [u8]>) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(only), None) => Self::Once(only),
            (Some(first), Some(_)) => Self::Repeated(first),
        }
    }

    /// The one value; its absence and its repetition are faults of `header`.
    fn one(self, header: Header) -> Result<Option<&'a [u8]>, Mismatch> {
        match self {
            Self::Absent => Ok(None),
            Self::Once(value) if value.iter().all(|byte| is_plain(*byte)) => Ok(Some(value)),
            Self::Once(_) => Err(Mismatch::Header(header, Fault::Malformed)),
            Self::Repeated(_) => Err(Mismatch::Header(header, Fault::Repeated)),
        }
    }

    fn first(self) -> Option<&'a [u8]> {
        match self {
            Self::Absent => None,
            Self::Once(value) | Self::Repeated(value) => Some(value),
        }
    }
}

impl Mismatch {
    /// What is wrong, for whoever sent it and for the log.
    pub const fn words(self) -> &'static str {
        use Fault::{Differs, Malformed, Missing, Repeated};
        match self {
            Self::Body => "the body is not one JSON-RPC message",
            Self::Header(Header::ProtocolVersion, fault) => match fault {
                Missing => "MCP-Protocol-Version is missing",
                Repeated => "MCP-Protocol-Version is there more than once",
                Malformed => "MCP-Protocol-Version has characters that no value has",
                Differs => "MCP-Protocol-Version is not the version in the body's _meta",
            },
            Self::Header(Header::Method, fault) => match fault {
                Missing => "Mcp-Method is missing",
                Repeated => "Mcp-Method is there more than once",
                Malformed => "Mcp-Method has characters that no value has",
                Differs => "Mcp-Method is not the body's method",
            },
            Self::Header(Header::Name, fault) => match fault {
                Missing => "Mcp-Name is missing",
                Repeated => "Mcp-Name is there more than once",
                Malformed => "Mcp-Name is neither plain text nor Base64 that decodes",
                Differs => "Mcp-Name is not the name in the body",
            },
            Self::Header(Header::Param, fault) => match fault {
                Missing => "an Mcp-Param header is missing",
                Repeated => "an Mcp-Param header is there more than once",
                Malformed => "an Mcp-Param header is neither plain text nor Base64 that decodes",
                Differs => "an Mcp-Param header is not the argument in the body",
            },
        }
    }
}

/// Whether a value may hold the byte: visible ASCII, space and tab (2026-07-28 streamable-http, Value Encoding).
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~')
}

/// Whether the rule binds a POST: its header or its body names a revision from 2026-07-28 on.
///
/// The version that an `initialize` proposes is the matter of a handshake and binds nothing.
pub fn binds(version: Lines<'_>, peek: &Peek<'_>) -> bool {
    let is_modern = |value| Era::of_version_header(value) == Era::Modern;
    is_modern(version.first()) || is_modern(body_version(peek).map(str::as_bytes))
}

/// The version in `_meta`.
fn body_version<'p>(peek: &'p Peek<'_>) -> Option<&'p str> {
    peek.protocol_version
        .as_deref()
        .filter(|_| peek.method.as_deref() != Some("initialize"))
}

/// Holds the headers of a POST that [`binds`] against what is known of its body.
///
/// Of a body that is [`Shape::Truncated`] only what was seen is judged. What neither mirrors nor must be mirrored passes:
/// a name beside a method that has none, headers on a notification that has none.
///
/// # Errors
/// The first thing that is wrong, the version before the method before the name.
pub fn verify(mirror: Mirror<'_>, peek: &Peek<'_>) -> Result<(), Mismatch> {
    let version = mirror.version.one(Header::ProtocolVersion)?;
    let method = mirror.method.one(Header::Method)?;
    let name = mirror.name.one(Header::Name)?;
    if matches!(peek.shape, Shape::Batch | Shape::NotJson | Shape::TooDeep) {
        return Err(Mismatch::Body);
    }
    let is_whole = peek.shape != Shape::Truncated;
    let compare = |header, value: Option<&[u8]>, body: Option<&str>, is_needed| match (value, body)
    {
        (Some(value), Some(body)) if value != body.as_bytes() => {
            Err(Mismatch::Header(header, Fault::Differs))
        }
        (Some(_), None) if is_whole && header != Header::ProtocolVersion => {
            Err(Mismatch::Header(header, Fault::Differs))
        }
        (None, _) if is_needed => Err(Mismatch::Header(header, Fault::Missing)),
        _ => Ok(()),
    };
    compare(Header::ProtocolVersion, version, body_version(peek), true)?;
    // A notification need not be mirrored, and half a message may still turn out to be one.
    let is_request = peek.shape == Shape::Request || !is_whole && peek.id.is_some();
    compare(Header::Method, method, peek.method.as_deref(), is_request)?;
    let (source, is_needed) = source_of_name(peek);
    let decoded = match name.map(decode) {
        Some(None) => return Err(Mismatch::Header(Header::Name, Fault::Malformed)),
        Some(Some(decoded)) => Some(decoded),
        None => None,
    };
    match source {
        Source::None => Ok(()),
        Source::Unseen if is_needed && decoded.is_none() => {
            Err(Mismatch::Header(Header::Name, Fault::Missing))
        }
        Source::Unseen => Ok(()),
        Source::Text(text) => compare(
            Header::Name,
            decoded.as_deref().map(str::as_bytes),
            text,
            is_needed && text.is_some(),
        ),
    }
}

/// What `Mcp-Name` mirrors.
enum Source<'p> {
    /// Nothing that is defined.
    None,
    /// A member that may stand behind what was seen of the body.
    Unseen,
    /// A member, where the body has it.
    Text(Option<&'p str>),
}

/// What `Mcp-Name` mirrors, and whether it must (2026-07-28 streamable-http, Standard Request Headers; tasks by their
/// extension, SEP-2663).
fn source_of_name<'p>(peek: &'p Peek<'_>) -> (Source<'p>, bool) {
    let (text, is_needed) = match peek.method.as_deref() {
        Some("tools/call" | "prompts/get") => (peek.params.name.as_deref(), true),
        Some("resources/read") => (peek.params.uri.as_deref(), true),
        Some("tasks/get" | "tasks/update" | "tasks/cancel") => {
            (peek.params.task_id.as_deref(), false)
        }
        // Another extension may mirror another member.
        _ => return (Source::None, false),
    };
    let source = match (text, peek.shape) {
        (None, Shape::Truncated) => Source::Unseen,
        (text, _) => Source::Text(text),
    };
    (source, is_needed)
}

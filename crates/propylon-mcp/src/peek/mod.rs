//! A look at the start of a JSON-RPC message, without parsing the whole of it and without changing a byte.
//!
//! The prefix may end anywhere. What is reported from it is what a full parser would find in the whole message; what
//! could still change is left out, with one exception: of members with the same name the last one wins, as in
//! `JSON.parse`, Python's `json` and serde_json, and a prefix cannot show that its repetition is still to come.
//! Whoever acts on a [`Shape::Truncated`] peek should know that.

pub mod members;
mod message;
mod param_keys;
mod params;
mod rpc_id;
mod scanner;
#[cfg(test)]
mod tests;
mod unescape;

use std::borrow::Cow;

use message::Message;
pub use param_keys::{PARAM_KEY_BYTES_MAX, PARAM_KEYS_MAX, ParamKeys, ParamNames};
pub use params::Params;
pub use rpc_id::{RPC_ID_BYTES_MAX, RpcId};
use scanner::{Scanner, Stop};

/// Deepest nesting of arrays and objects followed, the outermost object being the first level.
pub const NESTING_MAX: usize = scanner::NESTING_MAX as usize;

/// What a message is, as far as its prefix tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// An object with `method` and `id`, whatever the value of `id`.
    Request,
    /// An object with `method` and no `id`.
    Notification,
    /// An object with `result` or `error` and no `method`.
    Response,
    /// An array: only its first byte was looked at (2025-03-26 transports, Sending Messages to the Server).
    Batch,
    /// Not JSON in UTF-8, or JSON that is no JSON-RPC message: a bare value, or an object that has neither a string
    /// `method` nor a `result` or `error`.
    NotJson,
    /// Valid so far, but the prefix ended first. An empty prefix is truncated too.
    Truncated,
    /// Nested deeper than [`NESTING_MAX`].
    TooDeep,
}

/// What the prefix of a message gave away. Everything but `shape` is empty when the prefix was not valid JSON.
#[derive(Clone, Debug)]
pub struct Peek<'a> {
    /// What the message is.
    pub shape: Shape,
    /// `method`.
    pub method: Option<Cow<'a, str>>,
    /// `id`, if it is a string, a number or null, and short enough to be echoed.
    pub id: Option<RpcId<'a>>,
    /// `params.name`, else `params.uri`, else `params.taskId`: the first that is a string.
    pub name: Option<Cow<'a, str>>,
    /// Members of `params` by their own names.
    pub params: Params<'a>,
    /// `params._meta["io.modelcontextprotocol/protocolVersion"]`, else `params.protocolVersion` of an `initialize`.
    pub protocol_version: Option<Cow<'a, str>>,
    /// The names in `params.arguments` if that is an object, else in `params`.
    pub param_keys: ParamKeys<'a>,
}

impl Peek<'_> {
    const fn of(shape: Shape) -> Self {
        Self {
            shape,
            method: None,
            id: None,
            name: None,
            params: Params::NONE,
            protocol_version: None,
            param_keys: ParamKeys::NONE,
        }
    }
}

/// Looks at the first bytes of a message, in one pass, without recursion and, unless a string it reports has escapes,
/// without allocation.
///
/// A byte order mark is skipped: senders must not write one, receivers may ignore it (RFC 8259, 8.1), and servers
/// differ, so a check made here has to see the message that a tolerant server would run.
pub fn peek(prefix: &[u8]) -> Peek<'_> {
    let (text, mid_character) = match std::str::from_utf8(prefix) {
        Ok(text) => (text, false),
        Err(error) if error.error_len().is_none() => {
            let whole = prefix.get(..error.valid_up_to()).unwrap_or_default();
            (std::str::from_utf8(whole).unwrap_or_default(), true)
        }
        Err(_) => return Peek::of(Shape::NotJson),
    };
    let mut scanner = Scanner::new(text.strip_prefix('\u{feff}').unwrap_or(text));
    match scanner.next_byte() {
        Ok(b'{') => {}
        Ok(b'[') => return Peek::of(Shape::Batch),
        Ok(_) | Err(Stop::Broken | Stop::TooDeep) => return Peek::of(Shape::NotJson),
        Err(Stop::Ended) => return Peek::of(Shape::Truncated),
    }
    let mut message = Message::default();
    match message.read(&mut scanner) {
        // Only white space may follow, and half a character is none.
        Ok(()) if scanner.is_at_end() && !mid_character => message.into_peek(false),
        Err(Stop::Ended) => message.into_peek(true),
        Err(Stop::TooDeep) => Peek::of(Shape::TooDeep),
        Ok(()) | Err(Stop::Broken) => Peek::of(Shape::NotJson),
    }
}

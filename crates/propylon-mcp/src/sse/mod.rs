//! Server-sent events (WHATWG HTML, 9.2): where events end, and what they say.

pub mod framer;
pub mod parser;
#[cfg(test)]
mod tests;

pub use framer::{Boundary, Framer};
pub use parser::{Event, EventTooLong, Item, Parser};

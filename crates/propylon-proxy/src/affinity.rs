//! Which instance holds which session: learned from the response that minted it.

mod memory;

pub(crate) use memory::{Bounds, Memory};

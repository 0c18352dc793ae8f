//! Which instance holds which session: learned from the response that minted it.

mod handshake;
mod memory;
mod sealed;

pub(crate) use handshake::{Handshake, Renewed, Standing};
pub(crate) use memory::{Bounds, Memory};
pub(crate) use sealed::Seal;

//! MCP as a client speaks it, in both eras, over the checker's own HTTP client.

mod report;
mod session;
mod stream;
mod voice;

pub(crate) use report::{Report, rpc_error};
pub(crate) use session::Session;
pub(crate) use stream::{Emission, Stream, emission};
pub(crate) use voice::{MODERN, Voice, initialize_body};

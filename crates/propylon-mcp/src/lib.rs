//! The words of the Model Context Protocol on the wire, without I/O.
//!
//! Nothing here opens a socket, reads a clock or starts a task, so every rule can be tested with bytes alone.

pub mod cacheable;
pub mod era;
pub mod headers;
pub mod media;
pub mod mirror;
pub mod peek;
pub mod revision;
pub mod rpc_error;
pub mod session_id;
pub mod sse;
pub mod task;

pub use era::Era;
pub use peek::{ParamKeys, Peek, RpcId, Shape, peek};
pub use revision::Revision;
pub use rpc_error::error_body;
pub use session_id::{SessionFingerprint, SessionId};

//! The upstream that reports back: an MCP server that says in its answers what reached it, when, and over which connection.
//!
//! What a checker may rely on is in `probe/README.md`. A request goes `server` → `http1` (bytes to request) →
//! `dialogue` (who answers) → `legacy`, `modern` or `sse_transport` (the rules of the era) → `tools` (what is wanted, as
//! a `script`) → `perform` (does it, through an `outlet`). Everything before `perform` decides without I/O.

mod arguments;
mod body;
mod budget;
mod call;
mod census;
mod clock;
mod dialogue;
mod emission;
mod fleet;
mod get_stream;
mod head;
mod http1;
mod http2;
mod identity;
mod ledger;
mod legacy;
mod listen;
mod members;
mod message;
mod methods;
mod mirror;
mod modern;
mod options;
mod outlet;
mod perform;
mod request;
mod script;
mod server;
mod session;
mod sse_transport;
mod status;
mod stream_log;
mod task;
mod tools;
mod wire;

pub(crate) use clock::http_date;
pub use options::{ProbeLimits, ProbeOptions, ProbeToken};
pub use server::{Probe, ProbeError, run};

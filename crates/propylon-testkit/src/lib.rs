//! Test peers: a scripted upstream, a raw HTTP client, and launchers of the built binary and of real MCP products.
//!
//! Everything here is synchronous and panics on its own failures: a test reads top to bottom, and what went wrong is
//! said where it went wrong. Every wait has an end.

mod canned;
mod client;
mod dns;
mod jsonc;
mod judgement;
mod peers;
mod port;
mod probe;
mod process;
mod propylon;
mod scratch;
mod upstream;
mod wait;

pub use canned::{McpScript, initialize, mcp_script, rpc};
pub use client::{
    Body, Ending, Event, Events, RawClient, Response, delete, get_sse, header_of, mirrored,
    post_json, post_modern,
};
pub use dns::{ScriptedDns, Zone};
pub use jsonc::read_jsonc;
pub use judgement::{Judgement, Row};
pub use peers::Peers;
pub use port::{free_address, free_port};
pub use probe::Probe;
pub use process::{Captured, Guarded};
pub use propylon::{Launch, Propylon};
pub use scratch::Scratch;
pub use upstream::{
    Answer, Blackhole, Connection, End, EventFeed, Exchange, Gate, Greeting, Upstream, blackhole,
    refusing,
};
pub use wait::{eventually, within};

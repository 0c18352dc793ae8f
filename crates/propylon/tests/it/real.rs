//! Real MCP servers and clients: the official SDKs in three languages, started from what `cargo xtask peers` installed.

pub(crate) mod rmcp_client;
mod rmcp_events;
mod rmcp_server;
pub(crate) mod scenarios;
pub(crate) mod scripts;
pub(crate) mod servers;
pub(crate) mod steady;
pub(crate) mod suite;
pub(crate) mod task_server;
pub(crate) mod walks;

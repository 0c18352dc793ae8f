//! Real MCP servers and clients: the official SDKs in three languages, started from what `cargo xtask peers` installed.

pub(crate) mod rmcp_client;
pub(crate) mod rmcp_events;
pub(crate) mod rmcp_server;

//! The judge of any proxy chain: the checks, and the MCP server that reports back what reached it.

pub mod probe;

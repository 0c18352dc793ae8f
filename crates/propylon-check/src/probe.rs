//! The upstream that reports back: an MCP server that says in its answers what reached it, when, and over which connection.

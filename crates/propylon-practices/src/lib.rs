//! The table of practices: what goes wrong between an MCP client and an MCP server, and the fix.

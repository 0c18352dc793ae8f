//! The MCP data path: from an accepted connection to a relayed answer.

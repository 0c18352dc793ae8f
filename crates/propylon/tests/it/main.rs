//! The whole of `propylon serve` in front of scripted and real MCP peers.

mod real;

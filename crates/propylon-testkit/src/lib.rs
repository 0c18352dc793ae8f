//! Test peers: a scripted MCP upstream, a raw HTTP client, and a launcher of real products.

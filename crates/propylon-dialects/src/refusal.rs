//! The bodies of what a product answers itself: JSON-RPC errors, as clients of MCP expect them.

/// What a session's client is told when its instance is gone; it makes a new session then.
pub(crate) const SESSION_LOST: &str = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found: its server instance is gone. Initialize again."}}"#;

/// An error with the code that `serve` gives to this status; either may be a word that the product replaces.
pub(crate) fn own(status: &str, message: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":null,"error":{{"code":-31{status},"message":"{message}"}}}}"#)
}

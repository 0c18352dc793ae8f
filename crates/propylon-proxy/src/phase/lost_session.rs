//! What servers say of a session that they do not know.

/// Whether the body of a refusal is about the session, in the words of the servers that are in use.
///
/// The request had a session id, so whoever complains of one means that it knows no such session. The SDKs' transports
/// say so with the word itself; one that has begun no session yet, as after a restart, says that it is not initialized.
pub(crate) fn is_unknown_session(body: &[u8]) -> bool {
    const WORDS: [&[u8]; 3] = [b"session", b"not initialized", b"not initialised"];
    let lower = body.to_ascii_lowercase();
    WORDS
        .iter()
        .any(|word| memchr::memmem::find(&lower, word).is_some())
}

#[cfg(test)]
mod tests {
    use super::is_unknown_session;

    #[test]
    fn refusals_of_real_servers_are_told_apart() {
        for said in [
            // The TypeScript SDK's transport, and the server that most examples copy.
            r#"{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}"#,
            r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: Server not initialized"},"id":null}"#,
            r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: No valid session ID provided"},"id":7}"#,
            "Invalid or missing session ID",
            // The Python SDK's.
            r#"{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Session not found"}}"#,
            r#"{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Not Found: Session has been terminated"}}"#,
            // The Rust SDK's.
            "Not Found: Session not found",
        ] {
            assert!(is_unknown_session(said.as_bytes()), "{said}");
        }
        for said in [
            "",
            r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}"#,
            r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: Unsupported protocol version"},"id":null}"#,
            "no healthy upstream",
            "<html><head><title>503 Service Temporarily Unavailable</title></head></html>",
        ] {
            assert!(!is_unknown_session(said.as_bytes()), "{said}");
        }
    }
}

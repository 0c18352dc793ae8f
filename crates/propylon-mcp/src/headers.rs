//! The names of the HTTP headers MCP defines or leans on, in lower case.
//!
//! Header names are case-insensitive (2026-07-28 streamable-http, Case Sensitivity), and the spelling of the session
//! header itself changed case between revisions.

/// Names a session (2025-11-25 transports, Session Management). Legacy era only.
pub const SESSION_ID: &str = "mcp-session-id";
/// The revision a request speaks (since 2025-06-18, Protocol Version Header).
pub const PROTOCOL_VERSION: &str = "mcp-protocol-version";
/// Mirrors `method` (2026-07-28 streamable-http, Standard Request Headers).
pub const METHOD: &str = "mcp-method";
/// Mirrors `params.name` or `params.uri` (2026-07-28 streamable-http, Standard Request Headers).
pub const NAME: &str = "mcp-name";
/// Starts the headers that mirror tool arguments (2026-07-28 streamable-http, Custom Headers).
pub const PARAM_PREFIX: &str = "mcp-param-";
/// Where a client asks a legacy stream to go on (2025-11-25 transports, Resumability and Redelivery).
pub const LAST_EVENT_ID: &str = "last-event-id";
/// `no` asks proxies not to buffer the response (2026-07-28 streamable-http, Receiving Messages).
pub const ACCEL_BUFFERING: &str = "x-accel-buffering";

/// Every header of a request or response whose loss breaks MCP, apart from those under [`PARAM_PREFIX`].
pub const ALL: [&str; 5] = [SESSION_ID, PROTOCOL_VERSION, METHOD, NAME, LAST_EVENT_ID];

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_lower_case() {
        for name in super::ALL
            .iter()
            .chain(&[super::PARAM_PREFIX, super::ACCEL_BUFFERING])
        {
            assert_eq!(*name, name.to_ascii_lowercase());
        }
    }
}

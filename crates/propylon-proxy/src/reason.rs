//! Why the proxy itself answered, refused or cut: one table for the header, the log and `explain`.

use propylon_mcp::rpc_error;

/// The proxy's own reasons. The id is what `Propylon-Reason` and the log carry.
#[expect(
    missing_docs,
    reason = "each variant's row in the table says what it means"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    BackendRedirect,
    BackendRefused,
    BodyLimit,
    ClientBodyTimeout,
    ClientClosed,
    ClientHeaderTimeout,
    ClientWriteTimeout,
    ConnectionLimit,
    Draining,
    FrameLimit,
    HeaderLimit,
    HeaderMismatch,
    IdleTimeout,
    MethodUnsupported,
    OriginRefused,
    RequestInvalid,
    ResponseTimeout,
    RouteUnknown,
    SessionLost,
    SessionUnknown,
    StreamGone,
    StreamLimit,
    StreamTimeout,
    TaskLost,
    TenantRateLimit,
    TenantStreamLimit,
    ToolRefused,
    UpstreamClosed,
    UpstreamRefused,
    UpstreamResponseInvalid,
    UpstreamTls,
    UpstreamUnreachable,
}

/// What a reason means, for whoever meets it.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// The reason itself.
    pub reason: Reason,
    /// Its stable id, in the field's own words.
    pub id: &'static str,
    /// The HTTP status of the answer, where one could still be given.
    pub status: u16,
    /// One sentence for the client, put in the JSON-RPC error.
    pub message: &'static str,
    /// The configuration key that governs it, where one does.
    pub key: Option<&'static str>,
    /// Whether trying again later makes sense: the answer then carries `Retry-After`.
    pub retry_after_seconds: Option<u32>,
    /// What happened and what to do, for the operator.
    pub advice: &'static str,
}

impl Reason {
    /// The row of the table.
    pub fn explain(self) -> &'static Explanation {
        REASONS
            .iter()
            .find(|row| row.reason == self)
            .unwrap_or(&REASONS[0])
    }

    /// The stable id.
    pub fn id(self) -> &'static str {
        self.explain().id
    }

    /// The JSON-RPC error code of the answer.
    ///
    /// A lost session has the code the SDKs know, a lost task that of an unknown one; a refused request has JSON-RPC's own. The rest
    /// have codes outside JSON-RPC's reserved range, as the specification asks of new ones
    /// (2026-07-28 basic, Error Codes).
    pub fn rpc_code(self) -> i32 {
        match self {
            Self::SessionLost | Self::SessionUnknown | Self::StreamGone => {
                rpc_error::SESSION_NOT_FOUND
            }
            Self::TaskLost => rpc_error::INVALID_PARAMS,
            Self::HeaderMismatch => rpc_error::HEADER_MISMATCH,
            Self::RequestInvalid => rpc_error::INVALID_REQUEST,
            other => rpc_error::gateway_code(other.explain().status),
        }
    }
}

const fn row(
    reason: Reason,
    (id, status): (&'static str, u16),
    message: &'static str,
    (key, retry_after_seconds): (Option<&'static str>, Option<u32>),
    advice: &'static str,
) -> Explanation {
    Explanation {
        reason,
        id,
        status,
        message,
        key,
        retry_after_seconds,
        advice,
    }
}

/// Every reason, sorted by id.
pub const REASONS: &[Explanation] = &[
    row(
        Reason::BackendRedirect,
        ("backend-redirect", 502),
        "The backend redirects to where it was not registered. The redirect was not followed.",
        (None, None),
        "A server that a user registered answered with a redirect to another origin, or to another path than the one it was registered with. No redirect is ever followed here, and this one is not passed on either: whoever follows it would take the caller's headers to a place that nobody judged. The log line's detail says what was found.",
    ),
    row(
        Reason::BackendRefused,
        ("backend-refused", 502),
        "The backend's address is not one that may be dialled.",
        (Some("backends.guard"), None),
        "A server that a user registered is at an address that the guard refuses now: its name has moved, the rules have changed, or the network has. Nothing was dialled. The log line's detail and the API's `state` name the address and the rule; it is judged again for the next request.",
    ),
    row(
        Reason::BodyLimit,
        ("body-limit", 413),
        "The request body is larger than this proxy accepts.",
        (Some("limits.body_bytes"), None),
        "A client sent more than limits.body_bytes. Nothing reached the upstream, or the request was cut there. Raise the limit if such requests are legitimate.",
    ),
    row(
        Reason::ClientBodyTimeout,
        ("client-body-timeout", 408),
        "The request body stopped arriving.",
        (Some("timeouts.body_idle"), None),
        "A client announced a body and then sent nothing of it for timeouts.body_idle.",
    ),
    row(
        Reason::ClientClosed,
        ("client-closed", 499),
        "The client closed the connection.",
        (None, None),
        "The client went away before the answer was complete. The upstream request was closed at once: in 2026-07-28 that is the cancellation; in earlier revisions the call goes on and can be resumed where the server offers it.",
    ),
    row(
        Reason::ClientHeaderTimeout,
        ("client-header-timeout", 408),
        "The request head did not arrive in time.",
        (Some("timeouts.header_read"), None),
        "A client began a request and did not finish its head within timeouts.header_read.",
    ),
    row(
        Reason::ClientWriteTimeout,
        ("client-write-timeout", 408),
        "The client stopped reading.",
        (Some("timeouts.write_idle"), None),
        "A client read nothing of its answer for timeouts.write_idle while data was waiting. Its connection and the upstream's were closed.",
    ),
    row(
        Reason::ConnectionLimit,
        ("connection-limit", 503),
        "This proxy has as many connections open as it allows.",
        (Some("limits.connections"), Some(1)),
        "limits.connections was reached. Raise it together with the open-files limit of the process, or add a replica.",
    ),
    row(
        Reason::Draining,
        ("draining", 503),
        "This proxy is shutting down.",
        (Some("drain"), Some(1)),
        "The proxy was told to stop; the grace given by drain was over and the exchange was ended.",
    ),
    row(
        Reason::FrameLimit,
        ("frame-limit", 429),
        "The connection sent more control frames than this proxy accepts.",
        (Some("limits.control_frames"), None),
        "An HTTP/2 connection sent more frames that carry nothing of a message in a second than limits.control_frames: PING, SETTINGS, PRIORITY, RST_STREAM, empty or unknown ones. It was closed with ENHANCE_YOUR_CALM, and its requests with it. Only attacks do that; raise the limit where a client that cancels very many requests is meant to.",
    ),
    row(
        Reason::HeaderLimit,
        ("header-limit", 431),
        "The request head is larger than this proxy accepts.",
        (Some("limits.header_bytes, limits.header_count"), None),
        "A request head exceeded limits.header_bytes or limits.header_count. Long tokens and many Mcp-Param-* headers are the usual cause.",
    ),
    row(
        Reason::HeaderMismatch,
        ("header-mismatch", 400),
        "Header mismatch",
        (Some("upstreams.<name>.mirror"), None),
        "A 2026-07-28 request whose MCP-Protocol-Version, Mcp-Method, Mcp-Name or Mcp-Param-* headers are missing, repeated, malformed, or not what its body says; the log line's detail says which. Mcp-Param-* headers are known from the newest tools/list that passed; those of other names go on as they came. Whoever acts on the header would have acted on something else than the server runs. Mend the client; `mirror: observe` lets such requests through and only logs them. A body beyond limits.peek_bytes is judged by what of it is seen, and by the server.",
    ),
    row(
        Reason::IdleTimeout,
        ("idle-timeout", 504),
        "The upstream sent nothing for too long.",
        (Some("upstreams.<name>.timeouts.idle"), None),
        "A response had begun and then no byte came for timeouts.idle. Raise it, or let the server send SSE comments.",
    ),
    row(
        Reason::MethodUnsupported,
        ("method-unsupported", 405),
        "CONNECT is not served here.",
        (None, None),
        "The client asked for a tunnel. A reverse proxy opens none.",
    ),
    row(
        Reason::OriginRefused,
        ("origin-refused", 403),
        "Web pages of this origin are not let in.",
        (Some("routes[].cors.origins"), None),
        "A browser sent an Origin that is neither the route's own nor listed in routes[].cors.origins. A host counts as the route's own where routes[].host names it, or where it is a literal address or localhost: any other name could have been pointed here by whoever made the page. Nothing reached the upstream.",
    ),
    row(
        Reason::RequestInvalid,
        ("request-invalid", 400),
        "The request is not valid HTTP.",
        (None, None),
        "The request could be read in two ways (both lengths, folded lines, a bare LF, two lengths) or is not HTTP. It was refused so that no server behind reads it differently. The log line's detail says what was found.",
    ),
    row(
        Reason::ResponseTimeout,
        ("response-timeout", 504),
        "The upstream did not begin its answer in time.",
        (Some("upstreams.<name>.timeouts.response_head"), None),
        "The request was sent and no response head came within timeouts.response_head. The call may still be running on the server, and was not sent again. Raise the timeout for long silent tool calls.",
    ),
    row(
        Reason::RouteUnknown,
        ("route-unknown", 404),
        "No route serves this host and path.",
        (Some("routes"), None),
        "The host and path match no route. Check the path prefix the client uses against routes[].path, and the host against routes[].host.",
    ),
    row(
        Reason::SessionLost,
        ("session-lost", 404),
        "Session not found: its server instance is gone. Initialize again.",
        (Some("upstreams.<name>.affinity.on_lost"), None),
        "The instance that held this session refused the connection or left. 404 makes a client start a new session (2025-11-25 transports, Session Management 4). For clients that never do, `on_lost: reinitialize` begins it anew; where that failed, the log line's detail says why.",
    ),
    row(
        Reason::SessionUnknown,
        ("session-unknown", 404),
        "Session not found. Initialize again.",
        (Some("upstreams.<name>.affinity"), None),
        "The session id was not sealed with any key of key_file for this upstream: it is made up, older than the oldest key, or from another deployment. 404 makes a client start a new session (2025-11-25 transports, Session Management 4). Replicas must have the same keys.",
    ),
    row(
        Reason::StreamGone,
        ("stream-gone", 404),
        "Session not found: its event stream is not open. Open a new one.",
        (Some("upstreams.<name>.affinity"), None),
        "HTTP with SSE (2024-11-05): a message was posted to an address that a server announced on an event stream, and no such stream is open through this proxy. The session ended with its stream, and the client has to open another.",
    ),
    row(
        Reason::StreamLimit,
        ("stream-limit", 503),
        "Too many event streams are open.",
        (Some("limits.streams, limits.streams_per_client"), Some(5)),
        "The client address, or all clients together, hold as many event streams as the limits allow. Behind another proxy, set trusted_proxies so that clients are told apart.",
    ),
    row(
        Reason::StreamTimeout,
        ("stream-timeout", 504),
        "The exchange lasted longer than this proxy allows.",
        (Some("upstreams.<name>.timeouts.stream"), None),
        "An exchange was still open after timeouts.stream and was cut.",
    ),
    row(
        Reason::TaskLost,
        ("task-lost", 404),
        "Task not found: its server instance is gone.",
        (Some("upstreams.<name>.affinity"), None),
        "The instance that made this task refused the connection or left, and the task with it. The code is the one servers give an unknown task (SEP-2663, Protocol Errors); the client has to make the call again.",
    ),
    row(
        Reason::TenantRateLimit,
        ("tenant-rate-limit", 429),
        "This tenant makes too many requests.",
        (Some("backends.quotas.requests_per_second"), Some(1)),
        "All servers of one tenant together were asked more often than backends.quotas.requests_per_second allows. Nothing reached the server.",
    ),
    row(
        Reason::TenantStreamLimit,
        ("tenant-stream-limit", 429),
        "This tenant has too many event streams open.",
        (Some("backends.quotas.streams"), Some(5)),
        "All servers of one tenant together have as many event streams open as backends.quotas.streams allows. Streams that answer calls do not count.",
    ),
    row(
        Reason::ToolRefused,
        ("tool-refused", 403),
        "This tool may not be called here.",
        (Some("limits.peek_bytes"), None),
        "The server was registered with the tools that may be called, and the request calls another one, or cannot be read beyond doubt: a member given twice, a coded body, one larger than limits.peek_bytes, or none that is JSON. The log line's detail says which. Nothing reached the server.",
    ),
    row(
        Reason::UpstreamClosed,
        ("upstream-closed", 502),
        "The upstream closed the connection before its answer was complete. The request was not sent again.",
        (None, None),
        "The server took the request and closed the connection without a whole answer: it crashed, was killed, or closed a kept-alive connection at that moment. It may have run the call, so nothing was replayed.",
    ),
    row(
        Reason::UpstreamRefused,
        ("upstream-refused", 502),
        "No instance of the upstream accepts connections.",
        (Some("upstreams.<name>.urls"), None),
        "Every instance refused the connection: nothing listens on that address and port. The request never left.",
    ),
    row(
        Reason::UpstreamResponseInvalid,
        ("upstream-response-invalid", 502),
        "The upstream's answer is not valid HTTP/1.1.",
        (None, None),
        "What the server sent cannot be relayed without guessing: a broken status line or header, a line that ends in LF alone, two lengths, a broken chunk, or a head beyond limits.header_bytes. The log line's detail says what was found.",
    ),
    row(
        Reason::UpstreamTls,
        ("upstream-tls", 502),
        "The upstream could not be verified.",
        (Some("upstreams.<name>.tls"), None),
        "Something answered at an instance's address, and the TLS handshake failed: the certificate has expired, is for another name, or was issued by no root that is trusted, or no TLS 1.2 or 1.3 is spoken there. Nothing of the request has left. The log line's detail says what was wanted and what was found; upstreams.<name>.tls names roots, name and keys.",
    ),
    row(
        Reason::UpstreamUnreachable,
        ("upstream-unreachable", 503),
        "The upstream cannot be reached at the moment.",
        (Some("upstreams.<name>.timeouts.connect"), Some(2)),
        "A connection could not be made within timeouts.connect, the network had no way there, or the name has no address. The instance may still be alive, so its sessions are kept.",
    ),
];

/// The table as a Markdown document, for the reference.
pub fn reasons_markdown() -> String {
    let mut text = String::from(
        "What `Propylon-Reason` and the log's `reason` say. The answer is a JSON-RPC error with the request's id, where\n\
         that is known; `propylon explain ID` says the same in a terminal. 499 and 429 are only ever seen in the log.\n",
    );
    for row in REASONS {
        text.push_str(&format!("\n## `{}`\n\nHTTP {}", row.id, row.status));
        if let Some(seconds) = row.retry_after_seconds {
            text.push_str(&format!(" with `Retry-After: {seconds}`"));
        }
        let key = row
            .key
            .map(|key| format!(", governed by `{}`", key.replace(", ", "` and `")));
        text.push_str(&format!(
            "{}. {}\n\n{}\n",
            key.unwrap_or_default(),
            row.message,
            row.advice
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_whole() {
        assert!(REASONS.is_sorted_by_key(|row| row.id));
        for row in REASONS {
            assert_eq!(row.reason.id(), row.id);
            assert_eq!(
                format!("{:?}", row.reason).len(),
                row.id.replace('-', "").len(),
                "{}",
                row.id
            );
            assert!((400..600).contains(&row.status));
        }
    }
}

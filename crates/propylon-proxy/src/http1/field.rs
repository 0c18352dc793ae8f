//! The header fields that a proxy acts on, told apart once while a head is read.

/// A field the proxy acts on; everything else is carried without a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Accept,
    AcceptEncoding,
    AccessControlRequestHeaders,
    AccessControlRequestMethod,
    CacheControl,
    Connection,
    ContentEncoding,
    ContentLength,
    ContentType,
    Expect,
    Forwarded,
    Host,
    KeepAlive,
    LastEventId,
    Location,
    McpMethod,
    McpName,
    McpProtocolVersion,
    McpSessionId,
    Origin,
    ProxyConnection,
    StrictTransportSecurity,
    Te,
    Traceparent,
    Tracestate,
    TransferEncoding,
    Upgrade,
    Via,
    WwwAuthenticate,
    XAccelBuffering,
    XForwardedFor,
    XForwardedHost,
    XForwardedPort,
    /// What else tells a server who the client is: `X-Real-IP`, `Client-Cert` and `Client-Cert-Chain`
    /// (RFC 9440), any other `X-Forwarded-*`, and all of them spelt with underscores, which many servers
    /// cannot tell from hyphens.
    ClientClaim,
    XForwardedProto,
    XRequestId,
    Other,
}

impl Field {
    /// Tells a field by its name, whatever its case.
    pub(crate) fn of(name: &[u8]) -> Self {
        let candidates: &[(&str, Self)] = match name.len() {
            2 => &[("te", Self::Te)],
            3 => &[("via", Self::Via)],
            4 => &[("host", Self::Host)],
            6 => &[
                ("accept", Self::Accept),
                ("expect", Self::Expect),
                ("origin", Self::Origin),
            ],
            7 => &[("upgrade", Self::Upgrade)],
            8 => &[("mcp-name", Self::McpName), ("location", Self::Location)],
            9 => &[("forwarded", Self::Forwarded)],
            10 => &[
                ("connection", Self::Connection),
                ("keep-alive", Self::KeepAlive),
                ("mcp-method", Self::McpMethod),
                ("tracestate", Self::Tracestate),
            ],
            11 => &[("traceparent", Self::Traceparent)],
            12 => &[
                ("content-type", Self::ContentType),
                ("x-request-id", Self::XRequestId),
            ],
            13 => &[
                ("last-event-id", Self::LastEventId),
                ("cache-control", Self::CacheControl),
            ],
            14 => &[
                ("content-length", Self::ContentLength),
                ("mcp-session-id", Self::McpSessionId),
            ],
            15 => &[
                ("x-forwarded-for", Self::XForwardedFor),
                ("accept-encoding", Self::AcceptEncoding),
            ],
            16 => &[
                ("content-encoding", Self::ContentEncoding),
                ("x-forwarded-host", Self::XForwardedHost),
                ("x-forwarded-port", Self::XForwardedPort),
                ("proxy-connection", Self::ProxyConnection),
                ("www-authenticate", Self::WwwAuthenticate),
            ],
            17 => &[
                ("transfer-encoding", Self::TransferEncoding),
                ("x-accel-buffering", Self::XAccelBuffering),
                ("x-forwarded-proto", Self::XForwardedProto),
            ],
            20 => &[("mcp-protocol-version", Self::McpProtocolVersion)],
            25 => &[("strict-transport-security", Self::StrictTransportSecurity)],
            29 => &[(
                "access-control-request-method",
                Self::AccessControlRequestMethod,
            )],
            30 => &[(
                "access-control-request-headers",
                Self::AccessControlRequestHeaders,
            )],
            _ => &[],
        };
        candidates
            .iter()
            .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name))
            .map_or_else(|| Self::by_resemblance(name), |(_, field)| *field)
    }

    fn by_resemblance(name: &[u8]) -> Self {
        let hyphenated = |byte: &u8| {
            if *byte == b'_' {
                b'-'
            } else {
                byte.to_ascii_lowercase()
            }
        };
        let begins = |with: &[u8]| {
            name.len() >= with.len() && name.iter().map(hyphenated).zip(with).all(|(a, b)| a == *b)
        };
        let is = |known: &[u8]| name.len() == known.len() && begins(known);
        let claims = begins(b"x-forwarded-")
            || is(b"x-real-ip")
            || is(b"client-cert")
            || is(b"client-cert-chain");
        if claims {
            Self::ClientClaim
        } else {
            Self::Other
        }
    }

    /// Whether the proxy writes the field itself.
    pub(crate) fn is_ours(self) -> bool {
        matches!(
            self,
            Self::Forwarded
                | Self::XForwardedFor
                | Self::XForwardedHost
                | Self::XForwardedPort
                | Self::XForwardedProto
        )
    }

    /// Whether the field may stand behind a body: not what frames or routes a message, nor what tells
    /// who the client is.
    pub(crate) fn may_trail(self) -> bool {
        let decides = matches!(
            self,
            Self::ClientClaim
                | Self::ContentLength
                | Self::Expect
                | Self::Host
                | Self::McpSessionId
                | Self::XRequestId
        );
        !(decides || self.is_ours() || self.is_hop_by_hop())
    }

    /// Whether the field belongs to one connection and is never forwarded (RFC 9110, 7.6.1).
    pub(crate) fn is_hop_by_hop(self) -> bool {
        matches!(
            self,
            Self::Connection
                | Self::KeepAlive
                | Self::ProxyConnection
                | Self::Te
                | Self::TransferEncoding
                | Self::Upgrade
        )
    }
}

/// The comma-separated elements of a field's value, trimmed, empty ones left out.
pub(crate) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_in_any_case() {
        for (name, expected) in [
            ("Mcp-Session-Id", Field::McpSessionId),
            ("MCP-PROTOCOL-VERSION", Field::McpProtocolVersion),
            ("mcp-name", Field::McpName),
            ("Mcp-Names", Field::Other),
            ("X-Real-IP", Field::ClientClaim),
            ("X_Forwarded_For", Field::ClientClaim),
            ("X-Forwarded-Client_Cert", Field::ClientClaim),
            ("Client-Cert", Field::ClientClaim),
            ("client_cert_chain", Field::ClientClaim),
            ("Client-Certs", Field::Other),
            ("x-forwarded_prefix", Field::ClientClaim),
            ("X-Forwarder", Field::Other),
            ("Mcp-Param-user_id", Field::Other),
            ("", Field::Other),
        ] {
            assert_eq!(Field::of(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn elements_are_trimmed() {
        let found: Vec<_> = elements(b" close,, TE ,x").collect();
        assert_eq!(found, [&b"close"[..], b"TE", b"x"]);
    }
}

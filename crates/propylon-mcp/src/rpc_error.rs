//! JSON-RPC error bodies that a component between client and server answers with itself.

use crate::peek::RpcId;

/// The body is not JSON (JSON-RPC 2.0, 5.1).
pub const PARSE_ERROR: i32 = -32700;
/// JSON, but not a valid request (JSON-RPC 2.0, 5.1).
pub const INVALID_REQUEST: i32 = -32600;
/// The method does not exist (JSON-RPC 2.0, 5.1).
pub const METHOD_NOT_FOUND: i32 = -32601;
/// The parameters are wrong (JSON-RPC 2.0, 5.1).
pub const INVALID_PARAMS: i32 = -32602;
/// An internal error (JSON-RPC 2.0, 5.1).
pub const INTERNAL_ERROR: i32 = -32603;
/// The session is unknown: what the SDKs' servers send with 404. It lies in the legacy sub-range, where the
/// specification gives no code a meaning (2026-07-28 basic, Error Codes), so it is for legacy clients only, which act
/// on the 404 and not on the code.
pub const SESSION_NOT_FOUND: i32 = -32001;
/// Headers and body disagree, or a required header is missing (2026-07-28 streamable-http, Server Validation).
pub const HEADER_MISMATCH: i32 = -32020;
/// The request needs a capability the client did not declare (2026-07-28 basic, Error Codes).
pub const MISSING_REQUIRED_CLIENT_CAPABILITY: i32 = -32021;
/// The server does not speak the requested version (2026-07-28 versioning, Protocol Version Negotiation).
pub const UNSUPPORTED_PROTOCOL_VERSION: i32 = -32022;

/// The code of a gateway's own error that goes with an HTTP status, such as -31503 for 503.
///
/// Codes the specification does not define are to lie outside -32768 … -32000 (2026-07-28 basic, Error Codes), which
/// also keeps a gateway's errors from being taken for the server's.
pub const fn gateway_code(status: u16) -> i32 {
    -31_000 - (status as i32 % 1000)
}

/// Writes `{"jsonrpc":"2.0","id":…,"error":{"code":…,"message":"…","data":{…}}}`.
///
/// Without an id the member is left out: the specification speaks of an error response that has no `id`
/// (2026-07-28 transports, Sending Messages 5), and its schema knows no null. `data` is left out when it is empty; its
/// values are written as strings.
pub fn error_body(
    id: Option<&RpcId<'_>>,
    code: i32,
    message: &str,
    data: &[(&str, &str)],
) -> Vec<u8> {
    let mut body = Vec::with_capacity(128 + message.len());
    body.extend_from_slice(br#"{"jsonrpc":"2.0","#);
    if let Some(id) = id {
        body.extend_from_slice(br#""id":"#);
        body.extend_from_slice(id.as_json().as_bytes());
        body.push(b',');
    }
    body.extend_from_slice(br#""error":{"code":"#);
    body.extend_from_slice(code.to_string().as_bytes());
    body.extend_from_slice(br#","message":"#);
    write_string(&mut body, message);
    for (index, (key, value)) in data.iter().enumerate() {
        body.extend_from_slice(if index == 0 { br#","data":{"# } else { b"," });
        write_string(&mut body, key);
        body.push(b':');
        write_string(&mut body, value);
    }
    body.extend_from_slice(if data.is_empty() { b"}}" } else { b"}}}" });
    body
}

/// Appends `text` as a JSON string with its quotes.
fn write_string(body: &mut Vec<u8>, text: &str) {
    body.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => body.extend_from_slice(br#"\""#),
            b'\\' => body.extend_from_slice(br"\\"),
            b'\n' => body.extend_from_slice(br"\n"),
            b'\r' => body.extend_from_slice(br"\r"),
            b'\t' => body.extend_from_slice(br"\t"),
            0x00..=0x1f => body.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => body.push(byte),
        }
    }
    body.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use serde_json::{Value, json};

    use super::{HEADER_MISMATCH, error_body, gateway_code};
    use crate::peek::RpcId;

    #[test]
    fn writes_the_exact_bytes() {
        let id = RpcId::from_json("\"a-1\"").unwrap();
        assert_eq!(
            error_body(Some(&id), HEADER_MISMATCH, "Header mismatch", &[("header", "mcp-name")]),
            br#"{"jsonrpc":"2.0","id":"a-1","error":{"code":-32020,"message":"Header mismatch","data":{"header":"mcp-name"}}}"#
        );
        assert_eq!(
            error_body(None, -32603, "", &[]),
            br#"{"jsonrpc":"2.0","error":{"code":-32603,"message":""}}"#
        );
    }

    #[test]
    fn gateway_codes_lie_outside_the_reserved_range() {
        for status in [400, 404, 413, 429, 502, 503, 504, 999, u16::MAX] {
            assert!(!(-32768..=-32000).contains(&gateway_code(status)));
        }
        assert_eq!(gateway_code(503), -31503);
    }

    proptest! {
        #[test]
        fn any_text_reads_back(message: String, key: String, value: String, code: i32, id in any::<i64>()) {
            let id_text = id.to_string();
            let body = error_body(RpcId::from_json(&id_text).as_ref(), code, &message, &[(&key, &value)]);
            let read: Value = serde_json::from_slice(&body).unwrap();
            let data = json!({ key: value });
            assert_eq!(read, json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message, "data": data}}));
        }
    }
}

//! A JSON-RPC message as it came, and the answers to one.

use serde_json::{Map, Value, json};

use super::members::Members;

/// Invalid JSON.
pub(crate) const PARSE_ERROR: i64 = -32_700;
/// Not a request.
pub(crate) const INVALID_REQUEST: i64 = -32_600;
/// No such method.
pub(crate) const METHOD_NOT_FOUND: i64 = -32_601;
/// Arguments that cannot be used.
pub(crate) const INVALID_PARAMS: i64 = -32_602;
/// The probe cannot.
pub(crate) const INTERNAL_ERROR: i64 = -32_603;
/// What legacy SDKs send with 404 for a session they do not know.
pub(crate) const SESSION_NOT_FOUND: i64 = -32_001;
/// 2026-07-28 streamable-http, Server Validation.
pub(crate) const HEADER_MISMATCH: i64 = -32_020;
/// 2026-07-28 basic, `_meta`.
pub(crate) const MISSING_CAPABILITY: i64 = -32_021;
/// 2026-07-28 versioning, Protocol Version Negotiation.
pub(crate) const UNSUPPORTED_VERSION: i64 = -32_022;

/// A JSON-RPC error that ends an exchange, and the HTTP status it goes under.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: i64, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            data: None,
        }
    }

    /// Arguments that cannot be used: an answer like any other, so under 200.
    pub(crate) fn params(message: impl Into<String>) -> Self {
        Self::new(200, INVALID_PARAMS, message)
    }

    pub(crate) fn with(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// The error response; without an id when the request's could not be read.
    pub(crate) fn json(&self, id: Option<&Value>) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if let (Some(data), Some(error)) = (&self.data, error.as_object_mut()) {
            error.insert("data".into(), data.clone());
        }
        let mut response = json!({"jsonrpc": "2.0", "error": error});
        if let (Some(id), Some(response)) = (id, response.as_object_mut()) {
            response.insert("id".into(), id.clone());
        }
        response
    }
}

/// A result response.
pub(crate) fn result(id: &Value, result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

/// What a client's message is.
#[derive(Clone, Debug)]
pub(crate) enum Message<'a> {
    Request {
        id: Value,
        method: String,
        params: Members<'a>,
    },
    Notification {
        method: String,
    },
    /// A response to a request of ours. We make none, so it is taken and forgotten.
    Response,
}

/// Reads the one message of a body.
pub(crate) fn read(body: &[u8]) -> Result<Message<'_>, Refusal> {
    let bad = |code, message: &str| Err(Refusal::new(400, code, message));
    let Ok(text) = std::str::from_utf8(body) else {
        return bad(PARSE_ERROR, "the body is not UTF-8");
    };
    if text.trim_start().starts_with('[') {
        return bad(
            INVALID_REQUEST,
            "batches are not offered here: send one message a request",
        );
    }
    let Some(members) = Members::read(text) else {
        return bad(PARSE_ERROR, "the body is not a JSON object");
    };
    if members.text("jsonrpc").as_deref() != Some("2.0") {
        return bad(INVALID_REQUEST, "not a JSON-RPC 2.0 message");
    }
    let Some(method) = members.text("method") else {
        let answers = members.has("result") || members.has("error");
        return if answers {
            Ok(Message::Response)
        } else {
            bad(INVALID_REQUEST, "a message needs a method")
        };
    };
    if !members.has("id") {
        return Ok(Message::Notification { method });
    }
    let id = members
        .value("id")
        .filter(|id| id.is_string() || id.is_i64() || id.is_u64());
    let Some(id) = id else {
        return bad(INVALID_REQUEST, "an id is a string or an integer");
    };
    let params = match members.raw("params") {
        None => Some(Members::default()),
        Some(raw) => Members::read(raw),
    };
    match params {
        Some(params) => Ok(Message::Request { id, method, params }),
        None => bad(
            INVALID_REQUEST,
            "params must be an object of at most 256 members",
        ),
    }
}

/// Adds what every result of the modern era has (2026-07-28 basic, Result Responses).
pub(crate) fn stamp_result(result: &mut Map<String, Value>, modern: bool, instance: &str) {
    let meta = result.entry("_meta").or_insert_with(|| json!({}));
    if let Some(meta) = meta.as_object_mut() {
        meta.insert(
            "dev.propylon/probe".into(),
            json!({"instance": instance, "contract": 1}),
        );
        if modern {
            meta.insert("io.modelcontextprotocol/serverInfo".into(), server_info());
        }
    }
    if modern {
        result
            .entry("resultType")
            .or_insert_with(|| json!("complete"));
    }
}

/// Who the probe says it is.
pub(crate) fn server_info() -> Value {
    json!({"name": "propylon-probe", "version": env!("CARGO_PKG_VERSION")})
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Message, Refusal, read};

    #[test]
    fn messages_are_told_apart() {
        let request =
            read(br#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"x"}}"#)
                .unwrap();
        let Message::Request { id, method, params } = request else {
            panic!("{request:?}")
        };
        assert_eq!(
            (id, method.as_str(), params.text("name").as_deref()),
            (json!("a"), "tools/call", Some("x"))
        );
        let notification =
            read(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).unwrap();
        assert!(matches!(notification, Message::Notification { .. }));
        assert!(matches!(
            read(br#"{"jsonrpc":"2.0","id":1,"result":{}}"#).unwrap(),
            Message::Response
        ));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for (body, code) in [
            ("", -32_700),
            ("{", -32_700),
            ("3", -32_700),
            ("[]", -32_600),
            ("{}", -32_600),
            (r#"{"jsonrpc":"2.0"}"#, -32_600),
            (r#"{"jsonrpc":"2.0","id":null,"method":"x"}"#, -32_600),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"x"}"#, -32_600),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"x","params":[]}"#,
                -32_600,
            ),
        ] {
            let refusal = read(body.as_bytes()).unwrap_err();
            assert_eq!((refusal.status, refusal.code), (400, code), "{body}");
        }
    }

    #[test]
    fn an_error_has_its_requests_id() {
        let refusal = Refusal::params("no").with(json!({"argument": "bytes"}));
        assert_eq!(
            refusal.json(Some(&json!(7))),
            json!({"jsonrpc": "2.0", "id": 7, "error": {"code": -32_602, "message": "no", "data": {"argument": "bytes"}}})
        );
        assert!(refusal.json(None).get("id").is_none());
    }
}

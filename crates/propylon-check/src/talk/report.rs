//! What the probe says it saw, taken out of an answer.

use serde_json::Value;

use crate::wire::{Response, Trouble};

/// A tool's structured result, and the answer that carried it.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) value: Value,
    pub(crate) response: Response,
}

/// Code and message of a JSON-RPC error.
pub(crate) fn rpc_error(message: &Value) -> Option<(i64, String)> {
    let error = message.get("error")?;
    let text = error
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or_default();
    Some((error.get("code")?.as_i64()?, text.to_owned()))
}

impl Report {
    /// Reads a report out of an answer.
    pub(crate) fn read(tool: &str, response: Response) -> Result<Self, Trouble> {
        let Some(message) = response.message() else {
            return Err(Trouble::unexpected(format!(
                "{tool} was answered with {}, ending {}: {}",
                response.head.describe(),
                response.ending.describe(),
                response.excerpt()
            )));
        };
        if let Some((code, text)) = rpc_error(&message) {
            return Err(Trouble::unexpected(format!(
                "{tool} was refused with HTTP {} and JSON-RPC {code}: {text}",
                response.status()
            )));
        }
        match structured(&message) {
            Some(value) => Ok(Self { value, response }),
            None => Err(Trouble::unexpected(format!(
                "{tool} gave no report: {}",
                response.excerpt()
            ))),
        }
    }

    /// The value at a JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer)
    }

    /// The text at a JSON pointer.
    pub(crate) fn text(&self, pointer: &str) -> Option<&str> {
        self.at(pointer)?.as_str()
    }

    /// The number at a JSON pointer.
    pub(crate) fn number(&self, pointer: &str) -> Option<u64> {
        self.at(pointer)?.as_u64()
    }

    /// The instance that executed the call.
    pub(crate) fn instance(&self) -> &str {
        self.text("/instance").unwrap_or("?")
    }

    /// Header names and values that `echo_request` saw, in order.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let pairs = self.at("/request/headers").and_then(Value::as_array);
        pairs
            .into_iter()
            .flatten()
            .filter_map(|pair| {
                let name = pair.get(0)?.as_str()?;
                let value = pair.get(1)?.as_str()?;
                Some((name.to_owned(), value.to_owned()))
            })
            .collect()
    }

    /// The values of one header that `echo_request` saw.
    pub(crate) fn header(&self, name: &str) -> Vec<String> {
        let headers = self.headers().into_iter();
        headers
            .filter(|(each, _)| each.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }
}

/// The structured content of a result; revisions without it repeat it as text.
fn structured(message: &Value) -> Option<Value> {
    let result = message.get("result")?;
    if let Some(value) = result.get("structuredContent") {
        return Some(value.clone());
    }
    let text = result.pointer("/content/0/text")?.as_str()?;
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{rpc_error, structured};

    #[test]
    fn a_report_is_structured_or_text() {
        let whole = json!({"result": {"structuredContent": {"a": 1}, "content": []}});
        assert_eq!(structured(&whole), Some(json!({"a": 1})));
        let text = json!({"result": {"content": [{"type": "text", "text": "{\"a\":2}"}]}});
        assert_eq!(structured(&text), Some(json!({"a": 2})));
        assert_eq!(structured(&json!({"result": {}})), None);
    }

    #[test]
    fn an_error_has_a_code() {
        let error = json!({"error": {"code": -32001, "message": "Session not found"}});
        assert_eq!(
            rpc_error(&error),
            Some((-32001, "Session not found".into()))
        );
        assert_eq!(rpc_error(&json!({"result": {}})), None);
    }
}

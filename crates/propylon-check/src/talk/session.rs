//! A legacy session: how it is opened, and the requests that belong to it.

use serde_json::{Value, json};

use super::voice::{LEGACY, initialize_body};
use crate::lab::Lab;
use crate::wire::{Request, Response, Trouble};

/// A session of a legacy revision.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) revision: String,
    /// The probe's instance that minted it.
    pub(crate) instance: Option<String>,
}

impl Session {
    /// Opens a session of the newest legacy revision.
    pub(crate) async fn open(lab: &Lab) -> Result<Self, Trouble> {
        Self::open_with(lab, &Value::Null).await
    }

    /// Opens a session whose `initialize` carries `_meta`.
    pub(crate) async fn open_with(lab: &Lab, meta: &Value) -> Result<Self, Trouble> {
        let mut body = initialize_body(lab, LEGACY);
        if let (false, Some(params)) = (
            meta.is_null(),
            body.get_mut("params").and_then(Value::as_object_mut),
        ) {
            params.insert("_meta".into(), meta.clone());
        }
        let response = lab.ask(&lab.post(&body)).await?;
        Self::read(&response)
    }

    /// The session an answer to `initialize` made.
    pub(crate) fn read(response: &Response) -> Result<Self, Trouble> {
        let result = response
            .message()
            .and_then(|message| message.get("result").cloned());
        let (Some(result), 200) = (result, response.status()) else {
            return Err(Trouble::unexpected(format!(
                "initialize was answered with {}: {}",
                response.head.describe(),
                response.excerpt()
            )));
        };
        let Some(id) = response.head.get("mcp-session-id") else {
            return Err(Trouble::unexpected(
                "the answer to initialize carries no Mcp-Session-Id",
            ));
        };
        let revision = result
            .get("protocolVersion")
            .and_then(Value::as_str)
            .unwrap_or(LEGACY);
        let named = result
            .pointer("/_meta/dev.propylon~1probe/instance")
            .and_then(Value::as_str)
            .map(str::to_owned);
        Ok(Self {
            id,
            revision: revision.to_owned(),
            instance: named.or_else(|| response.head.instance()),
        })
    }

    /// Tells the server that the client is ready.
    pub(crate) async fn ready(&self, lab: &Lab) -> Result<Response, Trouble> {
        let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        lab.ask(&self.request(lab, &note)).await
    }

    /// A POST within the session.
    pub(crate) fn request(&self, lab: &Lab, message: &Value) -> Request {
        self.sign(lab.post(message))
    }

    /// A GET of the session's stream.
    pub(crate) fn get(&self, lab: &Lab) -> Request {
        self.sign(lab.bare("GET").with("Accept", "text/event-stream"))
    }

    /// A DELETE of the session.
    pub(crate) fn delete(&self, lab: &Lab) -> Request {
        self.sign(lab.bare("DELETE"))
    }

    fn sign(&self, request: Request) -> Request {
        request
            .with("Mcp-Session-Id", &self.id)
            .with("MCP-Protocol-Version", &self.revision)
    }
}

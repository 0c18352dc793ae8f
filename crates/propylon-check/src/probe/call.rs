//! One call in its surroundings: who asks, in which era, with what arguments.

use std::sync::Arc;

use propylon_mcp::{Era, Revision};
use serde_json::{Value, json};

use super::arguments::{Arguments, out_of_range};
use super::emission::Notice;
use super::fleet::Place;
use super::ledger::{Deed, Record};
use super::members::Members;
use super::message::Refusal;
use super::request::Request;
use super::session::Session;

/// A JSON-RPC request in its surroundings.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) place: &'a Place,
    pub(crate) request: &'a Request,
    pub(crate) revision: Revision,
    /// The session it belongs to, in the legacy era.
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) id: Value,
    pub(crate) method: String,
    pub(crate) params: Members<'a>,
    pub(crate) meta: Members<'a>,
    pub(crate) arguments: Arguments<'a>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        place: &'a Place,
        request: &'a Request,
        revision: Revision,
        session: Option<Arc<Session>>,
        (id, method, params): (Value, String, Members<'a>),
    ) -> Self {
        let meta = params.object("_meta").unwrap_or_default();
        let arguments = Arguments(params.object("arguments").unwrap_or_default());
        Self {
            place,
            request,
            revision,
            session,
            id,
            method,
            params,
            meta,
            arguments,
        }
    }

    pub(crate) fn is_modern(&self) -> bool {
        self.revision.era() == Era::Modern
    }

    pub(crate) fn is_http_sse(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| session.is_http_sse)
    }

    pub(crate) fn transport(&self) -> &'static str {
        if self.is_http_sse() {
            "http-sse"
        } else {
            "streamable-http"
        }
    }

    /// The tool's name, or the method of what is not a tool call.
    pub(crate) fn tool(&self) -> String {
        let named = if self.method == "tools/call" {
            self.params.text("name")
        } else {
            None
        };
        named.unwrap_or_else(|| self.method.clone())
    }

    /// The key its exchange is known by.
    pub(crate) fn key(&self) -> Result<Option<String>, Refusal> {
        let key = if self.method == "tools/call" {
            self.arguments.text("key", 128)?
        } else {
            self.meta.text("dev.propylon/key")
        };
        match key {
            Some(key) if key.is_empty() || key.len() > 128 => {
                Err(out_of_range("key", "1 to 128 bytes"))
            }
            key => Ok(key),
        }
    }

    /// Opens the ledger's record of this call, if it has a key.
    pub(crate) fn record(&self, is_run: bool) -> Result<Option<Record>, Refusal> {
        let Some(key) = self.key()? else {
            return Ok(None);
        };
        let deed = Deed {
            key,
            instance: Arc::clone(&self.place.instance.name),
            tool: self.tool(),
            connection: self.request.connection.id,
            is_run,
        };
        Ok(Some(
            self.place.fleet.ledger.begin(self.place.fleet.clock, deed),
        ))
    }

    /// Refuses unless the call carries the probe's token.
    pub(crate) fn authorize(&self) -> Result<(), Refusal> {
        let refuse =
            |message: &str| Err(Refusal::params(message).with(json!({"refused": "disruptive"})));
        let given = self.arguments.text("token", 1_024)?;
        match (&self.place.fleet.options.token, given) {
            (None, _) => refuse(
                "no token configured: this probe was started without one and does nothing disruptive",
            ),
            (Some(_), None) => refuse("token required: this call is disruptive"),
            (Some(token), Some(given)) if !token.is(&given) => {
                refuse("token wrong: this call is disruptive")
            }
            (Some(_), Some(_)) => Ok(()),
        }
    }

    /// The notification emissions travel in, as the request allows.
    pub(crate) fn notice(&self) -> Result<Notice, Refusal> {
        let token = self
            .meta
            .value("progressToken")
            .filter(|token| token.is_string() || token.is_number());
        let logs = !self.is_modern() || self.meta.has("io.modelcontextprotocol/logLevel");
        match (
            self.arguments
                .choice("kind", &["any", "progress", "message"])?,
            token,
        ) {
            ("any" | "progress", Some(token)) => Ok(Notice::Progress(token)),
            ("any" | "message", _) if logs => Ok(Notice::Message),
            ("progress", None) => Err(Refusal::params(
                "kind progress needs a progressToken in _meta",
            )),
            _ => Err(Refusal::params(
                "events need a progressToken, or io.modelcontextprotocol/logLevel, in _meta",
            )),
        }
    }

    /// Whether the client says it is the checker.
    pub(crate) fn is_ours(&self) -> bool {
        is_our_name(&self.method, &self.params)
    }

    /// Whether the client declares the tasks extension.
    pub(crate) fn takes_tasks(&self) -> bool {
        self.meta
            .object("io.modelcontextprotocol/clientCapabilities")
            .and_then(|capabilities| capabilities.object("extensions"))
            .is_some_and(|extensions| extensions.has("io.modelcontextprotocol/tasks"))
    }
}

/// Whether a request's `clientInfo` names the checker.
pub(crate) fn is_our_name(method: &str, params: &Members<'_>) -> bool {
    let info = if method == "initialize" {
        params.object("clientInfo")
    } else {
        params
            .object("_meta")
            .and_then(|meta| meta.object("io.modelcontextprotocol/clientInfo"))
    };
    info.and_then(|info| info.text("name"))
        .is_some_and(|name| name.starts_with("propylon"))
}

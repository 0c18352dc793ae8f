//! What a tool wants done, as plain data: a tool decides, and the performance does.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::budget::Held;
use super::emission::Notice;
use super::message::Refusal;
use super::wire::Ending;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One JSON object of a known length.
    Json,
    /// One JSON object in chunks.
    JsonChunked,
    /// An event stream.
    Sse,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Wait(Duration),
    /// Send an event with this padding.
    Emit(Arc<str>),
    /// Ask the client to reconnect no sooner than this many milliseconds.
    Retry(u64),
    /// End the connection while the stream goes on.
    Detach,
    AwaitDisconnect {
        key: String,
        at_most: Duration,
    },
}

/// Where the connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CutPoint {
    BeforeHead,
    AfterHead,
    MidEvent,
    MidBody,
    AfterEvents,
}

/// What ends an answer.
#[derive(Debug)]
pub(crate) enum Closing {
    /// A tool result of `fields`.
    Tool,
    /// A tool result of what the ledger says of this key by then.
    Disconnects(String),
    /// Any other result.
    Result(Value),
    Error(Refusal),
    /// No JSON-RPC at all.
    Plain {
        content_type: &'static str,
        body: String,
    },
}

/// What a tool wants done.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) form: Form,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) head_delay: Duration,
    /// Whether a 2025-11-25 stream begins with a priming event.
    pub(crate) prime: bool,
    /// How events travel.
    pub(crate) notice: Notice,
    /// How often a silent stream gets a comment.
    pub(crate) comment: Option<Duration>,
    pub(crate) steps: Vec<Step>,
    pub(crate) cut: Option<(CutPoint, Ending)>,
    /// What the tool reports.
    pub(crate) fields: Map<String, Value>,
    /// The text of the result's content, where it is not the report.
    pub(crate) text: Option<String>,
    pub(crate) closing: Closing,
    /// The answer's share of the budget.
    pub(crate) held: Option<Held>,
}

impl Script {
    /// Report `fields` at once.
    pub(crate) fn report(fields: Value) -> Self {
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Self {
            form: Form::Json,
            status: 200,
            headers: Vec::new(),
            head_delay: Duration::ZERO,
            prime: true,
            notice: Notice::Message,
            comment: None,
            steps: Vec::new(),
            cut: None,
            fields,
            text: None,
            closing: Closing::Tool,
            held: None,
        }
    }

    /// Answer with this closing at once.
    pub(crate) fn close(closing: Closing) -> Self {
        Self {
            closing,
            ..Self::report(Value::Null)
        }
    }

    /// The same as an event stream, asking proxies not to buffer if `accel`.
    pub(crate) fn streamed(mut self, notice: Notice, accel: bool) -> Self {
        self.form = Form::Sse;
        self.notice = notice;
        if accel {
            self.header("X-Accel-Buffering", "no");
        }
        self
    }

    pub(crate) fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// How many events it sends.
    pub(crate) fn events(&self) -> u64 {
        let count = self
            .steps
            .iter()
            .filter(|step| matches!(step, Step::Emit(_)))
            .count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

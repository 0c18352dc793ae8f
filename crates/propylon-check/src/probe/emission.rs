//! Events that carry their own clock, in whichever notification the stream allows.

use std::time::Duration;

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::clock::Stamp;
use super::message::Refusal;

/// Which notification an emission travels in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Notice {
    /// `notifications/progress` for the request's token.
    Progress(Value),
    /// `notifications/message`.
    Message,
    /// `notifications/tools/list_changed` on the subscription of that id.
    ListChanged(Value),
    /// `notifications/resources/updated` for a URI, on the subscription of that id.
    Updated(String, Value),
}

impl Notice {
    /// The notification for emission `n` of `total`.
    pub(crate) fn json(&self, n: u64, total: u64, stamp: Stamp, pad: &str) -> Value {
        let emission =
            json!({"n": n, "at_ns": stamp.at_ns, "at_unix_us": stamp.at_unix_us, "pad": pad});
        let subscribed = |id: &Value| json!({"io.modelcontextprotocol/subscriptionId": id, "dev.propylon/emission": emission.clone()});
        let (method, params) = match self {
            Self::Progress(token) => (
                "notifications/progress",
                json!({"progressToken": token, "progress": n, "total": total, "message": emission.to_string()}),
            ),
            Self::Message => (
                "notifications/message",
                json!({"level": "info", "logger": "propylon-probe", "data": emission}),
            ),
            Self::ListChanged(id) => (
                "notifications/tools/list_changed",
                json!({"_meta": subscribed(id)}),
            ),
            Self::Updated(uri, id) => (
                "notifications/resources/updated",
                json!({"uri": uri, "_meta": subscribed(id)}),
            ),
        };
        json!({"jsonrpc": "2.0", "method": method, "params": params})
    }
}

/// What a long-lived stream emits by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    pub(crate) events: u64,
    pub(crate) interval: Duration,
    pub(crate) first_delay: Duration,
    /// How often a silent stream gets a comment.
    pub(crate) comment: Option<Duration>,
    /// When the stream ends gracefully.
    pub(crate) lasts: Option<Duration>,
    /// Whether the head asks proxies not to buffer.
    pub(crate) accel: bool,
}

impl Schedule {
    /// Reads `_meta["dev.propylon/stream"]`.
    pub(crate) fn read(arguments: &Arguments<'_>) -> Result<Self, Refusal> {
        let comment = arguments.milliseconds("comment_ms", 0, 600_000)?;
        let lasts = arguments.seconds("seconds", Some(0.0), 3_600.0)?;
        Ok(Self {
            events: arguments.integer("events", 0, 0..=10_000)?,
            interval: arguments.milliseconds("interval_ms", 1_000, 600_000)?,
            first_delay: arguments.milliseconds("first_delay_ms", 0, 3_600_000)?,
            comment: (!comment.is_zero()).then_some(comment),
            lasts: (!lasts.is_zero()).then_some(lasts),
            accel: arguments.flag("accel_header", true)?,
        })
    }

    /// A stream that says nothing.
    pub(crate) fn silent() -> Self {
        Self {
            events: 0,
            interval: Duration::ZERO,
            first_delay: Duration::ZERO,
            comment: None,
            lasts: None,
            accel: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Notice;
    use crate::probe::clock::Stamp;

    const AT: Stamp = Stamp {
        at_ns: 5,
        at_unix_us: 6,
    };

    #[test]
    fn every_notice_carries_the_clock() {
        let progress = Notice::Progress(json!("t")).json(2, 9, AT, "xx");
        let emission: Value =
            serde_json::from_str(progress["params"]["message"].as_str().unwrap()).unwrap();
        assert_eq!(
            emission,
            json!({"n": 2, "at_ns": 5, "at_unix_us": 6, "pad": "xx"})
        );
        assert_eq!(progress["params"]["progressToken"], "t");
        assert_eq!(
            Notice::Message.json(2, 9, AT, "xx")["params"]["data"],
            emission
        );
        let updated = Notice::Updated("probe://clock".into(), json!(4)).json(2, 9, AT, "xx");
        assert_eq!(
            updated["params"]["_meta"]["dev.propylon/emission"],
            emission
        );
        assert_eq!(
            updated["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"],
            4
        );
    }
}

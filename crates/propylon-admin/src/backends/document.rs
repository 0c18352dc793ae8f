//! A backend as the API reads and shows it. What is shown holds no secret.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use jiff::Timestamp;
use propylon_config::{SpkiPin, UpstreamUrl};
use propylon_proxy::backends::{BackendId, BackendSpec, SecretHeader, State};
use serde::{Deserialize, Serialize};

use super::store::Stored;

/// What stands in place of a secret.
const REDACTED: &str = "[redacted]";
const HEADERS_MAX: usize = 32;
const TOOLS_MAX: usize = 1000;
const TOOL_BYTES_MAX: usize = 256;
const PINS_MAX: usize = 16;

/// What a user says of a backend.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    pub(super) url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    tools: Option<BTreeSet<String>>,
    #[serde(default)]
    tls: WantedTls,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedTls {
    #[serde(default)]
    ca: Option<String>,
    #[serde(default)]
    pins: Vec<String>,
}

/// A backend as it is shown.
#[derive(Serialize)]
pub(super) struct Shown {
    tenant: String,
    name: String,
    /// Where clients reach it.
    path: String,
    url: String,
    headers: BTreeMap<String, &'static str>,
    tools: Option<BTreeSet<String>>,
    tls: ShownTls,
    version: u64,
    created: String,
    updated: String,
    state: ShownState,
}

#[derive(Serialize)]
struct ShownTls {
    ca: Option<String>,
    pins: Vec<String>,
}

#[derive(Serialize)]
struct ShownState {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A page of backends.
#[derive(Serialize)]
pub(super) struct Page {
    pub(super) backends: Vec<Shown>,
    /// What to send as `after` for the next page; none on the last.
    pub(super) next: Option<String>,
}

impl Wanted {
    /// Reads every part but the URL, which has been judged.
    ///
    /// # Errors
    /// What is wrong, with its place; never with a secret.
    pub(super) fn spec(self, id: BackendId, url: UpstreamUrl) -> Result<BackendSpec, String> {
        if self.headers.len() > HEADERS_MAX {
            return Err(format!("headers: there are more than {HEADERS_MAX}"));
        }
        let mut names = BTreeSet::new();
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            if value == REDACTED {
                return Err(format!(
                    "headers.{name}: {REDACTED} stands for a secret that is not shown; send the secret itself"
                ));
            }
            if !names.insert(name.to_ascii_lowercase()) {
                return Err(format!("headers.{name}: it is there twice"));
            }
            let header = SecretHeader::new(name, value);
            headers.push(header.map_err(|wrong| format!("headers.{name}: {wrong}"))?);
        }
        let tools = self.tools.iter().flatten();
        let is_tool = |tool: &String| (1..=TOOL_BYTES_MAX).contains(&tool.len());
        if tools.clone().count() > TOOLS_MAX || !tools.clone().all(is_tool) {
            return Err(format!(
                "tools: at most {TOOLS_MAX} names of 1 to {TOOL_BYTES_MAX} bytes"
            ));
        }
        if self.tls.pins.len() > PINS_MAX {
            return Err(format!("tls.pins: there are more than {PINS_MAX}"));
        }
        let pin = |pin: &String| {
            pin.parse()
                .map_err(|wrong| format!("tls.pins: {pin}: {wrong}"))
        };
        Ok(BackendSpec {
            id,
            url,
            headers,
            tools: self.tools,
            ca: self.tls.ca,
            pins: self.tls.pins.iter().map(pin).collect::<Result<_, _>>()?,
        })
    }
}

impl Shown {
    pub(super) fn of(stored: Stored, state: State) -> Self {
        let spec = stored.spec;
        let headers = spec.headers.iter();
        Self {
            tenant: spec.id.tenant().to_owned(),
            name: spec.id.name().to_owned(),
            path: format!("/{}/mcp", spec.id),
            url: spec.url.to_string(),
            headers: headers
                .map(|header| (header.name().to_owned(), REDACTED))
                .collect(),
            tools: spec.tools,
            tls: ShownTls {
                ca: spec.ca,
                pins: spec.pins.iter().map(SpkiPin::to_string).collect(),
            },
            version: stored.version,
            created: stored.created,
            updated: stored.updated,
            state: ShownState::of(state),
        }
    }
}

impl ShownState {
    fn of(state: State) -> Self {
        let (verdict, at, rule, reason) = match state {
            State::Unused => ("unused", None, None, None),
            State::Allowed { at } => ("allowed", Some(at), None, None),
            State::Refused { at, rule, reason } => ("refused", Some(at), Some(rule), Some(reason)),
        };
        Self {
            verdict,
            at: at.and_then(stamp),
            rule,
            reason,
        }
    }
}

fn stamp(at: SystemTime) -> Option<String> {
    Timestamp::try_from(at).ok().map(|at| at.to_string())
}

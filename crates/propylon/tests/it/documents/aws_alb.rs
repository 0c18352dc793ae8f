//! AWS ALB: the stack by cfn-lint, the script on a cloud that keeps what it is told, and all three files against each
//! other and against what AWS documents.

mod cloud;
mod routing;
mod stack;
mod terraform;

use std::process::Command;

use propylon_testkit::Guarded;
use serde_json::{Value, json};

use super::{Documents, PATIENCE, json_of, run};
use crate::real::servers::{peers, script};
use cloud::Cloud;

/// Two hosts, two upstreams, and whatever a load balancer has a counterpart for.
const DESCRIPTION: &str = "listeners:\n\
    - { address: '0.0.0.0:443', health: /up }\n\
    routes:\n\
    - { host: mcp.example.com, path: /weather, upstream: weather, cors: { origins: [https://app.example.com], max_age: 10m } }\n\
    - { host: '*.example.com', path: /tools, upstream: tools }\n\
    upstreams:\n  \
      weather:\n    \
        urls: ['http://10.0.0.1:3001/mcp', 'http://10.0.0.2:3001/mcp']\n    \
        affinity: { ttl: 30m }\n    \
        timeouts: { response_head: 15m, idle: 1h }\n    \
        health: { path: /healthz, interval: 20s, timeout: 3s, rise: 3, fall: 4 }\n  \
      tools: { url: 'https://10.0.0.3:8443/tools', host: upstream, affinity: { by: none } }\n\
    drain: 10m\n";

/// The same with less: what the second run of a script must leave.
const LESS: &str = "listeners: [{ address: '0.0.0.0:443', health: off }]\n\
    routes: [{ host: mcp.example.com, path: /weather, upstream: weather, cors: { origins: ['*'] } }]\n\
    upstreams: { weather: { url: 'http://10.0.0.1:3001/mcp', timeouts: { idle: 20m } } }\n";

fn files(description: &str) -> Documents {
    Documents::generate("aws-alb", description)
}

/// What a file says, in one language for all.
fn stack(files: &Documents) -> Value {
    let documents = files.yaml("cloudformation.yaml");
    stack::read(documents.first().expect("a template"))
}

#[test]
fn cfn_lint_takes_the_stack() {
    let files = files(DESCRIPTION);
    let lint = || {
        let mut command = peers().command("cfn-lint");
        command.arg(files.path("cloudformation.yaml"));
        command
    };
    run(lint());
    // A linter that takes anything would be no judge.
    let text = files.text("cloudformation.yaml");
    let worse = text.replace("HealthCheckPath:", "HealthPath:");
    let worse = worse.replace("Type: url-rewrite,", "Type: url-replace,");
    std::fs::write(files.path("cloudformation.yaml"), worse).expect("the folder can be written to");
    let mut judge = Guarded::start(lint());
    let status = judge.wait(PATIENCE);
    assert!(status.is_some_and(|status| !status.success()));
    let said = judge.output().text();
    assert!(
        said.contains("HealthPath") && said.contains("url-replace"),
        "{said}"
    );
}

#[test]
fn terraform_says_what_the_stack_says() {
    let files = files(DESCRIPTION);
    assert_eq!(terraform::read(&files.hcl("main.tf")), stack(&files));
}

#[test]
fn the_script_makes_what_the_stack_says_and_then_what_another_says() {
    let cloud = Cloud::start();
    for description in [DESCRIPTION, LESS] {
        let files = files(description);
        cloud.apply(&files.path("apply.sh"));
        let mut expected = stack(&files);
        // The cloud forgets transforms, which the command line has taken: they are compared as written.
        assert_eq!(
            cloud::transforms(&files.text("apply.sh")),
            stack::take_transforms(&mut expected)
        );
        let mut found = cloud.read();
        if description == LESS {
            // What is not in a description any more stays, since others may have put it there: a group, and a target.
            let targets = json!(["10.0.0.1:3001", "10.0.0.2:3001"]);
            assert_eq!(found["groups"]["weather"]["targets"], targets);
            found["groups"]["weather"]["targets"] =
                expected["groups"]["weather"]["targets"].clone();
            found["groups"]
                .as_object_mut()
                .expect("groups")
                .remove("tools");
        }
        assert_eq!(found, expected);
    }
}

/// Host, URL and `Origin` of a request, and where it goes.
fn routed() -> Vec<(&'static str, String, &'static str, Value)> {
    let (mcp, any) = ("mcp.example.com", "a.example.com");
    let app = "https://app.example.com";
    let own = "https://mcp.example.com";
    let evil = "https://evil.example";
    let weather = |url: &str| json!({ "group": "weather", "host": mcp, "url": url });
    let tools = |url: &str| json!({ "group": "tools", "host": "10.0.0.3:8443", "url": url });
    let status = |code: &str| json!({ "status": code });
    let metadata = |path: &str| format!("/.well-known/oauth-protected-resource{path}");
    let to = |url: &str| url.to_owned();
    vec![
        (mcp, to("/weather"), "", weather("/mcp")),
        (mcp, to("/weather/"), "", weather("/mcp")),
        (mcp, to("/weather?a=1"), "", weather("/mcp?a=1")),
        (mcp, to("/weather/sse?a=1"), "", weather("/mcp/sse?a=1")),
        (mcp, to("/weatherman"), "", status("404")),
        (mcp, to("/weather"), app, weather("/mcp")),
        (mcp, to("/weather/x"), own, weather("/mcp/x")),
        (mcp, to("/weather"), evil, status("403")),
        (mcp, to("/weather/x"), "null", status("403")),
        (mcp, to("/tools"), "", tools("/tools")),
        (any, to("/tools/x"), "", tools("/tools/x")),
        (any, to("/tools"), app, status("403")),
        (any, to("/weather"), "", status("404")),
        ("elsewhere.test", to("/tools"), "", status("404")),
        (mcp, metadata("/weather"), evil, weather(&metadata("/mcp"))),
        (any, metadata("/tools"), "", tools(&metadata("/tools"))),
        ("anything.test", to("/up"), "", status("200")),
        ("anything.test", to("/"), "", status("404")),
    ]
}

#[test]
fn requests_go_where_the_description_sends_them() {
    let stack = stack(&files(DESCRIPTION));
    let cases = routed();
    let asked: Vec<Value> = cases
        .iter()
        .map(|(host, url, origin, _)| json!({ "host": host, "url": url, "origin": origin }))
        .collect();
    let answers = routing::decide(&stack["listeners"]["443"], &asked);
    assert_eq!(answers.len(), cases.len());
    for ((host, url, origin, expected), answer) in cases.iter().zip(answers) {
        assert_eq!(answer, *expected, "{host}{url} from `{origin}`");
    }
}

/// What the description asks beyond the bounds is named with them, and the bounds are those that AWS documents.
#[test]
fn bounds_are_those_that_aws_documents() {
    let beyond = DESCRIPTION
        .replace("ttl: 30m", "ttl: 200h")
        .replace(
            "response_head: 15m, idle: 1h",
            "response_head: 2h, idle: 3h",
        )
        .replace(
            "interval: 20s, timeout: 3s, rise: 3, fall: 4",
            "interval: 10m, timeout: 1s, rise: 1, fall: 20",
        )
        .replace("drain: 10m", "drain: 2h");
    let files = files(&beyond);
    let warnings = files.report["warnings"].as_array().into_iter().flatten();
    let bounded: Vec<&Value> = warnings
        .filter(|warning| {
            warning["why"]
                .as_str()
                .is_some_and(|why| why.starts_with("AWS takes"))
        })
        .collect();
    assert_eq!(bounded.len(), 8, "{bounded:#?}");
    let mut command = Command::new(peers().path("python-sdk"));
    command
        .arg(script("alb_bounds.py"))
        .arg(json!(bounded).to_string());
    assert_eq!(json_of(command), json!([]));
}

#[test]
fn what_a_load_balancer_cannot_be_is_said() {
    let files = files(
        "listeners: [{ address: 127.0.0.1:8080 }]\nroutes: [{ host: localhost, path: '/a*b', upstream: a }]\n\
         upstreams: { a: { url: http://weather.internal:3001/mcp, discover: dns } }\n",
    );
    let lost = files.lost();
    for key in [
        "listeners[0].address",
        "routes[0].host",
        "routes[0].path",
        "upstreams.a.discover",
    ] {
        assert!(lost.contains(&key), "{key}: {lost:?}");
    }
    let gaps = files.gaps();
    assert!(
        gaps.contains(&"session-scattered") && gaps.contains(&"health-missing"),
        "{gaps:?}"
    );
    let one = self::files(LESS);
    assert!(!one.gaps().contains(&"session-scattered"));
}

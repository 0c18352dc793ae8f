//! A task is asked for where it was made, and its id never reaches the log.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use propylon_testkit::{Answer, Exchange, Upstream, eventually, post_modern, rpc};
use serde_json::{Value, json};

use crate::front::{assert_refused, metric, serve, serve_with};

const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];

/// How a server answers a call that makes a task.
#[derive(Clone, Copy)]
enum As {
    Json,
    /// With the id cut in two chunks.
    Pieces,
    Events,
}

/// A server that makes tasks named after itself, and knows only those.
fn server(name: &'static str, by: As) -> Upstream {
    Upstream::start(move |exchange: &Exchange| {
        let message = exchange.json();
        let id = &message["id"];
        if message["method"] == "tools/call" {
            return make(name, by, id);
        }
        let task = message["params"]["taskId"].as_str().unwrap_or_default();
        let listens = message["method"] == "subscriptions/listen";
        if listens || task.starts_with(name) {
            return Answer::result(id, &json!({ "resultType": "complete", "by": name }));
        }
        let error = json!({ "code": -32602, "message": format!("unknown task at {name}") });
        Answer::json(200, &json!({ "jsonrpc": "2.0", "id": id, "error": error }))
    })
}

fn make(name: &str, by: As, id: &Value) -> Answer {
    let result =
        json!({ "resultType": "task", "taskId": format!("{name}-task-{id}"), "status": "working" });
    let message = json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string();
    match by {
        As::Json => Answer::sized(200, &["Content-Type: application/json"], message),
        As::Pieces => {
            let (before, after) = message.split_at(message.find("-task").expect("the id"));
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
            Answer::raw(head)
                .chunk(before)
                .wait(Duration::from_millis(20))
                .chunk(after)
                .last_chunk()
        }
        As::Events => {
            let note = r#"data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}"#;
            let stream = Answer::stream_head(&[]).chunk(format!(": hello\n\n{note}\n\n"));
            let (before, after) = message.split_at(message.find("-task").expect("the id"));
            let stream = stream
                .chunk(format!("data: {before}"))
                .wait(Duration::from_millis(20));
            stream.chunk(format!("{after}\n\n")).last_chunk()
        }
    }
}

fn make_task(address: SocketAddr, id: u32) -> String {
    let call = rpc(
        id,
        "tools/call",
        &json!({ "name": "slow", "arguments": {} }),
    );
    let (response, body) = post_modern(address, "/mcp", &call);
    assert_eq!(response.status, 200);
    let text = body.text();
    let (_, rest) = text.split_once("\"taskId\":\"").expect("a task is made");
    rest.split('"').next().expect("its id").to_owned()
}

fn ask(address: SocketAddr, method: &str, task: &str) -> Value {
    let request = rpc(7, method, &json!({ "taskId": task, "inputResponses": {} }));
    let (response, body) = post_modern(address, "/mcp", &request);
    assert_eq!(response.status, 200, "{}", body.text());
    body.json()
}

#[test]
fn tasks_are_asked_for_where_they_were_made() {
    for by in [As::Json, As::Pieces, As::Events] {
        let servers = NAMES.map(|name| server(name, by));
        let proxy = serve(&servers.each_ref().map(|server| server.url("/mcp")));
        let tasks: Vec<_> = (0..12).map(|id| make_task(proxy.address(), id)).collect();
        let makers: BTreeSet<_> = tasks
            .iter()
            .filter_map(|task| task.split('-').next())
            .collect();
        assert_eq!(makers.len(), 3, "{tasks:?}");
        for task in &tasks {
            for method in ["tasks/get", "tasks/update", "tasks/get", "tasks/cancel"] {
                let by = ask(proxy.address(), method, task);
                assert!(
                    by["result"]["by"]
                        .as_str()
                        .is_some_and(|by| task.starts_with(by)),
                    "{method} {task}: {by}"
                );
            }
            let listen = json!({ "notifications": { "taskIds": ["stranger", task] } });
            let listen = rpc(9, "subscriptions/listen", &listen);
            let by = post_modern(proxy.address(), "/mcp", &listen).1.json();
            assert!(
                by["result"]["by"]
                    .as_str()
                    .is_some_and(|by| task.starts_with(by)),
                "{by}"
            );
        }
        assert_eq!(
            metric(&proxy, "propylon_affinity_entries", &[]) as usize,
            12
        );
        eventually("all to be logged", Duration::from_secs(5), || {
            proxy.access_log().len() == 72
        });
        let logged = proxy.access_log();
        let gets = logged
            .iter()
            .filter(|line| line["rpc_method"] == "tasks/get");
        let fingerprinted =
            gets.filter(|line| line["task"].as_str().is_some_and(|id| id.len() == 16));
        assert_eq!(fingerprinted.count(), 24);
        let log = proxy.output();
        assert!(
            tasks.iter().all(|task| !log.contains(task.as_str())),
            "an id is a secret"
        );
        proxy.stop();
    }
}

#[test]
fn an_unknown_task_is_always_asked_for_at_the_same_instance() {
    let servers = NAMES.map(|name| server(name, As::Json));
    let proxy = serve(&servers.each_ref().map(|server| server.url("/mcp")));
    let mut answers = BTreeSet::new();
    for stranger in 0..8 {
        let task = format!("stranger-{stranger}");
        let first = ask(proxy.address(), "tasks/get", &task)["error"].clone();
        assert_eq!(first["code"], -32602);
        assert!((0..4).all(|_| ask(proxy.address(), "tasks/cancel", &task)["error"] == first));
        answers.insert(first["message"].to_string());
    }
    assert!(
        answers.len() > 1,
        "different ones to different instances: {answers:?}"
    );
    proxy.stop();
}

#[test]
fn a_task_whose_instance_is_gone_is_lost() {
    let servers = NAMES.map(|name| server(name, As::Json));
    let proxy = serve(&servers.each_ref().map(|server| server.url("/mcp")));
    let task = (0..6)
        .map(|id| make_task(proxy.address(), id))
        .find(|task| task.starts_with("beta"))
        .expect("one of beta");
    servers[1].die();
    let get = rpc(5, "tasks/get", &json!({ "taskId": task }));
    let answer = post_modern(proxy.address(), "/mcp", &get);
    assert_refused(&answer, 404, "task-lost", &json!(5));
    assert_eq!(answer.1.json()["error"]["code"], -32602);
    proxy.stop();
}

#[test]
fn tasks_are_bounded_with_the_sessions() {
    let servers = NAMES.map(|name| server(name, As::Json));
    let urls = servers.each_ref().map(|server| server.url("/mcp"));
    let proxy = serve_with(&urls, &["affinity: { entries_max: 4 }"], &[]);
    let tasks: Vec<_> = (0..6).map(|id| make_task(proxy.address(), id)).collect();
    assert_eq!(metric(&proxy, "propylon_affinity_entries", &[]) as usize, 4);
    let crowded = metric(&proxy, "propylon_affinity_evictions_total", &["crowded"]);
    assert_eq!(crowded as usize, 2);
    assert!(ask(proxy.address(), "tasks/get", &tasks[5])["result"].is_object());
    proxy.stop();

    let proxy = serve_with(&urls, &["affinity: { by: none }"], &[]);
    make_task(proxy.address(), 1);
    assert_eq!(metric(&proxy, "propylon_affinity_entries", &[]) as usize, 0);
    proxy.stop();
}

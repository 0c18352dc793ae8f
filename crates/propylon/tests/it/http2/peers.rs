//! Other people's clients over TLS: curl, Python, h2load and nghttp, and our own check of the whole.

use std::net::SocketAddr;
use std::process::Command;

use propylon_testkit::{Answer, Judgement, Launch, Probe, Propylon, Scratch, Upstream};
use serde_json::json;

use crate::front::BINARY;
use crate::real::scripts::httpx;
use crate::real::servers::peers;
use crate::tls::authority::{Authority, Leaf};

/// A proxy over TLS in front of `urls`; `listener` is more of the listener's keys, `root` more of the file's.
fn serve(scratch: &Scratch, urls: &[String], listener: &str, root: &[&str]) -> Propylon {
    let folder = scratch.path().display();
    let tls = format!("tls: {{ certificate: {folder}/server.pem, key: {folder}/server.key }}");
    let text = crate::front::yaml(urls, &[], root);
    let plain = "  - address: \"{listen}\"\n";
    let secure = format!("  - {{ address: \"{{listen}}\", {tls}{listener} }}\n");
    Launch::new(BINARY).config(&text.replace(plain, &secure))
}

fn authority(scratch: &Scratch) -> Authority<'_> {
    let authority = Authority::new(scratch);
    authority.issue("server", &Leaf::of(&["localhost", "127.0.0.1"]));
    authority
}

fn url(proxy: &Propylon) -> String {
    format!("https://{}/mcp", proxy.address())
}

fn curl(proxy: &Propylon, authority: &Authority<'_>, more: &[&str]) -> String {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "20"]);
    command.arg("--cacert").arg(authority.file()).args(more);
    let output = command.arg(url(proxy)).output().expect("curl runs");
    let [out, err] =
        [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
    format!("{out}{err}")
}

const VERSION: &str = "%{http_code} over %{http_version}";

/// An upstream that answers with the request's id, or streams where it is asked to watch.
fn answering() -> Upstream {
    Upstream::start(|exchange| {
        let message = exchange.json();
        if message["method"] == "watched" {
            let head = Answer::stream_head(&[]);
            return (0..100).fold(head, |answer, number| {
                answer
                    .chunk(format!("data: {number}\n\n"))
                    .wait(std::time::Duration::from_millis(20))
            });
        }
        Answer::result(&message["id"], &json!({}))
    })
}

#[test]
fn curl_and_python_agree_on_the_better_version() {
    let scratch = Scratch::new();
    let authority = authority(&scratch);
    let upstream = answering();
    let urls = [upstream.url("/mcp")];
    let both = serve(&scratch, &urls, "", &["limits: { body_bytes: 1MiB }"]);
    let data = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let said = curl(&both, &authority, &["--data", data, "-w", VERSION]);
    assert!(said.ends_with("200 over 2"), "{said}");
    let older = ["--http1.1", "--data", data, "-w", VERSION];
    let said = curl(&both, &authority, &older);
    assert!(said.ends_with("200 over 1.1"), "{said}");
    // A client that is still sending can read why it need not.
    let file = scratch.write("big", &"x".repeat(3 << 20));
    let data = format!("@{}", file.display());
    let said = curl(&both, &authority, &["--data-binary", &data, "-w", VERSION]);
    assert!(said.ends_with("413 over 2"), "{said}");
    let ca = authority.file().display().to_string();
    let steps = httpx("http2_client.py", &[&url(&both), &ca]);
    for number in 0..3 {
        let step = steps.at(&format!("call {number}"));
        assert_eq!(
            (&step["version"], &step["id"]),
            (&json!("HTTP/2"), &json!(number))
        );
    }
    let lines = &steps.at("stream")["lines"];
    assert_eq!(lines, &json!(["data: 0", "data: 1", "data: 2"]));
    assert_eq!(steps.at("after")["status"], 200);
    both.stop();

    let one = serve(&scratch, &urls, ", http2: false", &[]);
    let said = curl(&one, &authority, &["--data", "{}", "-w", VERSION]);
    assert!(said.ends_with("200 over 1.1"), "{said}");
    one.stop();
}

#[test]
fn a_clear_listener_speaks_it_only_where_it_is_told_to() {
    let upstream = answering();
    let ask = |address: SocketAddr, version: &str| {
        let output = Command::new("curl")
            .args([
                "-s",
                "--max-time",
                "10",
                "-o",
                "/dev/null",
                "-w",
                VERSION,
                version,
                "--data",
                "{}",
            ])
            .arg(format!("http://{address}/mcp"))
            .output();
        String::from_utf8_lossy(&output.expect("curl runs").stdout).into_owned()
    };
    let both = super::serve(&upstream.url("/mcp"), &[], &[]);
    assert_eq!(ask(both.address(), "--http2-prior-knowledge"), "200 over 2");
    assert_eq!(ask(both.address(), "--http1.1"), "200 over 1.1");
    // An upgrade is not taken: the answer comes in the version of the request.
    assert_eq!(ask(both.address(), "--http2"), "200 over 1.1");
    both.stop();
    let one = crate::front::serve_one(&upstream);
    assert!(!ask(one.address(), "--http2-prior-knowledge").starts_with("200"));
    one.stop();
}

#[test]
fn h2load_and_nghttp_find_nothing_wrong() {
    let scratch = Scratch::new();
    let authority = authority(&scratch);
    let upstream = Upstream::start(|_| Answer::sized(200, &[], "x".repeat(20_000)));
    let proxy = serve(&scratch, &[upstream.url("/mcp")], "", &[]);
    drop(authority);
    let say = |name: &str, args: &[&str]| {
        let output = peers().command(name).args(args).arg(url(&proxy)).output();
        String::from_utf8_lossy(&output.expect("it runs").stdout).into_owned()
    };
    let said = say("h2load", &["-n", "2000", "-c", "4", "-m", "50"]);
    let wanted = "2000 succeeded, 0 failed, 0 errored, 0 timeout";
    assert!(said.contains(wanted), "{said}");
    let said = say("nghttp", &["-v", "-n"]);
    let is_well = said.contains(":status: 200") && !said.contains("PROTOCOL_ERROR");
    assert!(is_well, "{said}");
    proxy.stop();
}

#[test]
fn a_chain_over_https_and_http2_is_clean() {
    let scratch = Scratch::new();
    let authority = authority(&scratch);
    let probe = Probe::start(BINARY, "secret", 3);
    let urls: Vec<_> = probe
        .addresses()
        .iter()
        .map(|address| format!("http://{address}/mcp"))
        .collect();
    let proxy = serve(&scratch, &urls, "", &[]);
    let mut command = Command::new(BINARY);
    command
        .args(["check", "--profile", "quick", "--http2"])
        .args(["--token", "secret", "--ca"])
        .arg(authority.file())
        .arg(url(&proxy));
    let judged = Judgement::of(command);
    assert!(judged.trouble.is_none(), "{:?}", judged.trouble);
    assert!(judged.failed().is_empty(), "{:#?}", judged.rows);
    proxy.stop();
}

//! `propylon guard`: verdicts, reasons and exit codes, with a real DNS server behind the names.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use propylon_testkit::eventually;
use serde_json::Value;

use crate::discovery::dns::Dns;
use crate::front::BINARY;

fn guard(args: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.arg("guard").args(args).output().expect("it runs")
}

/// The verdicts as programs read them.
fn judged(args: &[&str]) -> Vec<Value> {
    let output = guard(&[&["--format", "json"], args].concat());
    let Ok(Value::Array(rows)) = serde_json::from_slice(&output.stdout) else {
        panic!("not an array: {}", String::from_utf8_lossy(&output.stderr))
    };
    let is_refused = rows.iter().any(|row| row["verdict"] == "refused");
    assert_eq!(output.status.code(), Some(i32::from(is_refused)));
    rows
}

#[test]
fn a_name_is_as_good_as_its_worst_address() {
    let dns = Dns::start(
        &[
            "93.184.215.14 good.test-site.com",
            "93.184.215.14 mixed.test-site.com",
            "10.0.0.5 mixed.test-site.com",
            "169.254.169.254 meta.test-site.com",
            "::ffff:127.0.0.1 mapped.test-site.com",
            "127.0.0.1 loop.test-site.com",
        ],
        &[
            "--cname=one.test-site.com,two.test-site.com",
            "--cname=two.test-site.com,loop.test-site.com",
            "--local=/test-site.com/",
        ],
    );
    let server = dns.address().to_string();
    for (name, rule) in [
        ("good", None),
        ("mixed", Some("special-block")),
        ("meta", Some("metadata")),
        ("mapped", Some("embedded-ipv4")),
        ("loop", Some("special-block")),
        ("one", Some("special-block")),
        ("missing", Some("unresolved")),
    ] {
        let url = format!("https://{name}.test-site.com/mcp");
        let rows = judged(&["--dns", &server, &url]);
        let said = rows[0]["rule"].as_str();
        assert_eq!(said, rule, "{rows:#?}");
    }
    let rows = judged(&["--dns", &server, "https://mixed.test-site.com/"]);
    let verdicts: Vec<_> = rows[0]["addresses"]
        .as_array()
        .expect("addresses")
        .iter()
        .map(|row| (row["address"].as_str(), row["verdict"].as_str()))
        .collect();
    assert!(
        verdicts.contains(&(Some("10.0.0.5"), Some("refused"))),
        "{verdicts:?}"
    );
    assert!(
        verdicts.contains(&(Some("93.184.215.14"), Some("allowed"))),
        "{verdicts:?}"
    );
}

#[test]
fn an_answer_that_changes_is_judged_again() {
    let dns = Dns::start(
        &["93.184.215.14 a.test-site.com"],
        &["--local=/test-site.com/"],
    );
    let server = dns.address().to_string();
    let verdict = || {
        let rows = judged(&["--dns", &server, "https://a.test-site.com/"]);
        rows[0]["verdict"].as_str().map(str::to_owned)
    };
    assert_eq!(verdict().as_deref(), Some("allowed"));
    dns.publish(&["127.0.0.1 a.test-site.com"]);
    eventually("the new answer is refused", Duration::from_secs(10), || {
        verdict().as_deref() == Some("refused")
    });
}

#[test]
fn a_dns_server_that_is_gone_refuses() {
    let mut dns = Dns::start(&["93.184.215.14 a.test-site.com"], &[]);
    dns.stop();
    let server = dns.address().to_string();
    let rows = judged(&["--dns", &server, "https://a.test-site.com/"]);
    assert_eq!(rows[0]["rule"], "unresolved");
}

#[test]
fn lists_ports_and_schemes_are_the_callers_to_set() {
    let verdict = |args: &[&str]| judged(args)[0]["verdict"] == "allowed";
    assert!(!verdict(&["https://10.1.0.5/"]));
    assert!(verdict(&["--allow", "10.0.0.0/8", "https://10.1.0.5/"]));
    assert!(!verdict(&[
        "--allow",
        "10.0.0.0/8",
        "--deny",
        "10.1.0.0/16",
        "https://10.1.0.5/"
    ]));
    assert!(!verdict(&["https://8.8.8.8:8080/"]));
    assert!(verdict(&["--ports", "443,8080", "https://8.8.8.8:8080/"]));
    assert!(verdict(&[
        "--allow-http",
        "--ports",
        "80",
        "http://8.8.8.8/"
    ]));
}

#[test]
fn people_and_scripts_are_told_the_same() {
    let output = guard(&["https://8.8.8.8/mcp", "https://0x7f.1/mcp"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout));

    let mut child = Command::new(BINARY)
        .args(["guard", "--format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("its input");
    stdin
        .write_all(b"https://8.8.8.8/mcp\nhttps://1.1.1.1/\n")
        .expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(rows.len(), 2);

    let output = guard(&["--allow", "10.0.0.0/40", "https://8.8.8.8/"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("--allow: `10.0.0.0/40` is neither"), "{said}");
}

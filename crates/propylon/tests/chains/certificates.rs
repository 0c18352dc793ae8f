//! Certificates that are not good, on a real product: found, told of, and the run goes on without credentials.

use std::process::Command;
use std::time::Duration;

use propylon_testkit::{Guarded, within};
use serde_json::Value;

use crate::chain::{Certificate, Chain, NGINX_TLS};
use crate::stand::{BINARY, Stand, TOKEN};

/// How long a check of a few rows may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(120);
const SELECT: &str = "tls-certificate,tls-old-version,version-header-lost";

struct Said {
    code: Option<i32>,
    report: Value,
    all: String,
}

impl Said {
    fn row(&self, id: &str) -> &Value {
        let rows = self.report["results"].as_array().expect("results");
        rows.iter().find(|row| row["id"] == id).expect("the row")
    }

    fn verdict(&self, id: &str) -> &str {
        self.row(id)["verdict"].as_str().expect("a verdict")
    }
}

fn check(certificate: Certificate, arguments: &[&str]) -> Said {
    let chain = Chain {
        certificate,
        ..NGINX_TLS
    };
    let stand = Stand::start(&chain, &[], &[]);
    let mut command = Command::new(BINARY);
    command.args(["check", &stand.url, "--token", TOKEN, "--format", "json"]);
    command.args(["--profile", "quick", "--select", SELECT]);
    command.args(&stand.arguments).args(arguments);
    let mut check = Guarded::start(command);
    let status = check.wait(PATIENCE).expect("the check ends");
    // What it wrote may be read a moment after its end.
    let report = within(PATIENCE, || {
        serde_json::from_str(&check.stdout().text()).ok()
    });
    let all = check.output().text();
    Said {
        code: status.code(),
        report: report.unwrap_or_else(|| panic!("no report: {all}")),
        all,
    }
}

#[test]
fn a_certificate_that_is_not_good_is_a_finding_and_the_run_goes_on() {
    for (certificate, wanted, found) in [
        (
            Certificate::WrongName,
            "a certificate for 127.0.0.1",
            "one for elsewhere.example",
        ),
        (
            Certificate::Expired,
            "a certificate that is still valid",
            "expired on Sat, 29 Feb 2020 00:00:00 GMT",
        ),
        (
            Certificate::SelfSigned,
            "a chain that leads to an authority clients trust",
            "no such chain: the certificate is self-signed",
        ),
    ] {
        let said = check(certificate, &[]);
        assert_eq!(said.code, Some(1), "{certificate:?}: {}", said.all);
        let line = &said.row("tls-certificate")["evidence"][0];
        assert_eq!(line["expected"], wanted, "{certificate:?}");
        let text = line["found"].as_str().expect("text");
        assert!(text.starts_with(found), "{certificate:?}: {text}");
        assert_eq!(said.verdict("tls-certificate"), "fail");
        assert_eq!(said.verdict("tls-old-version"), "pass");
        assert_eq!(said.verdict("version-header-lost"), "pass", "{}", said.all);
        let warning = said.report["warning"].as_str().expect("a warning");
        assert!(warning.contains("goes on without verifying"), "{warning}");
        assert!(said.all.contains("warning"), "{}", said.all);
    }
}

#[test]
fn credentials_are_not_shown_to_whoever_has_a_bad_certificate() {
    let said = check(
        Certificate::Expired,
        &["--header", "Authorization: Bearer swordfish"],
    );
    assert_eq!(said.code, Some(1), "{}", said.all);
    assert_eq!(said.verdict("tls-certificate"), "fail");
    assert_eq!(said.verdict("tls-old-version"), "pass");
    assert_eq!(said.verdict("version-header-lost"), "not-seen");
    let warning = said.report["warning"].as_str().expect("a warning");
    assert!(warning.contains("headers are not sent"), "{warning}");
}

#[test]
fn a_good_certificate_is_no_matter_for_a_warning() {
    let said = check(
        Certificate::Good,
        &["--header", "Authorization: Bearer swordfish"],
    );
    assert_eq!(said.code, Some(0), "{}", said.all);
    assert_eq!(said.report["warning"], Value::Null);
    assert_eq!(said.verdict("version-header-lost"), "pass");
}

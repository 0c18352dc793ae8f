//! TLS towards clients with the description's own files, on every product whose coverage says that it ends TLS.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use propylon_dialects::State;
use propylon_testkit::{Judgement, Scratch, within};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::front::BINARY;
use crate::product::Product;
use crate::stand::{Stand, TOKEN, probe};

/// The files are beside it; the key has the name under which HAProxy looks for it. Two more routes lead to the product
/// itself, over TLS again: by the name in its certificate, and by another.
const DESCRIPTION: &str = "\
listeners:
  - { address: 127.0.0.1:8080, tls: { certificate: server.pem, key: server.pem.key } }
routes:
  - { path: /mcp, upstream: mcp }
  - { path: /again, upstream: again }
  - { path: /strange, upstream: strange }
  - { host: '*.example.com', path: /, upstream: found }
upstreams:
  mcp: { urls: ['http://127.0.0.1:9101/mcp', 'http://127.0.0.1:9102/mcp', 'http://127.0.0.1:9103/mcp'] }
  again: { url: 'https://127.0.0.1:8080/mcp', tls: { ca: authority.pem, server_name: mcp.example.com } }
  strange: { url: 'https://127.0.0.1:8080/mcp', tls: { ca: authority.pem, server_name: other.example.com } }
  found: { url: 'http://localhost:9104/mcp', discover: dns }
log: { format: pretty }
trusted_proxies: [10.0.0.0/8]
";

/// What is asked over TLS, and must pass.
const ROWS: &[&str] = &[
    "forwarded-spoofable",
    "tls-certificate",
    "tls-old-version",
    "version-header-lost",
];

/// The certificate is shown, old versions are not spoken, instances are told of https, and verified by their name.
pub(crate) fn check(product: &Product) {
    let target = propylon_dialects::find(product.target).expect("a target of that name");
    let mut rows = target.coverage.iter();
    let ends_tls = rows.any(|row| row.practice == "tls-certificate" && row.state == State::Held);
    if !ends_tls {
        return;
    }
    let probe = probe();
    let mut authority = PathBuf::new();
    let stand = Stand::run(product, DESCRIPTION, probe.addresses(), None, |scratch| {
        authority = write_certificate(scratch);
    });
    // Some products listen before they have their certificates.
    let judgement = within(Duration::from_secs(20), || {
        let judgement = judge(&stand, "/mcp", ROWS, &authority);
        judgement.trouble.is_none().then_some(judgement)
    });
    let judgement = judgement.unwrap_or_else(|| judge(&stand, "/mcp", ROWS, &authority));
    let passed = judgement.with_verdict("pass");
    let missing = ROWS.iter().filter(|row| !passed.contains(row));
    let missing: Vec<String> = missing
        .map(|row| format!("{row}: {}", judgement.text(row)))
        .collect();
    assert!(
        judgement.trouble.is_none() && missing.is_empty(),
        "{}: {:?}\n{}\n{}",
        product.name,
        judgement.trouble,
        missing.join("\n"),
        stand.output()
    );
    for (path, is_answered) in [("/again", true), ("/strange", false)] {
        let judgement = judge(&stand, path, &["version-header-lost"], &authority);
        let passed = judgement
            .with_verdict("pass")
            .contains(&"version-header-lost");
        let name = product.name;
        assert_eq!(
            passed,
            is_answered,
            "{name}: {path}: {:?}\n{}",
            judgement.trouble,
            stand.output()
        );
    }
}

fn judge(stand: &Stand, path: &str, rows: &[&str], authority: &Path) -> Judgement {
    let mut command = Command::new(BINARY);
    let url = format!("https://{}{path}", stand.address);
    command.args(["check", &url, "--token", TOKEN, "--profile", "quick"]);
    command.arg("--select").arg(rows.join(","));
    command.arg("--ca").arg(authority);
    Judgement::of(command)
}

/// Writes a server's certificate and key, and gives the authority's file.
fn write_certificate(scratch: &Scratch) -> PathBuf {
    let mut root = CertificateParams::new(Vec::new()).expect("no names are valid names");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // With the name that the server has by default too, OpenSSL would take that one for self-signed.
    root.distinguished_name
        .push(DnType::CommonName, "Generated test authority");
    let root_key = KeyPair::generate().expect("a key can be made");
    let authority = root.self_signed(&root_key).expect("it signs itself");
    let key = KeyPair::generate().expect("a key can be made");
    let names = vec!["127.0.0.1".to_owned(), "mcp.example.com".to_owned()];
    let leaf = CertificateParams::new(names).expect("the names are valid");
    let leaf = leaf.signed_by(&key, &Issuer::new(root, root_key));
    scratch.write("server.pem", &leaf.expect("it is signed").pem());
    scratch.write("server.pem.key", &key.serialize_pem());
    scratch.write("authority.pem", &authority.pem())
}

//! TLS to instances, with openssl as the instance: who is verified, and what is said of who is not.

use std::net::SocketAddr;
use std::process::Command;

use propylon_testkit::{Guarded, Launch, Propylon, Response, Scratch, eventually, free_address};

use super::authority::{Authority, Leaf};
use super::{SOON, echo};
use crate::front::BINARY;

/// openssl as a server that answers every request with a page, over TLS with these options.
fn openssl_server(scratch: &Scratch, name: &str, more: &[&str]) -> (SocketAddr, Guarded) {
    let address = free_address();
    let mut command = Command::new("openssl");
    command
        .args([
            "s_server",
            "-accept",
            &address.to_string(),
            "-www",
            "-quiet",
        ])
        .arg("-cert")
        .arg(scratch.path().join(format!("{name}.pem")))
        .arg("-key")
        .arg(scratch.path().join(format!("{name}.key")))
        .args(more);
    let server = Guarded::start(command);
    eventually("openssl listens", SOON, || {
        std::net::TcpStream::connect(address).is_ok()
    });
    (address, server)
}

/// Asks an instance that shows the certificate `name`: it answers, or is refused with these words.
fn judge(scratch: &Scratch, name: &str, tls: &str, said: Option<&str>) {
    let (address, _server) = openssl_server(scratch, name, &[]);
    let (proxy, answer) = ask(address, tls);
    let Some(said) = said else {
        assert_eq!(answer.status, 200, "{name} {tls}: {}", proxy.output());
        return;
    };
    assert_eq!(answer.status, 502, "{name} {tls}");
    assert_eq!(answer.header("propylon-reason"), Some("upstream-tls"));
    let line = proxy.logged(|line| line["status"] == 502);
    let detail = line["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(said), "{name} {tls}: {detail}");
}

#[test]
fn an_instance_is_verified_and_a_refusal_says_why() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    let ca = format!("ca: {}", authority.file().display());
    let here = || Leaf::of(&["127.0.0.1"]);
    authority.issue("good", &here());
    authority.issue("elsewhere", &Leaf::of(&["weather.internal"]));
    authority.issue("expired", &here().expired());
    authority.issue("stranger", &here().self_signed());
    authority.issue("own-root", &here().self_signed().authority());
    let own_root = format!("ca: {}/own-root.pem", scratch.path().display());
    let pin = |name: &str| format!("pins: [\"{}\"]", authority.pin(name));
    let both = format!("{ca}, {}", pin("good"));
    let named = format!("{ca}, server_name: weather.internal");
    let wrong_name = "127.0.0.1 was wanted, and it is for weather.internal";
    let unknown = "no root that is trusted has issued it";
    let authoritative = "it is an authority's own, which is for issuing others";
    for (name, tls, said) in [
        ("good", &*ca, None),
        ("elsewhere", &named, None),
        ("good", &pin("good"), None),
        ("stranger", &pin("stranger"), None),
        ("good", &both, None),
        ("elsewhere", &ca, Some(wrong_name)),
        ("expired", &ca, Some("it expired 3 days ago, at ")),
        ("stranger", &ca, Some(unknown)),
        ("own-root", &own_root, Some(authoritative)),
        ("good", &pin("elsewhere"), Some("which is none of the pins")),
        ("good", "server_name: 127.0.0.1", Some(unknown)),
    ] {
        judge(&scratch, name, tls, said);
    }
}

#[test]
fn an_instance_whose_certificate_is_revoked_is_refused() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    let ca = format!("ca: {}", authority.file().display());
    authority.issue("good", &Leaf::of(&["127.0.0.1"]));
    authority.issue("revoked", &Leaf::of(&["127.0.0.1"]).numbered(7));
    let with = |list: std::path::PathBuf| format!("{ca}, crl: {}", list.display());
    let listed = with(authority.revoke("revoked.crl", &[7], 30));
    let outdated = with(authority.revoke("outdated.crl", &[], -1));
    let other = Authority::named(&scratch, "other-authority");
    let unlisted = with(other.revoke("other.crl", &[7], 30));
    for (name, tls, said) in [
        ("good", &*listed, None),
        ("revoked", &ca, None),
        ("revoked", &listed, Some("it has been revoked")),
        ("good", &unlisted, Some("`crl` has no list of its issuer")),
        ("good", &outdated, Some("was to be replaced by ")),
    ] {
        judge(&scratch, name, tls, said);
    }
}

#[test]
fn an_instance_without_a_tls_that_is_spoken_here_is_refused() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("good", &Leaf::of(&["127.0.0.1"]));
    let behind = echo();
    let plain = crate::front::serve_one(&behind);
    let only = |version| openssl_server(&scratch, "good", &[version, "-cipher", "ALL@SECLEVEL=0"]);
    let ((tls_1_1, _older), (tls_1_0, _oldest)) = (only("-tls1_1"), only("-tls1"));
    for (address, said) in [
        (plain.address(), "does not answer in TLS"),
        (tls_1_1, "alert ProtocolVersion"),
        (tls_1_0, "alert ProtocolVersion"),
    ] {
        let (proxy, answer) = ask(address, &format!("ca: {}", authority.file().display()));
        assert_eq!(
            (answer.status, answer.header("propylon-reason")),
            (502, Some("upstream-tls"))
        );
        let line = proxy.logged(|line| line["status"] == 502);
        let detail = line["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(said), "{detail}");
    }
}

/// A proxy in front of an https instance at `address`, and what it answers.
fn ask(address: SocketAddr, tls: &str) -> (Propylon, Response) {
    let url = format!("https://{address}/mcp");
    let tls = format!("tls: {{ {tls} }}");
    let proxy = Launch::new(BINARY).config(&crate::front::yaml(&[url], &[&tls], &[]));
    let mut client = propylon_testkit::RawClient::connect(proxy.address());
    let (answer, _) = client
        .send("GET /mcp HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n")
        .read();
    (proxy, answer)
}

#[test]
fn an_instance_that_asks_for_a_certificate_is_shown_one() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("server", &Leaf::of(&["127.0.0.1"]));
    authority.issue("proxy", &Leaf::of(&["propylon.internal"]));
    let ca = authority.file().display().to_string();
    let asks = ["-Verify", "1", "-verify_return_error", "-CAfile", &ca];
    let (address, _server) = openssl_server(&scratch, "server", &asks);
    let (proxy, answer) = ask(address, &format!("ca: {ca}"));
    assert_eq!(answer.status, 502, "{}", proxy.output());
    let folder = scratch.path().display();
    let shown = format!("ca: {ca}, certificate: {folder}/proxy.pem, key: {folder}/proxy.key");
    let (proxy, answer) = ask(address, &shown);
    assert_eq!(answer.status, 200, "{}", proxy.output());
}

//! Clients that show a certificate, with curl and openssl as the clients: who is let in, and who the server is told it is.

use std::process::Command;

use propylon_testkit::{Propylon, Scratch, eventually};

use super::authority::{Authority, Leaf};
use super::{SOON, curl, echo, pair, serve, text};

/// A proxy that verifies clients, with more keys of `client`; the authority issues servers and clients alike.
fn verifying(scratch: &Scratch, authority: &Authority<'_>, url: &str, more: &str) -> Propylon {
    authority.issue("server", &Leaf::of(&["mcp.example.com"]));
    let ca = authority.file().display();
    let tls = format!(
        "{}, client: {{ ca: {ca}, {more} }}",
        pair(scratch.path(), "server")
    );
    serve(url, &tls, "")
}

/// What curl says when it shows this pair.
fn with(
    proxy: &Propylon,
    scratch: &Scratch,
    authority: &Authority<'_>,
    name: &str,
    more: &[&str],
) -> String {
    let file = |end: &str| {
        scratch
            .path()
            .join(format!("{name}.{end}"))
            .display()
            .to_string()
    };
    let (certificate, key) = (file("pem"), file("key"));
    let mut args = vec!["--cert", &*certificate, "--key", &*key];
    args.extend(more);
    text(&curl(proxy, authority, "mcp.example.com", "/mcp", &args))
}

#[test]
fn the_server_is_told_who_the_client_is_and_nobody_can_pretend() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    let agent = Leaf::of(&["agent.example.com"]).called("agent 7");
    authority.issue("agent", &agent.uri("spiffe://example.com/agent"));
    let upstream = echo();
    let proxy = verifying(
        &scratch,
        &authority,
        &upstream.url("/mcp"),
        "verify: optional",
    );
    let forged = [
        "--header",
        "X-Forwarded-Client-Cert: Hash=00;Subject=\"CN=admin\"",
        "--header",
        "x-forwarded-client_cert: forged",
        "--header",
        "Client-Cert: :Zm9yZ2Vk:",
        "--header",
        "Client-Cert-Chain: :Zm9yZ2Vk:",
    ];
    for version in ["--tlsv1.3", "--tls-max=1.2"] {
        let version: Vec<_> = version.split('=').collect();
        let said = with(
            &proxy,
            &scratch,
            &authority,
            "agent",
            &[&version[..], &forged].concat(),
        );
        assert!(said.contains("HTTP/2 200"), "{said}");
    }
    let said = text(&curl(
        &proxy,
        &authority,
        "mcp.example.com",
        "/mcp",
        &forged,
    ));
    assert!(said.contains("HTTP/2 200"), "{said}");
    let seen = upstream.wait_for(3, SOON);
    for (number, exchange) in seen.iter().enumerate() {
        let told: Vec<_> = exchange
            .headers()
            .into_iter()
            .filter(|(name, _)| name.to_ascii_lowercase().contains("cert"))
            .collect();
        match number {
            2 => assert!(told.is_empty(), "{told:?}"),
            _ => {
                assert_eq!(told.len(), 1, "{told:?}");
                let (hash, rest) = told[0].1.split_once(';').expect("several parts");
                assert_eq!(hash.len(), "Hash=".len() + 64, "{hash}");
                assert_eq!(
                    rest,
                    "Subject=\"CN=agent 7\";DNS=agent.example.com;URI=spiffe://example.com/agent"
                );
            }
        }
    }
    let line = proxy.logged(|line| line["client_subject"] == "CN=agent 7");
    assert_eq!(
        line["client_names"],
        "DNS=agent.example.com URI=spiffe://example.com/agent"
    );
}

#[test]
fn who_shows_no_good_certificate_is_turned_away_and_the_log_says_why() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("good", &Leaf::of(&["agent.example.com"]));
    authority.issue("expired", &Leaf::of(&["agent.example.com"]).expired());
    authority.issue("stranger", &Leaf::of(&["agent.example.com"]).self_signed());
    let upstream = echo();
    let proxy = verifying(
        &scratch,
        &authority,
        &upstream.url("/mcp"),
        "verify: required",
    );
    let said = with(&proxy, &scratch, &authority, "good", &[]);
    assert!(said.contains("HTTP/2 200"), "{said}");
    for (name, cause) in [
        ("expired", "it expired 3 days ago, at "),
        ("stranger", "no root in `tls.client.ca` has issued it"),
    ] {
        let said = with(&proxy, &scratch, &authority, name, &[]);
        assert!(!said.contains(" 200"), "{name}: {said}");
        eventually(cause, SOON, || proxy.output().contains(cause));
    }
    let said = text(&curl(&proxy, &authority, "mcp.example.com", "/mcp", &[]));
    assert!(!said.contains(" 200"), "{said}");
    eventually("who showed none", SOON, || {
        proxy.output().contains("it showed none")
    });
    assert_eq!(upstream.exchanges().len(), 1);
}

/// One request of openssl's over a session that it keeps in, or takes from, this file.
fn with_session(proxy: &Propylon, scratch: &Scratch, option: &str) -> String {
    let folder = scratch.path();
    let mut command = Command::new("openssl");
    command.args([
        "s_client",
        "-ign_eof",
        "-servername",
        "mcp.example.com",
        "-connect",
    ]);
    command.arg(proxy.address().to_string());
    command.arg("-cert").arg(folder.join("agent.pem"));
    command.arg("-key").arg(folder.join("agent.key"));
    command.arg(option).arg(folder.join("session"));
    super::rotation::request(command)
}

#[test]
fn a_client_that_is_revoked_is_out_at_once_with_its_session_too() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("agent", &Leaf::of(&["agent.example.com"]).numbered(7));
    let list = authority.revoke("revoked.crl", &[8], 30);
    let upstream = echo();
    let more = format!("crl: {}", list.display());
    let proxy = verifying(&scratch, &authority, &upstream.url("/mcp"), &more);
    let said = with_session(&proxy, &scratch, "-sess_out");
    assert!(said.contains("HTTP/1.1 200"), "{said}");
    let said = with_session(&proxy, &scratch, "-sess_in");
    assert!(
        said.contains("Reused, TLSv1.3") && said.contains("HTTP/1.1 200"),
        "{said}"
    );

    authority.revoke("revoked.crl", &[7, 8], 30);
    eventually("the list in use", SOON, || {
        !with(&proxy, &scratch, &authority, "agent", &[]).contains("HTTP/2")
    });
    eventually("the cause", SOON, || {
        proxy.output().contains("it has been revoked")
    });
    let said = with_session(&proxy, &scratch, "-sess_in");
    assert!(!said.contains(" 200"), "{said}");
}

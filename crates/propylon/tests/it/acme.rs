//! Certificates by ACME, from Pebble: obtained, kept, renewed, and what is said when there are none.

mod pebble;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use propylon_testkit::{Answer, Launch, Propylon, Scratch, Upstream, eventually, free_address};
use rustix::process::Signal;

use crate::discovery::dns::Dns;
use crate::front::{BINARY, metric};
use crate::real::servers::peers;
use crate::tls::{Authority, Leaf, SOON, pair, shown, text};
use pebble::{Pebble, issuer};

const DOMAIN: &str = "mcp.example.test";
/// Orders take a few seconds where two cores are shared.
const PATIENCE: Duration = Duration::from_secs(40);

fn echo() -> Upstream {
    Upstream::start(|_| Answer::sized(200, &[], "ok"))
}

/// A listener for https whose certificate comes from `directory`, and one for plain http.
struct Place {
    storage: Scratch,
    folder: PathBuf,
    tls: std::net::SocketAddr,
    http: std::net::SocketAddr,
}

impl Place {
    fn new() -> Self {
        let storage = Scratch::new();
        Self {
            folder: storage.path().join("acme"),
            storage,
            tls: free_address(),
            http: free_address(),
        }
    }

    fn serve(&self, upstream: &Upstream, directory: &str, ca: &Path, challenge: &str) -> Propylon {
        let (tls, http, url) = (self.tls, self.http, upstream.url("/mcp"));
        let (storage, ca) = (self.folder.display(), ca.display());
        Launch::new(BINARY).config(&format!(
            "listeners:\n  - address: \"{{listen}}\"\n  - {{ address: \"{http}\", redirect: https }}\n  - address: \"{tls}\"\n\
             \x20   tls:\n      acme:\n        domains: [{DOMAIN}]\n        directory: {directory}\n        contact: ops@example.test\n\
             \x20       storage: {storage}\n        challenge: {challenge}\n        ca: {ca}\n\
             admin: {{ address: \"{{admin}}\" }}\nroutes: [{{ path: /mcp, upstream: it }}]\nupstreams: {{ it: {{ url: \"{url}\" }} }}\n"
        ))
    }
}

/// The whole certificate that is shown for the domain, or what went wrong.
fn certificate(place: &Place) -> String {
    let output = Command::new("openssl")
        .args([
            "s_client",
            "-connect",
            &place.tls.to_string(),
            "-servername",
            DOMAIN,
        ])
        .stdin(Stdio::null())
        .output()
        .expect("openssl runs");
    let text = text(&output);
    let begin = text.find("-----BEGIN CERTIFICATE-----");
    let end = text.find("-----END CERTIFICATE-----");
    begin
        .zip(end)
        .map_or(String::new(), |(begin, end)| text[begin..end].to_owned())
}

fn wait_for_issue(proxy: &Propylon, times: usize) {
    eventually("a certificate that is issued", PATIENCE, || {
        proxy.output().matches("a certificate was issued").count() >= times
    });
}

#[test]
fn a_certificate_is_obtained_by_either_challenge_and_kept_for_the_next_start() {
    let dns = Dns::start(&[&format!("127.0.0.1 {DOMAIN}")], &[]);
    let upstream = echo();
    for challenge in ["tls-alpn-01", "http-01"] {
        let place = Place::new();
        // A fifth of the nonces is refused: the client has to take the next one.
        let mut pebble = Pebble::start(&dns, place.tls, place.http, 86_400 * 90, 20);
        let proxy = place.serve(&upstream, &pebble.directory(), pebble.ca(), challenge);
        // Nothing waits for it: other listeners serve meanwhile.
        assert_eq!(crate::front::get(proxy.address(), "/mcp").0.status, 200);
        wait_for_issue(&proxy, 1);
        let first = certificate(&place);
        let said = issuer(&first);
        assert!(
            said.contains("Pebble Intermediate"),
            "{challenge}: {said}\n{}",
            proxy.output()
        );
        let orders = |result| metric(&proxy, "propylon_acme_orders_total", &[result]);
        assert!(orders("issued") >= 1.0, "{}", proxy.output());
        assert_private(&place.folder);

        // A start with the directory gone shows what is kept, and asks for nothing.
        proxy.stop();
        pebble.stop();
        let again = place.serve(&upstream, &pebble.directory(), pebble.ca(), challenge);
        assert_eq!(certificate(&place), first, "{challenge}");
        let output = again.stop();
        assert!(!output.contains("no certificate was issued"), "{output}");
    }
}

/// Every file is for its owner alone, and so is every folder.
fn assert_private(folder: &Path) {
    let mut files = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let mode = |path: &Path| {
            std::fs::metadata(path)
                .expect("it is there")
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in std::fs::read_dir(&folder).expect("it is a folder") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                files += 1;
            }
        }
    }
    assert_eq!(files, 2, "an account and a certificate");
}

#[test]
fn a_certificate_is_renewed_at_two_thirds_of_its_life_and_nobody_notices() {
    let dns = Dns::start(&[&format!("127.0.0.1 {DOMAIN}")], &[]);
    let (place, upstream) = (Place::new(), echo());
    let pebble = Pebble::start(&dns, place.tls, place.http, 18, 0);
    let proxy = place.serve(&upstream, &pebble.directory(), pebble.ca(), "tls-alpn-01");
    wait_for_issue(&proxy, 1);
    let first = certificate(&place);
    let mut load = peers().command("wrk");
    load.args([
        "-t1",
        "-c2",
        "-d14s",
        "--timeout",
        "10s",
        "-H",
        "Connection: close",
    ]);
    load.args(["-H", &format!("Host: {DOMAIN}")]);
    load.arg(format!("https://{}/mcp", place.tls));
    let load = load.stdout(Stdio::piped()).spawn().expect("wrk runs");
    wait_for_issue(&proxy, 2);
    let report = text(&load.wait_with_output().expect("it ends"));
    assert!(report.contains(" requests in "), "{report}");
    for failure in ["Socket errors", "Non-2xx"] {
        assert!(!report.contains(failure), "{report}");
    }
    let second = certificate(&place);
    assert!(!second.is_empty() && second != first, "{}", proxy.output());
}

#[test]
fn what_the_directory_found_wrong_is_said_and_the_rest_goes_on() {
    // Whoever is asked at that name is not this proxy.
    let elsewhere = echo();
    let dns = Dns::start(&[&format!("127.0.0.1 {DOMAIN}")], &[]);
    let (place, upstream) = (Place::new(), echo());
    let pebble = Pebble::start(&dns, free_address(), elsewhere.address(), 3600, 0);
    let proxy = place.serve(&upstream, &pebble.directory(), pebble.ca(), "http-01");
    eventually("the refusal", PATIENCE, || {
        proxy
            .output()
            .contains("no certificate was issued: the directory refuses: ")
    });
    let output = proxy.output();
    let line = output
        .lines()
        .find(|line| line.contains("no certificate was issued"));
    let line = line.unwrap_or_default();
    for word in [DOMAIN, "unauthorized", "again_in=", &pebble.directory()] {
        assert!(line.contains(word), "{word}: {line}");
    }
    assert_eq!(crate::front::get(proxy.address(), "/mcp").0.status, 200);
    assert_eq!(
        metric(&proxy, "propylon_acme_orders_total", &["failed"]),
        1.0
    );
}

#[test]
fn a_directory_that_is_down_is_asked_again_and_one_that_forgot_us_too() {
    let dns = Dns::start(&[&format!("127.0.0.1 {DOMAIN}")], &[]);
    let (place, upstream) = (Place::new(), echo());
    let mut pebble = Pebble::start(&dns, place.tls, place.http, 3600, 0);
    pebble.stop();
    let proxy = place.serve(&upstream, &pebble.directory(), pebble.ca(), "tls-alpn-01");
    eventually("that it cannot be asked", PATIENCE, || {
        proxy.output().contains("the directory cannot be asked: ")
    });
    pebble.restart(&dns);
    wait_for_issue(&proxy, 1);

    // Pebble keeps nothing: the account is unknown to the next one, and another is made.
    pebble.restart(&dns);
    let kept = std::fs::read_dir(&place.folder).expect("it is there");
    let folder = kept.flatten().next().expect("one directory").path();
    std::fs::remove_file(folder.join(format!("{DOMAIN}.pem"))).expect("it is there");
    proxy.signal(Signal::HUP);
    eventually("another account", PATIENCE, || {
        proxy.output().contains("does not know the account")
    });
    wait_for_issue(&proxy, 2);
    assert!(folder.join("account.unknown").exists());
}

#[test]
fn nothing_is_ordered_that_could_not_be_kept() {
    let (mut place, upstream) = (Place::new(), echo());
    // A file stands where the folder should be.
    let file = place.storage.write("taken", "");
    place.folder = file.join("acme");
    let authority = Authority::new(&place.storage);
    let directory = "https://127.0.0.1:1/dir";
    let proxy = place.serve(&upstream, directory, authority.file(), "http-01");
    eventually("the cause", SOON, || {
        let output = proxy.output();
        output.contains("no certificate was issued: ") && output.contains("Not a directory")
    });
    assert!(proxy.output().contains("taken/acme/"), "{}", proxy.output());
    assert_eq!(crate::front::get(proxy.address(), "/mcp").0.status, 200);
}

#[test]
fn a_directory_that_limits_is_left_alone_for_as_long_as_it_says() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("directory", &Leaf::of(&["127.0.0.1"]));
    let (place, upstream, address) = (Place::new(), echo(), free_address());
    let base = format!("https://{address}");
    let directory = Upstream::start(move |exchange| match exchange.target() {
        "/dir" => Answer::json(
            200,
            &serde_json::json!({
                "newNonce": format!("{base}/nonce"), "newAccount": format!("{base}/account"),
                "newOrder": format!("{base}/order"), "revokeCert": format!("{base}/revoke"),
                "keyChange": format!("{base}/key"),
            }),
        ),
        "/nonce" => Answer::sized(200, &["Replay-Nonce: bm9uY2U"], ""),
        _ => Answer::sized(
            429,
            &[
                "Retry-After: 7200",
                "Replay-Nonce: bm9uY2U",
                "Content-Type: application/problem+json",
            ],
            "{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"too many\",\"status\":429}",
        ),
    });
    // Our own proxy gives it its TLS.
    let pair = pair(scratch.path(), "directory");
    let _front = Launch::new(BINARY).config(&format!(
        "listeners: [{{ address: \"{{listen}}\" }}, {{ address: \"{address}\", tls: {{ {pair} }} }}]\nadmin: {{ address: \"{{admin}}\" }}\n\
         routes: [{{ path: /, upstream: it }}]\nupstreams: {{ it: {{ url: \"{}\" }} }}\n",
        directory.url("/")
    ));
    let proxy = place.serve(
        &upstream,
        &format!("https://{address}/dir"),
        authority.file(),
        "http-01",
    );
    eventually("the limit", SOON, || {
        proxy.output().contains("has been asked too often")
    });
    let output = proxy.output();
    let line = output
        .lines()
        .find(|line| line.contains("asked too often"))
        .unwrap_or_default();
    assert!(line.contains("again_in=2h"), "{line}");
    let asked = directory
        .exchanges()
        .iter()
        .filter(|exchange| exchange.target() == "/account")
        .count();
    assert_eq!(asked, 1);
    // Without a certificate there is no handshake, and nothing else suffers.
    assert!(!shown(place.tls, DOMAIN, &[]).starts_with("subject="));
    assert_eq!(crate::front::get(proxy.address(), "/mcp").0.status, 200);
}

//! A proxy that takes registrations, with its API, its store and its tokens.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};
use std::time::Duration;

use propylon_testkit::{
    Body, Launch, Propylon, RawClient, Response, Scratch, ScriptedDns, eventually, free_address,
};
use serde_json::{Value, json};

use crate::front::BINARY;

/// Good for all tenants.
pub(super) const TOKEN: &str = "all-tenants-0123456789abcdef";
/// Good for the tenant `acme`.
pub(super) const ACME_TOKEN: &str = "acme-alone-0123456789abcdef";

/// What a proxy with registrations is started with; it may be started again with the same.
pub(super) struct Ground {
    pub(super) files: Scratch,
    pub(super) api: SocketAddr,
    guard: String,
    more: String,
}

/// The proxy at work.
pub(super) struct Stand {
    pub(super) ground: Ground,
    pub(super) proxy: Propylon,
}

impl Ground {
    /// With these rules of the guard, in flow style, and more keys of `backends`, a line each.
    pub(super) fn new(guard: &str, more: &[&str]) -> Self {
        let files = Scratch::new();
        secret(&files, "backends.key", &"0123456789abcdef".repeat(4));
        secret(
            &files,
            "api.tokens",
            &format!("{TOKEN}\nacme {ACME_TOKEN}\n"),
        );
        let more = more.iter().map(|line| format!("  {line}\n")).collect();
        Self {
            files,
            api: free_address(),
            guard: guard.to_owned(),
            more,
        }
    }

    /// The guard lets this machine through, in the clear, on the ports of these addresses and of the API.
    pub(super) fn local(ports: &[SocketAddr], more: &[&str]) -> Self {
        let ports: Vec<_> = ports
            .iter()
            .map(|address| address.port().to_string())
            .collect();
        let ports = ports.join(", ");
        let mut ground = Self::new("", more);
        let own = ground.api.port();
        ground.guard =
            format!("allow: [127.0.0.1], allow_http: true, ports: [443, {own}, {ports}]");
        ground
    }

    pub(super) fn yaml(&self, dns: Option<&ScriptedDns>) -> String {
        let Self {
            files,
            api,
            guard,
            more,
        } = self;
        let files = files.path().display();
        let dns = dns.map_or(String::new(), |dns| {
            format!("resolver: {{ servers: [\"{}\"] }}\n", dns.address())
        });
        format!(
            "listeners:\n  - address: \"{{listen}}\"\nadmin: {{ address: \"{{admin}}\" }}\n{dns}backends:\n  \
             address: \"{api}\"\n  store: {files}/backends.redb\n  key_file: {files}/backends.key\n  \
             token_file: {files}/api.tokens\n  guard: {{ {guard} }}\n{more}"
        )
    }

    pub(super) fn start(self, dns: Option<&ScriptedDns>) -> Stand {
        self.start_with(dns, "")
    }

    /// Starts it with more keys of the file.
    pub(super) fn start_with(self, dns: Option<&ScriptedDns>, root: &str) -> Stand {
        let proxy = Launch::new(BINARY).config(&(self.yaml(dns) + root));
        let api = self.api;
        eventually("the API to listen", Duration::from_secs(10), || {
            TcpStream::connect(api).is_ok()
        });
        Stand {
            ground: self,
            proxy,
        }
    }
}

impl Stand {
    pub(super) fn local(ports: &[SocketAddr], more: &[&str]) -> Self {
        Ground::local(ports, more).start(None)
    }

    /// Registers a server.
    pub(super) fn put(&self, id: &str, body: &Value) -> (Response, Body) {
        self.call("PUT", &format!("/v1/backends/{id}"), TOKEN, Some(body))
    }

    /// Registers a server that must be taken.
    pub(super) fn register(&self, id: &str, body: &Value) {
        let (response, body) = self.put(id, body);
        assert!(
            matches!(response.status, 200 | 201),
            "{id}: {}",
            body.text()
        );
    }

    pub(super) fn show(&self, id: &str) -> Value {
        let (response, body) = self.call("GET", &format!("/v1/backends/{id}"), TOKEN, None);
        assert_eq!(response.status, 200, "{}", body.text());
        body.json()
    }

    /// One call of the API, on a connection of its own.
    pub(super) fn call(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> (Response, Body) {
        call(
            self.ground.api,
            method,
            path,
            &[&format!("Authorization: Bearer {token}")],
            body,
        )
    }

    /// `propylon backend` with these arguments.
    pub(super) fn tool(&self, args: &[&str]) -> Output {
        Command::new(BINARY)
            .arg("backend")
            .args(args)
            .env("PROPYLON_API", format!("http://{}", self.ground.api))
            .env("PROPYLON_TOKEN", TOKEN)
            .output()
            .expect("it runs")
    }
}

/// One call of an API with these header lines.
pub(super) fn call(
    api: SocketAddr,
    method: &str,
    path: &str,
    lines: &[&str],
    body: Option<&Value>,
) -> (Response, Body) {
    let mut client = RawClient::connect(api);
    client.send(request(api, method, path, lines, body));
    client.read()
}

/// The bytes of a call.
pub(super) fn request(
    api: SocketAddr,
    method: &str,
    path: &str,
    lines: &[&str],
    body: Option<&Value>,
) -> String {
    let body = body.map(Value::to_string).unwrap_or_default();
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {api}\r\n{lines}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// The smallest registration.
pub(super) fn at(url: impl Into<String>) -> Value {
    json!({ "url": url.into() })
}

/// A file that only its owner may read.
pub(super) fn secret(files: &Scratch, name: &str, text: &str) {
    let path = files.write(name, text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
}

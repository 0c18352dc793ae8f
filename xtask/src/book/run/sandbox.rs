//! A folder in which blocks are loaded: the files they name are there, and the ports they name are free ones.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use propylon_testkit::{Scratch, free_port};

use crate::book::{page, run_quietly};

/// The name on every certificate here.
pub(super) const HOST: &str = "mcp.example.com";
/// Where a block stands in its context.
const MARK: &str = "@@";
/// Folders of a system that blocks name, found below the sandbox.
const FOLDERS: &[&str] = &[
    "/etc/haproxy/",
    "/etc/propylon/",
    "/etc/ssl/",
    "/run/haproxy/",
    "/var/log/nginx/",
];
/// Where certificates and keys are named, with what is in them.
const FILES: &[(&str, &[&str])] = &[
    ("chain.pem", &["cert"]),
    ("etc/haproxy/certs/mcp.pem", &["cert", "key"]),
    ("etc/propylon/roots.pem", &["cert"]),
    ("etc/ssl/certs/ca-certificates.crt", &["cert"]),
    ("etc/ssl/internal-ca.pem", &["cert"]),
    ("etc/ssl/mcp.fullchain.pem", &["cert"]),
    ("etc/ssl/mcp.key", &["key"]),
    ("server.key", &["key"]),
    ("server.pem", &["cert"]),
];

/// Keys and tokens, which only their owner may read.
const SECRETS: &[&str] = &["api.tokens", "backends.key"];

/// The folder.
pub(super) struct Sandbox {
    scratch: Scratch,
}

impl Sandbox {
    pub(super) fn new() -> anyhow::Result<Self> {
        let scratch = Scratch::new();
        certificate(scratch.path())?;
        let read = |name: &str| fs::read_to_string(scratch.path().join(name));
        for (name, parts) in FILES {
            let path = scratch.path().join(name);
            fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
            let text: Result<String, _> = parts
                .iter()
                .map(|part| read(&format!("{part}.pem")))
                .collect();
            fs::write(&path, text?)?;
        }
        for name in SECRETS {
            let path = scratch.path().join(name);
            fs::write(&path, "0123456789abcdef".repeat(4))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        }
        for folder in FOLDERS {
            fs::create_dir_all(scratch.path().join(folder.trim_matches('/')))?;
        }
        Ok(Self { scratch })
    }

    pub(super) fn path(&self) -> &Path {
        self.scratch.path()
    }

    /// The block in its context, written to a file of the context's name.
    pub(super) fn fill(&self, place: &str, text: &str) -> anyhow::Result<String> {
        let context =
            page::context(place).with_context(|| format!("book/contexts has no {place}"))?;
        let context = fs::read_to_string(&context)?;
        let mut filled = String::new();
        let mut is_found = false;
        for line in context.lines() {
            let Some((before, _)) = line.split_once(MARK) else {
                filled.push_str(line);
                filled.push('\n');
                continue;
            };
            is_found = true;
            for inner in text.lines() {
                filled.push_str(if inner.is_empty() { "" } else { before });
                filled.push_str(inner);
                filled.push('\n');
            }
        }
        anyhow::ensure!(is_found, "{place} has no {MARK}");
        Ok(self.moved(&filled))
    }

    /// Paths of a system moved into the sandbox, and ports that only root or one alone may have made free ones.
    pub(super) fn moved(&self, text: &str) -> String {
        let mut moved = text.to_owned();
        for folder in FOLDERS {
            let here = format!("{}{folder}", self.path().display());
            moved = moved.replace(folder, &here);
        }
        for (port, marks) in [
            (80, ["listen 80;", "\":80\""]),
            (443, ["listen 443 ", "\":443\""]),
        ] {
            for mark in marks {
                let free = free_port().to_string();
                moved = moved.replace(mark, &mark.replace(&port.to_string(), &free));
            }
        }
        moved
    }
}

/// A certificate for [`HOST`] and its key, as cert.pem and key.pem.
pub(super) fn certificate(folder: &Path) -> anyhow::Result<()> {
    let names = format!("subjectAltName=DNS:{HOST},DNS:example.com,IP:127.0.0.1");
    let mut openssl = Command::new("openssl");
    openssl
        .current_dir(folder)
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args([
            "-nodes",
            "-days",
            "30",
            "-subj",
            &format!("/CN={HOST}"),
            "-addext",
            &names,
        ])
        .args(["-keyout", "key.pem", "-out", "cert.pem"]);
    run_quietly(&mut openssl)
}

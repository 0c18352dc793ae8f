//! A product standing on generated files, in a folder of its own, until dropped.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use propylon_testkit::{
    Guarded, Judgement, Peers, Probe, Scratch, free_address, post_json, within,
};
use serde_json::{Value, json};

use crate::front::BINARY;
use crate::product::{Break, Product};

/// The least a description says.
pub(crate) const SIMPLE: &str =
    include_str!("../../../propylon-dialects/tests/descriptions/simple.yaml");
/// Every setting a product may have a counterpart for.
pub(crate) const FULL: &str =
    include_str!("../../../propylon-dialects/tests/descriptions/full.yaml");
/// The token shared by the probe and the check.
pub(crate) const TOKEN: &str = "generated-token-51c0";
/// How long a product may take to start, and a tool to end, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The peers installed for this workspace.
pub(crate) fn peers() -> &'static Peers {
    static PEERS: OnceLock<Peers> = OnceLock::new();
    PEERS.get_or_init(|| Peers::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")))
}

/// Three instances of the probe.
pub(crate) fn probe() -> Probe {
    Probe::start(BINARY, TOKEN, 3)
}

/// A product running on generated files.
pub(crate) struct Stand {
    pub(crate) address: SocketAddr,
    /// What the report said of these files.
    pub(crate) report: Value,
    process: Guarded,
    scratch: Scratch,
}

impl Stand {
    /// Generates for `description` with its listener and instances put in place, validates, and runs. `path` is one
    /// that must be answered by an instance before the stand is ready.
    ///
    /// # Panics
    /// When a step fails; what the product said is in the message.
    pub(crate) fn start(
        product: &Product,
        description: &str,
        instances: &[SocketAddr],
        path: &str,
        broken: Option<&Break>,
    ) -> Self {
        let stand = Self::run(product, description, instances, broken, |_| {});
        stand.await_ready(path);
        stand
    }

    /// The same, as soon as its port is open. `prepare` puts what the description names beside it.
    ///
    /// # Panics
    /// When a step fails; what the product said is in the message.
    pub(crate) fn run(
        product: &Product,
        description: &str,
        instances: &[SocketAddr],
        broken: Option<&Break>,
        prepare: impl FnOnce(&Scratch),
    ) -> Self {
        let (scratch, address) = (Scratch::new(), free_address());
        prepare(&scratch);
        let folder = scratch.path().join("files");
        let report = generate(product, &scratch, &filled(description, address, instances));
        let mut files = read(&folder, &report);
        if let Some(broken) = broken {
            broken.apply(product, &mut files);
            for (name, text) in &files {
                std::fs::write(folder.join(name), text).expect("a generated file can be changed");
            }
        }
        validate(product, &folder);
        let mut command = (product.run)(&folder);
        // Products that keep state by default keep it in a folder of the test's own.
        command
            .current_dir(&folder)
            .env("HOME", scratch.path())
            .env("XDG_DATA_HOME", scratch.path())
            .env("XDG_CONFIG_HOME", scratch.path());
        let mut stand = Self {
            address,
            report,
            process: Guarded::start(command),
            scratch,
        };
        stand.await_port(product);
        stand
    }

    /// The URL of `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What the product wrote, and the files it ran on, for a failure's message.
    pub(crate) fn output(&self) -> String {
        let text = self.process.output().text();
        let lines: Vec<&str> = text.lines().rev().take(20).collect();
        let lines: Vec<&str> = lines.into_iter().rev().collect();
        format!("{}\n{}", self.scratch.path().display(), lines.join("\n"))
    }

    /// The ids of the gaps that the report names.
    pub(crate) fn gaps(&self) -> Vec<&str> {
        let gaps = self.report["gaps"].as_array().into_iter().flatten();
        gaps.filter_map(|gap| gap["practice"].as_str()).collect()
    }

    /// Runs the check against `path`.
    pub(crate) fn judge(&self, path: &str, profile: &str, select: &[&str]) -> Judgement {
        let mut command = Command::new(BINARY);
        command.args(["check", &self.url(path), "--token", TOKEN]);
        command.args(["--profile", profile]);
        if !select.is_empty() {
            command.arg("--select").arg(select.join(","));
        }
        Judgement::of(command)
    }

    /// Waits until the port accepts.
    fn await_port(&mut self, product: &Product) {
        let address = self.address;
        let up = within(PATIENCE, || {
            let ended = self.process.wait(Duration::ZERO).is_some();
            (ended || TcpStream::connect(address).is_ok()).then_some(!ended)
        });
        let name = product.name;
        assert_eq!(up, Some(true), "{name} did not start:\n{}", self.output());
    }

    /// Waits for an answer of an instance: some products listen before they have read their routes or checked their
    /// instances. A broken product may never give one.
    fn await_ready(&self, path: &str) {
        let address = self.address;
        within(Duration::from_secs(5), || {
            let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
            let answered = std::panic::catch_unwind(|| post_json(address, path, &[], &ping));
            answered
                .is_ok_and(|(answer, _)| !matches!(answer.status, 404 | 502..=504))
                .then_some(())
        });
    }
}

/// The description with the addresses of this run.
pub(crate) fn filled(description: &str, listen: SocketAddr, instances: &[SocketAddr]) -> String {
    let mut text = description.replace("127.0.0.1:8080", &listen.to_string());
    for (index, instance) in instances.iter().enumerate() {
        text = text.replace(
            &format!("127.0.0.1:{}", 9101 + index),
            &instance.to_string(),
        );
    }
    text
}

/// Writes the files into `files` in the scratch folder, and gives the report.
fn generate(product: &Product, scratch: &Scratch, description: &str) -> Value {
    let config = scratch.write("propylon.yaml", description);
    let mut command = Command::new(BINARY);
    command
        .args(["generate", product.target])
        .args(product.arguments);
    command
        .args(["--report", "--format", "json", "-c"])
        .arg(config);
    command.arg("-o").arg(scratch.path().join("files"));
    let mut process = Guarded::start(command);
    let status = process.wait(PATIENCE);
    let said = process.output().text();
    assert!(
        status.is_some_and(|status| status.success()),
        "{}: generate ended with {status:?}:\n{said}",
        product.name
    );
    serde_json::from_str(&process.stdout().text())
        .unwrap_or_else(|error| panic!("{}: {error}:\n{said}", product.name))
}

fn read(folder: &Path, report: &Value) -> Vec<(String, String)> {
    let names = report["files"].as_array().into_iter().flatten();
    names
        .filter_map(Value::as_str)
        .map(|name| {
            let text = std::fs::read_to_string(folder.join(name));
            (name.to_owned(), text.expect("what is reported is written"))
        })
        .collect()
}

fn validate(product: &Product, folder: &Path) {
    let Some(validate) = product.validate else {
        return;
    };
    let mut command = validate(folder);
    command.current_dir(folder);
    let mut process = Guarded::start(command);
    let status = process.wait(PATIENCE);
    assert!(
        status.is_some_and(|status| status.success()),
        "{} refuses the files in {}:\n{}",
        product.name,
        folder.display(),
        process.output().text()
    );
}

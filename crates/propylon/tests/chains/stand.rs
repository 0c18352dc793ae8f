//! One chain standing: three probe instances, the product in front of them, and everything ended when dropped.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use propylon_testkit::{Guarded, Peers, Probe, Scratch, free_address, free_port, within};

use crate::chain::{Chain, Software};
use crate::faulty::{Fault, Relay};
use crate::tls;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_propylon");
/// The token shared by the probe and the check.
pub(crate) const TOKEN: &str = "chains-token-7d1f";
/// How many instances stand behind every chain.
const INSTANCES: usize = 3;
/// How long a product may take to start on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The peers installed for this workspace.
fn peers() -> &'static Peers {
    static PEERS: OnceLock<Peers> = OnceLock::new();
    PEERS.get_or_init(|| Peers::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")))
}

/// A running chain.
pub(crate) struct Stand {
    pub(crate) url: String,
    /// More arguments for the check: an authority to trust, credentials.
    pub(crate) arguments: Vec<String>,
    product: Option<Guarded>,
    relay: Option<Relay>,
    probe: Probe,
    _scratch: Scratch,
}

impl Stand {
    /// Starts `chain` with `edits` made to its files, or with `faults` where the chain is our own relay.
    ///
    /// # Panics
    /// When something does not start, or an edit's text is not in the chain's files.
    pub(crate) fn start(chain: &Chain, edits: &[(&str, &str)], faults: &'static [Fault]) -> Self {
        let probe = Probe::start(BINARY, TOKEN, INSTANCES);
        let instances = probe.addresses().to_vec();
        let (scratch, listen) = (Scratch::new(), free_address());
        let mut files = edited(chain, edits);
        let admin = free_port();
        for (_, text) in &mut files {
            *text = fill(text, chain, listen, admin, scratch.path(), &instances);
        }
        for (name, text) in &files {
            scratch.write(name, text);
        }
        let authority = chain
            .scheme
            .is_tls()
            .then(|| tls::write(&scratch, chain.certificate));
        let mut stand = Self {
            url: format!("{}://{listen}{}", chain.scheme.as_str(), chain.path),
            arguments: chain
                .arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            product: None,
            relay: None,
            probe,
            _scratch: scratch,
        };
        if let Some(authority) = authority {
            stand
                .arguments
                .extend(["--ca".to_owned(), authority.display().to_string()]);
        }
        match command(chain.software, stand._scratch.path()) {
            Some(command) => stand.product = Some(Guarded::start(command)),
            None => stand.relay = Some(Relay::start(listen, instances, faults)),
        }
        stand.await_ready(chain, listen);
        stand
    }

    /// What the product and the probe wrote, for a failure's message.
    pub(crate) fn output(&self) -> String {
        let product = self
            .product
            .as_ref()
            .map(|product| product.output().text())
            .unwrap_or_default();
        format!("{product}{}", self.probe.output().text())
    }

    /// Waits until the port accepts, and a little longer for an answer of an instance: some products listen before they
    /// have read their routes. A broken chain may never give one.
    fn await_ready(&mut self, chain: &Chain, listen: SocketAddr) {
        let up = within(PATIENCE, || {
            let ended = self
                .product
                .as_mut()
                .is_some_and(|product| product.wait(Duration::ZERO).is_some());
            (ended || TcpStream::connect(listen).is_ok()).then_some(!ended)
        });
        assert_eq!(
            up,
            Some(true),
            "{} did not start; it wrote:\n{}",
            chain.name,
            self.output()
        );
        within(Duration::from_secs(3), || {
            let is_ready = if chain.scheme.is_tls() {
                tls::is_spoken(listen)
            } else {
                is_served(listen, chain.path)
            };
            is_ready.then_some(())
        });
    }
}

/// Whether an instance answers through the chain.
fn is_served(listen: SocketAddr, path: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(listen) else {
        return false;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
    let ask = format!(
        "POST {path} HTTP/1.1\r\nHost: {listen}\r\nAuthorization: Bearer alice\r\nContent-Type: application/json\r\n\
         Content-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    );
    let mut answer = Vec::new();
    let _ = stream.write_all(ask.as_bytes());
    let _ = stream.take(64 * 1024).read_to_end(&mut answer);
    String::from_utf8_lossy(&answer)
        .to_ascii_lowercase()
        .contains("probe-instance:")
}

/// The chain's files with each edit made once in whichever of them holds its text.
fn edited(chain: &Chain, edits: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let mut files: Vec<(&str, String)> = chain
        .files
        .iter()
        .map(|&(name, text)| (name, text.to_owned()))
        .collect();
    for (from, to) in edits {
        let (_, text) = files
            .iter_mut()
            .find(|(_, text)| text.contains(from))
            .unwrap_or_else(|| panic!("{}: the text to edit is not there: {from:?}", chain.name));
        *text = text.replace(from, to);
    }
    files
}

fn fill(
    text: &str,
    chain: &Chain,
    listen: SocketAddr,
    admin: u16,
    directory: &Path,
    instances: &[SocketAddr],
) -> String {
    let mut text = text
        .replace("{{listen}}", &listen.to_string())
        .replace("{{listen_port}}", &listen.port().to_string())
        .replace("{{admin_port}}", &admin.to_string())
        .replace("{{scheme}}", chain.scheme.as_str())
        .replace("{{dir}}", &directory.display().to_string());
    for (name, address) in ["a", "b", "c"].iter().zip(instances) {
        text = text
            .replace(&format!("{{{{{name}}}}}"), &address.to_string())
            .replace(&format!("{{{{{name}_port}}}}"), &address.port().to_string());
    }
    text
}

/// How the software is started on the files in `directory`; none for our own relay.
fn command(software: Software, directory: &Path) -> Option<Command> {
    let file = |name: &str| -> PathBuf { directory.join(name) };
    let mut command = match software {
        Software::Nginx => {
            let mut command = peers().command("nginx");
            command
                .arg("-p")
                .arg(directory)
                .args(["-e", "stderr", "-c"])
                .arg(file("nginx.conf"));
            command
        }
        Software::Haproxy => {
            let mut command = peers().command("haproxy");
            command.arg("-db").arg("-f").arg(file("haproxy.cfg"));
            command
        }
        Software::Caddy => {
            let mut command = peers().command("caddy");
            command
                .args(["run", "--adapter", "caddyfile", "--config"])
                .arg(file("Caddyfile"));
            command
        }
        Software::Traefik => {
            let mut command = peers().command("traefik");
            command.arg(format!("--configFile={}", file("traefik.yaml").display()));
            command
        }
        Software::Envoy => {
            let mut command = peers().command("envoy");
            command.arg("-c").arg(file("envoy.yaml"));
            command.args([
                "--concurrency",
                "1",
                "--use-dynamic-base-id",
                "--log-level",
                "error",
            ]);
            command
        }
        Software::Propylon => {
            let mut command = Command::new(BINARY);
            command.arg("serve").arg("-c").arg(file("propylon.yaml"));
            command
        }
        Software::Relay => return None,
    };
    // Products that keep state by default keep it in the chain's own directory.
    command
        .current_dir(directory)
        .env("HOME", directory)
        .env("XDG_DATA_HOME", directory)
        .env("XDG_CONFIG_HOME", directory);
    Some(command)
}

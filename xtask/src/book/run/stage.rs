//! Where the book's commands run: a folder with the messages they send, the programs they name, and a chain to talk to.
//!
//! - `chain`: `https://mcp.example.com/mcp` is Propylon with three instances of the probe behind it;
//! - `guide`: `http://127.0.0.1:8080/mcp/` is nginx with the draft guide's configuration, and the same behind it;
//! - `bare`: nothing runs, and the addresses are free;
//! - `aws`: the AWS API of a load balancer.
//!
//! Addresses in the book are those of the book: they are exchanged for free ones before a run, and back in what it wrote.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use propylon_testkit::{Guarded, Probe, Scratch, free_address, free_port, within};

use super::aws::Aws;
use super::sandbox::{HOST, certificate};
use crate::book::prose_folder;
use crate::{peers, workspace};

const PATIENCE: Duration = Duration::from_secs(60);
const TOKEN: &str = "book-token-7a11";
const INSTANCES: usize = 3;
/// Where a run writes, in the folder.
const WRITTEN: &str = ".written";
/// Programs that blocks name, from the peers.
const PEERS: &[&str] = &[
    "aws", "caddy", "envoy", "haproxy", "nginx", "node", "traefik",
];
/// The draft guide's nginx, as the tests of the checker run it.
const GUIDE: &str = "crates/propylon/tests/chains/guide/nginx.conf";

/// The folder, and the stages that have been needed so far.
pub(super) struct Stages {
    program: PathBuf,
    scratch: Scratch,
    chain: Option<Chain>,
    guide: Option<Chain>,
    aws: Option<Aws>,
    /// What the book says, and what is meant.
    addresses: Vec<(String, String)>,
}

/// A proxy with instances of the probe behind it.
struct Chain {
    front: SocketAddr,
    admin: SocketAddr,
    probe: Probe,
    _proxy: Guarded,
}

impl Stages {
    pub(super) fn new(program: &Path) -> anyhow::Result<Self> {
        let scratch = Scratch::new();
        certificate(scratch.path())?;
        for entry in fs::read_dir(prose_folder().join("messages")).context("no messages")? {
            let path = entry?.path();
            fs::copy(
                &path,
                scratch.path().join(path.file_name().unwrap_or_default()),
            )?;
        }
        let bin = scratch.path().join("bin");
        fs::create_dir_all(&bin)?;
        let stages = Self {
            program: program.to_owned(),
            scratch,
            chain: None,
            guide: None,
            aws: None,
            addresses: Vec::new(),
        };
        stages.link("propylon", &Command::new(program))?;
        for name in PEERS {
            stages.link(name, &peers::command(name)?)?;
        }
        Ok(stages)
    }

    pub(super) fn folder(&self) -> &Path {
        self.scratch.path()
    }

    /// A shell about to run `text` on a stage.
    pub(super) fn shell(&mut self, stage: &str, text: &str) -> anyhow::Result<Command> {
        let mut variables = Vec::new();
        match stage {
            "chain" => variables = self.on_chain()?,
            "guide" => self.on_guide()?,
            "bare" => self.addresses = bare(),
            "aws" => {
                if self.aws.is_none() {
                    self.aws = Some(Aws::start(self.folder())?);
                }
                variables = self
                    .aws
                    .as_ref()
                    .map(|aws| aws.variables.clone())
                    .unwrap_or_default();
            }
            other => bail!("no stage {other}"),
        }
        // Into a file: it is all there when the shell has ended, and in the order it was written.
        let mut text = format!("exec >{WRITTEN} 2>&1\n{text}");
        for (shown, meant) in &self.addresses {
            text = text.replace(shown, meant);
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("bash");
        command
            .args(["-e", "-c", &text])
            .current_dir(self.folder())
            .env(
                "PATH",
                format!("{}:{path}", self.folder().join("bin").display()),
            )
            .env("HOME", self.folder())
            .env("CURL_HOME", self.folder())
            .env("SSL_CERT_FILE", self.folder().join("cert.pem"))
            .env("PROBE_TOKEN", TOKEN)
            .env("COLUMNS", "100")
            .envs(variables);
        Ok(command)
    }

    /// What the last run wrote.
    pub(super) fn written(&self) -> anyhow::Result<String> {
        let bytes = fs::read(self.folder().join(WRITTEN)).context("nothing was written")?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What a run wrote, with the book's addresses.
    pub(super) fn shown(&self, said: &str) -> String {
        let folder = format!("{}/", self.folder().display());
        // A fence within a fence would end it.
        let mut said = said
            .replace('\r', "")
            .replace(&folder, "")
            .replace("```", "~~~");
        for (shown, meant) in &self.addresses {
            said = said.replace(meant, shown);
        }
        said
    }

    /// The exit code of `propylon guard`.
    pub(super) fn guard(&self, url: &str) -> anyhow::Result<Option<i32>> {
        let mut command = Command::new(&self.program);
        let output = command
            .args(["guard", url])
            .output()
            .context("cannot start propylon")?;
        Ok(output.status.code())
    }

    /// A program under its plain name; one with arguments of its own gets a script.
    fn link(&self, name: &str, command: &Command) -> anyhow::Result<()> {
        script(
            &self.folder().join("bin").join(name),
            &format!("exec {} \"$@\"", workspace::as_typed(command)),
        )
    }

    fn on_chain(&mut self) -> anyhow::Result<Vec<(String, String)>> {
        if self.chain.is_none() {
            let chain = start_chain(&self.program, self.folder())?;
            let front = chain.front;
            let mut rules = format!(
                "cacert = \"{}\"\n",
                self.folder().join("cert.pem").display()
            );
            for host in [HOST, "example.com"] {
                rules.push_str(&format!("connect-to = \"{host}:443:{front}\"\n"));
            }
            fs::write(self.folder().join(".curlrc"), rules)?;
            // OpenSSL has no rule for it, so the book's address is exchanged in its arguments.
            let openssl = format!(
                "exec \"$(PATH=${{PATH#*:}} command -v openssl)\" \"${{@/#{HOST}:443/{front}}}\""
            );
            script(&self.folder().join("bin/openssl"), &openssl)?;
            self.chain = Some(chain);
        }
        let chain = self.chain.as_ref().context("it has just been started")?;
        self.addresses = addresses(chain, chain.admin);
        // The machine's own logs are neither ours to read nor always readable.
        let logs = self.folder().join("log");
        fs::create_dir_all(&logs)?;
        self.addresses
            .push(("/var/log".to_owned(), logs.display().to_string()));
        let id = self.session()?;
        Ok([
            ("URL", format!("https://{HOST}/mcp")),
            ("FIRST_USERS_ID", id.clone()),
            ("ID", id),
            ("SECOND_USERS_TOKEN", "second".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec())
    }

    fn on_guide(&mut self) -> anyhow::Result<()> {
        if self.guide.is_none() {
            self.guide = Some(start_guide(&self.program, self.folder())?);
        }
        let chain = self.guide.as_ref().context("it has just been started")?;
        self.addresses = addresses(chain, chain.front);
        Ok(())
    }

    /// A session of the chain.
    fn session(&self) -> anyhow::Result<String> {
        let mut curl = Command::new("curl");
        curl.current_dir(self.folder())
            .env("CURL_HOME", self.folder());
        curl.args([
            "-si",
            &format!("https://{HOST}/mcp"),
            "-d",
            "@initialize.json",
        ]);
        curl.args(["-H", "Content-Type: application/json"]);
        curl.args(["-H", "Accept: application/json, text/event-stream"]);
        let output = curl.output().context("cannot start curl")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = said.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("mcp-session-id")
                .then(|| value.trim().to_owned())
        });
        line.with_context(|| format!("no session: {said}"))
    }
}

/// The metrics of a Propylon that has served a request, as it writes them.
pub(crate) fn metrics(program: &Path) -> anyhow::Result<String> {
    let mut stages = Stages::new(program)?;
    stages.on_chain()?;
    let admin = stages
        .chain
        .as_ref()
        .context("it has just been started")?
        .admin;
    let output = Command::new("curl")
        .args(["-s", &format!("http://{admin}/metrics")])
        .output()
        .context("cannot start curl")?;
    String::from_utf8(output.stdout).context("the metrics are not UTF-8")
}

fn start_chain(program: &Path, folder: &Path) -> anyhow::Result<Chain> {
    let probe = Probe::start(program, TOKEN, INSTANCES);
    let (front, admin) = (free_address(), free_address());
    let urls: Vec<String> = probe
        .addresses()
        .iter()
        .map(|address| format!("http://{address}/mcp"))
        .collect();
    let text = format!(
        "listeners: [{{ address: \"{front}\", tls: {{ certificate: cert.pem, key: key.pem }} }}]\nadmin: {{ address: \"{admin}\" }}\n\
         routes: [{{ path: /mcp, upstream: weather }}, {{ path: /weather, upstream: weather }}]\n\
         upstreams: {{ weather: {{ urls: {urls:?} }} }}\nlog: {{ access: \"off\" }}\n"
    );
    fs::write(folder.join("chain.yaml"), text)?;
    let mut command = Command::new(program);
    command
        .args(["serve", "-c", "chain.yaml"])
        .current_dir(folder);
    let proxy = started(command, front)?;
    Ok(Chain {
        front,
        admin,
        probe,
        _proxy: proxy,
    })
}

fn start_guide(program: &Path, folder: &Path) -> anyhow::Result<Chain> {
    let probe = Probe::start(program, TOKEN, INSTANCES);
    let front = free_address();
    let mut text = fs::read_to_string(workspace::root().join(GUIDE))
        .with_context(|| format!("cannot read {GUIDE}"))?
        .replace("{{listen}}", &front.to_string())
        .replace("{{dir}}", &folder.display().to_string());
    for (name, address) in ["a", "b", "c"].iter().zip(probe.addresses()) {
        text = text.replace(&format!("{{{{{name}}}}}"), &address.to_string());
    }
    fs::write(folder.join("guide.conf"), text)?;
    let mut command = peers::command("nginx")?;
    command
        .args(["-p", ".", "-c", "guide.conf"])
        .current_dir(folder);
    let proxy = started(command, front)?;
    Ok(Chain {
        front,
        admin: front,
        probe,
        _proxy: proxy,
    })
}

fn started(command: Command, front: SocketAddr) -> anyhow::Result<Guarded> {
    let process = Guarded::start(command);
    let is_up = within(PATIENCE, || TcpStream::connect(front).ok());
    ensure!(
        is_up.is_some(),
        "it does not start: {}",
        process.output().text()
    );
    Ok(process)
}

/// What the book says, and what is meant. Several replicas may stand for one address.
fn addresses(chain: &Chain, admin: SocketAddr) -> Vec<(String, String)> {
    let mut pairs = vec![
        ("127.0.0.1:8080".to_owned(), chain.front.to_string()),
        ("127.0.0.1:9901".to_owned(), admin.to_string()),
    ];
    for (index, address) in chain.probe.addresses().iter().enumerate() {
        pairs.push((format!("127.0.0.1:{}", 9101 + index), address.to_string()));
    }
    pairs
}

/// Free addresses for what a block starts. Instances of a probe take ports in a row.
fn bare() -> Vec<(String, String)> {
    let single = [8080, 9901].map(|port| (port, free_port()));
    let first = free_ports_in_a_row();
    let row = [9101, 9102, 9103].into_iter().zip(first..);
    let pairs = single.into_iter().chain(row);
    pairs
        .map(|(shown, meant)| (format!("127.0.0.1:{shown}"), format!("127.0.0.1:{meant}")))
        .collect()
}

fn free_ports_in_a_row() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let mut firsts = (0..100).map(|_| free_port());
    let first = firsts.find(|&first| (1..3).all(|next| is_free(first + next)));
    first.unwrap_or_else(free_port)
}

fn script(path: &Path, line: &str) -> anyhow::Result<()> {
    fs::write(path, format!("#!/usr/bin/env bash\n{line}\n"))?;
    let mut mode = fs::metadata(path)?.permissions();
    mode.set_mode(0o755);
    fs::set_permissions(path, mode).with_context(|| format!("cannot make {}", path.display()))
}

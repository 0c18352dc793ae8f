//! One peer while it runs: configured, started, ready, and ended.

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::certificate::Files;
use super::child::Child;
use super::machine::Interrupt;
use super::peer::{self, Peer};
use super::program::{self, Programs};
use crate::measure::Ready;
use crate::message;

const START_TIMEOUT: Duration = Duration::from_secs(20);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// A started peer.
pub(super) struct Proxy {
    address: SocketAddr,
    tls_address: SocketAddr,
    child: Option<Child>,
    folder: PathBuf,
    /// Its access log, and the share of its lines that may be missing.
    access_log: Option<(&'static str, f64)>,
}

/// Where a peer is told to listen.
struct Listens {
    address: SocketAddr,
    tls: SocketAddr,
    admin: SocketAddr,
}

impl Proxy {
    /// Starts the peer and waits until an `initialize` through it is answered.
    pub(super) fn start(
        peer: &Peer,
        programs: &Programs,
        root: &Path,
        folder: PathBuf,
        upstream: &Ready,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        let first = *upstream
            .addresses
            .first()
            .context("the upstream has no address")?;
        if peer.name == peer::DIRECT {
            return Ok(Self {
                address: first,
                tls_address: first,
                child: None,
                folder,
                access_log: None,
            });
        }
        let [address, tls, admin] = free_addresses()?;
        let listens = Listens {
            address,
            tls,
            admin,
        };
        if peer.tls {
            Files::of(&folder).write()?;
        }
        render(peer, root, &folder, &listens, upstream)?;
        let command = command(peer, programs, address, upstream)?;
        let mut child = Child::start(&command, &folder, peer.environment)?;
        wait_until_ready(&mut child, address, interrupt)?;
        Ok(Self {
            address,
            tls_address: tls,
            child: Some(child),
            folder,
            access_log: peer.access_log.map(|name| (name, peer.log_loss_max)),
        })
    }

    /// Tells a load where to go.
    pub(super) fn target(&self, over_tls: bool) -> Vec<String> {
        if !over_tls {
            return vec![format!("--target={}", self.address)];
        }
        let certificate = Files::of(&self.folder).certificate;
        vec![
            format!("--target={}", self.tls_address),
            format!("--certificate={}", certificate.display()),
        ]
    }

    /// The process group to measure.
    pub(super) fn group(&self) -> Option<u32> {
        self.child.as_ref().map(Child::group)
    }

    /// Ends the peer, and checks that it logged a line for each of at least `requests` requests.
    pub(super) fn stop_and_check_log(
        &mut self,
        requests: u64,
        interrupt: &Interrupt,
    ) -> anyhow::Result<()> {
        if let Some(child) = &mut self.child {
            child.fail_if_ended()?;
            child.end();
        }
        interrupt.check()?;
        if let Some((name, loss_max)) = self.access_log {
            let path = self.folder.join(name);
            let log = fs::read(&path)
                .with_context(|| format!("there is no access log {}", path.display()))?;
            let lines = memchr::memchr_iter(b'\n', &log).count() as u64;
            let missing = requests.saturating_sub(lines);
            ensure!(
                missing as f64 <= requests as f64 * loss_max,
                "the access log has {lines} lines for {requests} requests"
            );
            fs::remove_file(&path)?;
        }
        Ok(())
    }
}

fn command(
    peer: &Peer,
    programs: &Programs,
    address: SocketAddr,
    upstream: &Ready,
) -> anyhow::Result<Vec<OsString>> {
    if peer.name == peer::FLOOR {
        let addresses: Vec<String> = upstream.addresses.iter().map(ToString::to_string).collect();
        return program::own(&[
            "floor",
            &format!("--listen={address}"),
            &format!("--upstream={}", addresses.join(",")),
        ]);
    }
    let mut command = vec![programs.path(peer.name)?.into()];
    command.extend(peer.arguments.iter().map(Into::into));
    Ok(command)
}

/// Three addresses that nobody listens on now.
fn free_addresses() -> anyhow::Result<[SocketAddr; 3]> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let held = [bind()?, bind()?, bind()?];
    let [one, two, three] = &held;
    Ok([one.local_addr()?, two.local_addr()?, three.local_addr()?])
}

/// Writes the peer's templates into its folder with their `{{words}}` filled in.
fn render(
    peer: &Peer,
    root: &Path,
    folder: &Path,
    listens: &Listens,
    upstream: &Ready,
) -> anyhow::Result<()> {
    let words = words(folder, listens, upstream);
    for name in peer.templates {
        let path = root.join("bench/peers").join(name);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let filled =
            fill(&text, &words).with_context(|| format!("cannot fill {}", path.display()))?;
        fs::write(folder.join(name), filled)?;
    }
    Ok(())
}

fn words(folder: &Path, listens: &Listens, upstream: &Ready) -> Vec<(String, String)> {
    let Listens {
        address,
        tls,
        admin,
    } = listens;
    let files = Files::of(folder);
    let mut words = vec![
        ("tls_listen".to_owned(), tls.to_string()),
        ("tls_listen_port".to_owned(), tls.port().to_string()),
        (
            "certificate".to_owned(),
            files.certificate.display().to_string(),
        ),
        ("key".to_owned(), files.key.display().to_string()),
        ("bundle".to_owned(), files.bundle.display().to_string()),
        ("listen".to_owned(), address.to_string()),
        ("listen_port".to_owned(), address.port().to_string()),
        ("admin".to_owned(), admin.to_string()),
        ("admin_port".to_owned(), admin.port().to_string()),
        ("folder".to_owned(), folder.display().to_string()),
    ];
    for (number, instance) in upstream.addresses.iter().enumerate() {
        words.push((format!("instance_{number}"), instance.to_string()));
        words.push((
            format!("instance_port_{number}"),
            instance.port().to_string(),
        ));
    }
    words
}

fn fill(text: &str, words: &[(String, String)]) -> anyhow::Result<String> {
    let mut text = text.to_owned();
    for (word, value) in words {
        text = text.replace(&format!("{{{{{word}}}}}"), value);
    }
    ensure!(!text.contains("{{"), "it has a word that is not known");
    Ok(text)
}

fn wait_until_ready(
    child: &mut Child,
    address: SocketAddr,
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + START_TIMEOUT;
    let mut last = String::from("nothing");
    while Instant::now() < deadline {
        interrupt.check()?;
        child.fail_if_ended()?;
        match first_answer(address) {
            Ok(answer) if answer.starts_with("HTTP/1.1 200") => return Ok(()),
            Ok(answer) => last = answer,
            Err(error) => last = error.to_string(),
        }
        thread::sleep(Duration::from_millis(50));
    }
    bail!("initialize was not answered in {START_TIMEOUT:?}; the last answer was: {last}")
}

/// What one read gives of the answer to `initialize`.
fn first_answer(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    stream.write_all(&message::initialize(&address.to_string()))?;
    let mut start = [0; 1024];
    let length = stream.read(&mut start)?;
    Ok(String::from_utf8_lossy(start.get(..length).unwrap_or_default()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::machine::workspace_root;

    fn filled(name: &str) -> String {
        let listens = Listens {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 18000)),
            tls: SocketAddr::from((Ipv4Addr::LOCALHOST, 18005)),
            admin: SocketAddr::from((Ipv4Addr::LOCALHOST, 18001)),
        };
        let instances = [18002, 18003, 18004].map(|port| (Ipv4Addr::LOCALHOST, port).into());
        let upstream = Ready {
            addresses: instances.to_vec(),
        };
        let path = workspace_root()
            .expect("a root")
            .join("bench/peers")
            .join(name);
        let text = fs::read_to_string(path).expect("a template");
        fill(
            &text,
            &words(Path::new("bench-folder"), &listens, &upstream),
        )
        .expect(name)
    }

    #[test]
    fn every_template_can_be_filled() {
        for name in peer::names() {
            for template in peer::find(name).expect(name).templates {
                assert!(filled(template).contains("1800"), "{template}");
            }
        }
        assert!(fill("{{listen_on}}", &[]).is_err());
    }

    #[test]
    fn our_own_file_is_accepted_without_a_warning() {
        let loaded = propylon_config::load_str("propylon.yaml", &filled("propylon.yaml"));
        let loaded = loaded.unwrap_or_else(|errors| panic!("{errors}"));
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    }
}

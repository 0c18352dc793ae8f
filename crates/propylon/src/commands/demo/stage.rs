//! What the walk walks through: three instances, the proxy in front, its admin listener and its log.

use std::fs::DirBuilder;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use propylon_admin::Admin;
use propylon_config::{AccessLog, Deployment, Health};
use propylon_net::listener::Inherited;
use propylon_proxy::{Proxy, StartError};

use super::super::CommandError;
use super::server_thread::{ENDPOINT, HEALTH, ServerThread};

/// The instances' names.
pub(super) const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];

/// Where people expect it.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const FREE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// Faster than the default, so that a server that is back is soon seen to be.
const HEALTH_INTERVAL: Duration = Duration::from_millis(500);

/// Everything the demo runs. [`Stage::end`] ends all of it.
pub(super) struct Stage {
    instances: Vec<Instance>,
    proxy: Proxy,
    admin: Admin,
    address: SocketAddr,
    log: Folder,
    /// What the instances' clocks are counted from; the client counts from it too.
    pub(super) epoch: Instant,
}

/// One server, running or not.
pub(super) struct Instance {
    pub(super) name: &'static str,
    pub(super) address: SocketAddr,
    running: Option<ServerThread>,
}

impl Stage {
    /// Starts everything. Without an address asked for, a taken port is no obstacle.
    pub(super) fn start(listen: Option<SocketAddr>) -> Result<Self, CommandError> {
        let epoch = Instant::now();
        let instances: Vec<_> = NAMES
            .into_iter()
            .map(|name| Instance::start(name, epoch))
            .collect::<io::Result<_>>()?;
        let log = Folder::create()?;
        let wanted = listen.unwrap_or(LISTEN);
        let started = Proxy::start(&describe(wanted, &instances, &log)?, Inherited::default());
        let proxy = match started {
            Err(StartError::Listen(error))
                if listen.is_none() && error.cause.kind() == ErrorKind::AddrInUse =>
            {
                Proxy::start(&describe(FREE, &instances, &log)?, Inherited::default())?
            }
            started => started?,
        };
        let address = proxy.addresses().next().unwrap_or(wanted);
        let admin = Admin::start(FREE, proxy.handle())?;
        Ok(Self {
            instances,
            proxy,
            admin,
            address: reachable(address),
            log,
            epoch,
        })
    }

    /// What clients use.
    pub(super) fn url(&self) -> String {
        format!("http://{}{ENDPOINT}", self.address)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn admin(&self) -> SocketAddr {
        self.admin.address()
    }

    pub(super) fn access_log(&self) -> PathBuf {
        self.log.access_log()
    }

    pub(super) fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// The instance called `name`, to be stopped or started.
    pub(super) fn instance_mut(&mut self, name: &str) -> Option<&mut Instance> {
        self.instances
            .iter_mut()
            .find(|instance| instance.name == name)
    }

    /// Ends the proxy, then the servers, and removes the log.
    pub(super) fn end(self) {
        self.proxy.end();
        self.proxy.join();
        self.admin.end();
        for mut instance in self.instances {
            instance.stop();
        }
    }
}

impl Instance {
    fn start(name: &'static str, epoch: Instant) -> io::Result<Self> {
        let thread = ServerThread::start(name, FREE, epoch)?;
        Ok(Self {
            name,
            address: thread.address(),
            running: Some(thread),
        })
    }

    /// Stops it: its port is closed and its sessions are gone.
    pub(super) fn stop(&mut self) {
        if let Some(thread) = self.running.take() {
            thread.stop();
        }
    }

    /// Starts it again where it was, knowing nothing of before.
    pub(super) fn restart(&mut self, epoch: Instant) -> io::Result<()> {
        self.stop();
        self.running = Some(ServerThread::start(self.name, self.address, epoch)?);
        Ok(())
    }
}

/// As `propylon serve --listen … --upstream …` would have it, with a health check and the log in a file.
fn describe(
    listen: SocketAddr,
    instances: &[Instance],
    log: &Folder,
) -> Result<Deployment, CommandError> {
    let urls: Vec<_> = instances
        .iter()
        .map(|instance| format!("http://{}{ENDPOINT}", instance.address))
        .collect();
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let mut deployment = Deployment::from_flags(&[listen], &urls, Some(FREE))?.deployment;
    deployment.log.access = AccessLog::File(log.access_log());
    for upstream in deployment.upstreams.values_mut() {
        upstream.health = Some(Health {
            interval: HEALTH_INTERVAL,
            fall: 1,
            ..Health::at(HEALTH)
        });
    }
    Ok(deployment)
}

/// An address a client on this machine can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => {
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port())
        }
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port())
        }
        _ => address,
    }
}

/// A folder of this run's own; gone with it.
struct Folder(PathBuf);

impl Folder {
    fn create() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("propylon-demo-{}", std::process::id()));
        // Only ours, and an error where somebody else was there first: names in there can be guessed.
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    fn access_log(&self) -> PathBuf {
        Path::new(&self.0).join("access.log")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind at worst in the system's own folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

//! Starts the instances, accepts their connections, and stops them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::census::{Gauge, count, read};
use super::dialogue::{answer, refuse};
use super::fleet::{Fleet, Mode, Place};
use super::http1::Http1;
use super::http2;
use super::message::{INVALID_REQUEST, Refusal};
use super::options::ProbeOptions;

/// How long to wait before trying again what the system refused.
const RETRY: Duration = Duration::from_millis(50);

/// Why a probe could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// An address could not be listened on.
    #[error("cannot listen on {address}: {source}; choose a free address with --listen")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The consecutive ports do not fit below 65536.
    #[error(
        "{instances} instances from port {port} on need ports above 65535; choose a lower port with --listen"
    )]
    Ports {
        /// The first port.
        port: u16,
        /// How many instances were asked for.
        instances: usize,
    },
}

/// A running probe. Dropping it ends every instance, connection and job at once.
#[derive(Debug)]
pub struct Probe {
    addresses: Vec<SocketAddr>,
    names: Vec<String>,
    fleet: Arc<Fleet>,
    instances: JoinSet<()>,
}

impl Probe {
    /// Starts the instances; when this returns they accept connections.
    ///
    /// # Errors
    /// When an address cannot be listened on.
    pub async fn start(options: ProbeOptions) -> Result<Self, ProbeError> {
        let mut listeners = Vec::new();
        for address in addresses(&options)? {
            let listener = TcpListener::bind(address).await;
            listeners.push(listener.map_err(|source| ProbeError::Listen { address, source })?);
        }
        let bound: io::Result<Vec<SocketAddr>> =
            listeners.iter().map(TcpListener::local_addr).collect();
        let addresses = bound.map_err(|source| ProbeError::Listen {
            address: options.listen,
            source,
        })?;
        let fleet = Fleet::new(options, &addresses);
        let names = fleet
            .instances
            .iter()
            .map(|instance| instance.name.to_string())
            .collect();
        let mut instances = JoinSet::new();
        for (instance, listener) in fleet.instances.iter().zip(listeners) {
            let place = Place {
                fleet: Arc::clone(&fleet),
                instance: Arc::clone(instance),
            };
            instances.spawn(serve(place, listener));
        }
        Ok(Self {
            addresses,
            names,
            fleet,
            instances,
        })
    }

    /// Where the instances listen, in their order.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The instances' names, in their order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Ends everything and returns once it has ended.
    pub async fn stop(mut self) {
        self.fleet.abort_jobs();
        self.instances.shutdown().await;
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.fleet.abort_jobs();
    }
}

/// Runs a probe until `shutdown` completes, calling `started` once it accepts connections.
///
/// # Errors
/// When an address cannot be listened on.
pub async fn run(
    options: ProbeOptions,
    started: impl FnOnce(&Probe),
    shutdown: impl Future<Output = ()>,
) -> Result<(), ProbeError> {
    let probe = Probe::start(options).await?;
    started(&probe);
    shutdown.await;
    probe.stop().await;
    Ok(())
}

fn addresses(options: &ProbeOptions) -> Result<Vec<SocketAddr>, ProbeError> {
    let port = options.listen.port();
    let instances = options.instances.max(1);
    (0..instances)
        .map(|index| {
            let offset = if port == 0 {
                Some(0)
            } else {
                u16::try_from(index).ok()
            };
            let port_of = offset.and_then(|offset| port.checked_add(offset));
            let port_of = port_of.ok_or(ProbeError::Ports { port, instances })?;
            Ok(SocketAddr::new(options.listen.ip(), port_of))
        })
        .collect()
}

/// One instance: accepts as its mode says, until it is dropped.
async fn serve(place: Place, listener: TcpListener) {
    let mut mode = place.instance.mode.subscribe();
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let now = *mode.borrow_and_update();
        match (&listener, now) {
            (Some(_), Mode::Refusing) => listener = None,
            (None, Mode::Refusing) => {
                if mode.changed().await.is_err() {
                    return;
                }
            }
            (None, _) => match TcpListener::bind(place.instance.listen).await {
                Ok(bound) => listener = Some(bound),
                Err(_) => tokio::time::sleep(RETRY).await,
            },
            (Some(bound), _) => {
                let accepted = tokio::select! {
                    accepted = bound.accept() => accepted,
                    _ = mode.changed() => continue,
                };
                match accepted {
                    Ok((stream, _)) => admit(&place, stream, now, &mut connections),
                    Err(_) => tokio::time::sleep(RETRY).await,
                }
            }
        }
    }
}

/// Takes a connection in, unless there are too many.
fn admit(place: &Place, stream: TcpStream, mode: Mode, connections: &mut JoinSet<()>) {
    let census = &place.instance.census;
    count(&census.accepted);
    let open = usize::try_from(read(&census.open)).unwrap_or(usize::MAX);
    if open >= place.fleet.options.limits.connections_max || mode == Mode::Resetting {
        let _ = stream.set_zero_linger();
        return;
    }
    let place = place.clone();
    // Counted here and not in the job, so that a burst of connections cannot slip past the bound.
    place.instance.census.open.fetch_add(1, Ordering::Relaxed);
    let changes = place.instance.mode.subscribe();
    connections.spawn(async move {
        let _open = Gauge::raised(&place.instance.census.open);
        converse(&place, stream, mode, changes).await;
    });
}

/// One connection, from its first byte to its last.
async fn converse(
    place: &Place,
    stream: TcpStream,
    mode: Mode,
    mut changes: watch::Receiver<Mode>,
) {
    if mode != Mode::Hanging {
        let begun = tokio::select! {
            begun = http2::is_begun(place, &stream) => begun,
            () = death(changes.clone()) => {
                let _ = stream.set_zero_linger();
                return;
            }
        };
        match begun {
            None => return,
            Some(true) => return http2::converse(place, stream, death(changes)).await,
            Some(false) => {}
        }
    }
    let Ok(mut http1) = Http1::new(place.clone(), stream) else {
        return;
    };
    if mode == Mode::Hanging {
        http1.ignore(changes.changed()).await;
        return;
    }
    let ended = tokio::select! {
        () = exchanges(place, &mut http1) => true,
        () = death(changes) => false,
    };
    if ended {
        http1.close().await;
    } else {
        http1.reset();
    }
}

/// Completes when the instance is to seem dead.
async fn death(mut changes: watch::Receiver<Mode>) {
    // The sender lives as long as the instance; a change from alive is a death.
    while changes.changed().await.is_ok() && *changes.borrow_and_update() == Mode::Alive {}
}

/// The exchanges of a connection, one after the other.
async fn exchanges(place: &Place, http1: &mut Http1) {
    while let Some(request) = http1.next().await {
        match request {
            Ok(request) => answer(place, &Arc::new(request), http1).await,
            Err(bad) => {
                http1.spend();
                refuse(
                    http1,
                    &Refusal::new(bad.status, INVALID_REQUEST, bad.reason),
                    None,
                )
                .await;
            }
        }
    }
}

//! The control thread: health checks, names and certificates, away from the threads that serve.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use propylon_net::dial::Resolver;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

use crate::certificates;
use crate::tables::Tables;
use crate::upstream::{Upstream, discover, health};

/// The control thread at work.
#[derive(Debug)]
pub(crate) struct Control {
    orders: Sender<Order>,
    thread: JoinHandle<()>,
}

/// Tables to watch over from now on; the answer comes when their names have been resolved once.
struct Order {
    tables: Arc<Tables>,
    resolved: std::sync::mpsc::SyncSender<()>,
}

/// How long a start or reload waits for names. What is not resolved by then answers 503 until it is.
const FIRST_ANSWERS: Duration = Duration::from_secs(3);
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);

impl Control {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread or no event loop.
    pub(crate) fn start() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (orders, received) = channel(1);
        let run = move || runtime.block_on(run(received));
        let thread = std::thread::Builder::new()
            .name("control".into())
            .spawn(run)?;
        Ok(Self { orders, thread })
    }

    /// Watches over other upstreams from now on, and waits a moment for their names.
    pub(crate) fn watch(&self, tables: Arc<Tables>) {
        let (resolved, wait) = std::sync::mpsc::sync_channel(1);
        if self
            .orders
            .blocking_send(Order { tables, resolved })
            .is_ok()
        {
            // A name that takes longer does not hold the start up.
            let _ = wait.recv_timeout(FIRST_ANSWERS);
        }
    }

    /// Ends the thread.
    pub(crate) fn end(self) {
        drop(self.orders);
        // A panic in there has already been reported.
        let _ = self.thread.join();
    }
}

async fn run(mut orders: Receiver<Order>) {
    let mut watchers = JoinSet::new();
    while let Some(Order { tables, resolved }) = orders.recv().await {
        watchers = JoinSet::new();
        let resolver = resolver_for(&tables);
        if let Some(resolver) = &resolver {
            let mut names = JoinSet::new();
            for upstream in tables.upstreams.values() {
                names.spawn(discover::resolve_once(
                    Arc::clone(upstream),
                    Arc::clone(resolver),
                ));
            }
            let all = async { while names.join_next().await.is_some() {} };
            // The watchers ask again for what did not answer in time.
            let _ = tokio::time::timeout(FIRST_ANSWERS, all).await;
        }
        // Nobody waits any more when this took too long.
        let _ = resolved.try_send(());
        watchers.spawn(sweep(Arc::clone(&tables)));
        watchers.spawn(certificates::watch(Arc::clone(&tables)));
        for agent in tables.agents() {
            watchers.spawn(agent.run());
        }
        for upstream in tables.upstreams.values() {
            watch(upstream, resolver.as_ref(), &mut watchers);
        }
    }
    watchers.shutdown().await;
}

/// Empties session tables and caches that nobody uses: a used one drops what is too old as it goes.
async fn sweep(tables: Arc<Tables>) {
    loop {
        tokio::time::sleep(SWEEP_INTERVAL).await;
        for upstream in tables.upstreams.values() {
            upstream.sweep();
        }
        if let Some(backends) = &tables.backends {
            backends.sweep();
        }
    }
}

fn watch(upstream: &Arc<Upstream>, resolver: Option<&Arc<Resolver>>, watchers: &mut JoinSet<()>) {
    if let Some(resolver) = resolver {
        watchers.spawn(discover::watch(Arc::clone(upstream), Arc::clone(resolver)));
    }
    match upstream.config.health.clone() {
        Some(health) => {
            watchers.spawn(health::watch(Arc::clone(upstream), health));
        }
        // Checked before a reload took the check away: nobody would ever clear the verdict.
        None => upstream
            .instances()
            .iter()
            .for_each(|instance| instance.set_healthy(true)),
    }
}

/// A resolver, where any upstream has a name to resolve.
fn resolver_for(tables: &Tables) -> Option<Arc<Resolver>> {
    tables
        .upstreams
        .values()
        .any(|upstream| discover::has_names(&upstream.config.endpoints))
        .then_some(())?;
    Resolver::new(&tables.resolver_servers)
        .inspect_err(|error| tracing::error!(%error, "no name can be resolved"))
        .ok()
        .map(Arc::new)
}

//! The servers behind the proxy: instances, their choice, health, names and idle connections.

pub(crate) mod ask;
pub(crate) mod connection;
pub(crate) mod dial;
pub(crate) mod discover;
pub(crate) mod health;
pub(crate) mod http2;
pub(crate) mod instance;
pub(crate) mod link;
pub(crate) mod pool;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use arc_swap::ArcSwap;
use propylon_config::{AffinityBy, Endpoints, OnLost, Scheme, UpstreamUrl, UrlHost};
use propylon_mcp::SessionFingerprint;
use propylon_net::tls::{TlsError, UpstreamTls};

use crate::affinity::{Bounds, Handshake, Memory, Seal};
use crate::backends::Backend;
use crate::cache::Cache;
use crate::diagnosis::Diagnosed;
use crate::mirrored::Mirrored;
use crate::phase::messages::Shape;
use crate::renew::Repairs;
use instance::Instance;

/// One upstream at work: what the description says of it, and what has been learned since.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) config: propylon_config::Upstream,
    pub(crate) bounds: Bounds,
    /// The path of the MCP endpoint on every instance, without a trailing slash.
    pub(crate) path: String,
    /// Whether the endpoint is at the path with a slash behind it: as its URL was written, or as the
    /// servers have said since by redirecting one to the other.
    ends_in_slash: AtomicBool,
    /// The host and port of the name its instances are found by.
    discovered: Option<String>,
    /// How its instances are verified, where they are reached over https.
    tls: Option<Arc<UpstreamTls>>,
    instances: ArcSwap<Vec<Arc<Instance>>>,
    sessions: Arc<Memory<Arc<Instance>>>,
    seal: Option<Seal>,
    cache: Option<Arc<Cache>>,
    handshakes: Arc<Memory<Arc<Handshake>>>,
    pub(crate) repairs: Arc<Repairs>,
    pub(crate) mirrored: Arc<Mirrored>,
    pub(crate) diagnosed: Diagnosed,
    turn: AtomicUsize,
    /// What a user registered, where one did: then every connection is judged.
    pub(crate) backend: Option<Arc<Backend>>,
    /// How the addresses look that its servers announce for messages.
    pub(crate) shapes: ArcSwap<Vec<Shape>>,
}

impl Upstream {
    /// Sets an upstream up. Instances and sessions of `previous`, the same upstream before a
    /// reload, are carried over, so that open sessions stay where they are.
    ///
    /// # Errors
    /// A file of its TLS that cannot be used.
    pub(crate) fn new(
        config: propylon_config::Upstream,
        previous: Option<&Self>,
    ) -> Result<Self, TlsError> {
        let known = previous
            .map(|previous| previous.instances.load_full())
            .unwrap_or_default();
        let instances = match &config.endpoints {
            Endpoints::Urls(urls) => urls
                .iter()
                .map(|url| {
                    let address = match url.host {
                        UrlHost::Ip(ip) => Some((ip, url.port).into()),
                        UrlHost::Name(_) => None,
                    };
                    Instance::reuse_or_new(&known, url.authority(), address)
                })
                .collect(),
            Endpoints::Discover { .. } => known.to_vec(),
        };
        let is_https = |url: &UpstreamUrl| url.scheme == Scheme::Https;
        let tls = match config.endpoints.urls().iter().any(is_https) {
            true => Some(Arc::new(UpstreamTls::load(
                &config.tls,
                config.http2 != Some(false),
            )?)),
            false => None,
        };
        Ok(Self::assemble(config, previous, instances, tls))
    }

    /// Sets up the upstream of a registered server: its one instance has no address until the guard has found one.
    pub(crate) fn of_backend(
        config: propylon_config::Upstream,
        tls: Option<Arc<UpstreamTls>>,
        backend: Arc<Backend>,
    ) -> Self {
        let instances = vec![Instance::new(backend.spec.url.authority(), None)];
        Self {
            backend: Some(backend),
            ..Self::assemble(config, None, instances, tls)
        }
    }

    fn assemble(
        config: propylon_config::Upstream,
        previous: Option<&Self>,
        instances: Vec<Arc<Instance>>,
        tls: Option<Arc<UpstreamTls>>,
    ) -> Self {
        let affinity = config.affinity;
        Self {
            bounds: Bounds {
                entries_max: affinity.entries_max,
                bytes_max: affinity.bytes_max,
                ttl: affinity.ttl,
            },
            path: config.endpoints.path().trim_end_matches('/').to_owned(),
            ends_in_slash: AtomicBool::new(config.endpoints.path().ends_with('/')),
            discovered: match &config.endpoints {
                Endpoints::Discover { url, .. } => Some(url.authority()),
                Endpoints::Urls(_) => None,
            },
            instances: ArcSwap::from_pointee(instances),
            sessions: previous.map_or_else(
                || Arc::new(Memory::new()),
                |previous| Arc::clone(&previous.sessions),
            ),
            handshakes: previous.map_or_else(
                || Arc::new(Memory::new()),
                |previous| Arc::clone(&previous.handshakes),
            ),
            repairs: previous
                .map(|previous| Arc::clone(&previous.repairs))
                .unwrap_or_default(),
            mirrored: previous
                .map(|previous| Arc::clone(&previous.mirrored))
                .unwrap_or_default(),
            diagnosed: previous
                .map(|previous| previous.diagnosed.carried_over())
                .unwrap_or_default(),
            cache: cache(&config, previous),
            turn: AtomicUsize::new(0),
            seal: config
                .seal_keys
                .as_ref()
                .map(|keys| Seal::new(keys, &config.name)),
            tls,
            shapes: previous.map_or_else(ArcSwap::default, |previous| {
                ArcSwap::new(previous.shapes.load_full())
            }),
            backend: None,
            config,
        }
    }

    /// The path of the endpoint itself.
    pub(crate) fn endpoint(&self) -> String {
        let slash = self.path.is_empty() || self.ends_in_slash.load(Ordering::Relaxed);
        format!("{}{}", self.path, if slash { "/" } else { "" })
    }

    /// Learns from a redirect of the endpoint to itself with, or without, a slash: the client follows
    /// this one, and nobody has to follow another.
    pub(crate) fn learn_slash(&self, redirected_to: &str) {
        let path = redirected_to.split(['?', '#']).next().unwrap_or_default();
        if let Some(slash) = path.strip_prefix(self.path.as_str())
            && matches!(slash, "" | "/")
        {
            self.ends_in_slash.store(slash == "/", Ordering::Relaxed);
        }
    }

    /// The `Host` an instance knows itself by. One that was found by a name answers to the name.
    pub(crate) fn host_of<'h>(&'h self, instance: &'h Instance) -> &'h str {
        self.discovered.as_deref().unwrap_or(&instance.name)
    }

    /// The session table, where sessions stick to instances at all.
    pub(crate) fn sessions(&self) -> Option<&Memory<Arc<Instance>>> {
        (self.config.affinity.by == AffinityBy::Session).then_some(&*self.sessions)
    }

    /// What is kept of its answers, where anything is.
    pub(crate) fn cache(&self) -> Option<&Arc<Cache>> {
        self.cache.as_ref()
    }

    /// Drops what it has remembered for too long.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        if let Some(sessions) = self.sessions() {
            sessions.sweep(now, self.bounds);
        }
        if let Some(cache) = self.cache() {
            cache.sweep(now);
        }
        if let Some(handshakes) = self.handshakes() {
            handshakes.sweep(now, self.handshake_bounds());
        }
    }

    /// How its sessions began, where those that are lost begin anew.
    pub(crate) fn handshakes(&self) -> Option<&Memory<Arc<Handshake>>> {
        let is_wanted = self.config.affinity.on_lost == OnLost::Reinitialize;
        is_wanted.then_some(&*self.handshakes)
    }

    /// What the kept handshakes may take.
    pub(crate) fn handshake_bounds(&self) -> Bounds {
        Bounds {
            bytes_max: self.config.affinity.handshake_bytes_max,
            ..self.bounds
        }
    }

    /// What the ids of its sessions are sealed with, where they are.
    pub(crate) fn seal(&self) -> Option<&Seal> {
        self.seal.as_ref()
    }

    /// How its instances are verified, where they are reached over https.
    pub(crate) fn tls(&self) -> Option<&UpstreamTls> {
        self.tls.as_deref()
    }

    pub(crate) fn instances(&self) -> Arc<Vec<Arc<Instance>>> {
        self.instances.load_full()
    }

    /// Takes the addresses a name stands for now. An instance that left keeps serving the sessions
    /// that know it, until it refuses.
    pub(crate) fn replace_instances(&self, instances: Vec<Arc<Instance>>) {
        self.instances.store(Arc::new(instances));
    }

    /// The least loaded healthy instance not yet tried, the next in turn where several are equal.
    /// Where none is healthy, all are tried.
    pub(crate) fn least_loaded(
        &self,
        tried: &[Arc<Instance>],
        now: Instant,
    ) -> Option<Arc<Instance>> {
        let instances = self.instances.load();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let (before, from) = instances.split_at(turn.checked_rem(instances.len()).unwrap_or(0));
        let untried = || {
            from.iter()
                .chain(before)
                .filter(|instance| !tried.contains(instance))
        };
        untried()
            .filter(|instance| instance.is_available(now))
            .min_by_key(|instance| instance.load())
            .or_else(|| untried().min_by_key(|instance| instance.load()))
            .map(Arc::clone)
    }

    /// The one instance that every request of an unknown session goes to.
    pub(crate) fn steady(&self, session: &SessionFingerprint) -> Option<Arc<Instance>> {
        let weight = |instance: &&Arc<Instance>| {
            let mut hasher = DefaultHasher::new();
            (session.as_bytes(), &instance.name).hash(&mut hasher);
            hasher.finish()
        };
        self.instances
            .load()
            .iter()
            .max_by_key(weight)
            .map(Arc::clone)
    }
}

/// The cache of an upstream: as it was, where nothing has changed that an answer could depend on.
fn cache(config: &propylon_config::Upstream, previous: Option<&Upstream>) -> Option<Arc<Cache>> {
    config.cache?;
    let known = previous.filter(|previous| previous.config == *config);
    let kept = known.and_then(|previous| previous.cache.clone());
    Some(kept.unwrap_or_else(|| Arc::new(Cache::new())))
}

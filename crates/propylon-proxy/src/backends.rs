//! Servers that users registered: each a route and an upstream like any other, built when it is first asked for.

mod boundary;
mod dial;
mod id;
mod spec;
mod state;
mod tenant;
mod tools;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use arc_swap::{ArcSwap, ArcSwapOption};
use propylon_config::{
    Deployment, Endpoints, HostHeader, Quotas, Scheme, UpstreamTimeouts, UpstreamUrl,
};
use propylon_net::dial::judge::Policy;
use propylon_net::dial::{Guard, ResolveError, Resolver, own_addresses};
use propylon_net::tls::{TlsError, UpstreamTls};

use crate::metrics::RouteMetrics;
use crate::phase::metadata;
use crate::phase::route::{Route, Routed, Wanted};
use crate::upstream::Upstream;
pub(crate) use boundary::{hides_from_client, hides_from_upstream, redirect};
pub use id::{BackendId, InvalidId};
pub use spec::{BackendSpec, InvalidSpec, SecretHeader, url_of};
pub use state::State;
pub(crate) use tenant::{Tenant, TenantStream};
pub(crate) use tools::{judge as judge_tools, must_see};

/// Every registered server, by tenant and name.
#[derive(Debug)]
pub struct Registry {
    entries: RwLock<HashMap<BackendId, Arc<Entry>>>,
    tenants: Mutex<Tenants>,
    rules: ArcSwap<Rules>,
    policy: Arc<ArcSwap<Policy>>,
    /// How servers are verified that brought no roots and no keys of their own: shared, since it holds every root of
    /// the system. `None` where that has none.
    system_tls: Option<Arc<UpstreamTls>>,
    /// One for all of them: a time series for each would let users fill whatever collects them.
    pub(crate) metrics: Arc<RouteMetrics>,
}

/// By name, each with how many servers it has.
type Tenants = HashMap<Box<str>, (Arc<Tenant>, usize)>;

/// What the description says of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rules {
    description: propylon_config::Backends,
    listeners: Vec<std::net::SocketAddr>,
    resolver_servers: Vec<std::net::SocketAddr>,
}

/// One registered server at work: what its requests are held to.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) spec: BackendSpec,
    pub(crate) tenant: Arc<Tenant>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct Entry {
    backend: Arc<Backend>,
    route: ArcSwapOption<Route>,
}

/// How logs and metrics call the route of every registered server.
const ROUTE: &str = "/{tenant}/{name}/mcp";

impl Registry {
    /// An empty registry under the rules of a description; `None` where it has no `backends`.
    pub fn new(deployment: &Deployment) -> Option<Self> {
        let rules = Rules::of(deployment)?;
        let policy = rules.policy();
        Some(Self {
            entries: RwLock::default(),
            tenants: Mutex::default(),
            rules: ArcSwap::from_pointee(rules),
            policy: Arc::new(ArcSwap::from_pointee(policy)),
            system_tls: UpstreamTls::of_registered(None, &[]).ok().map(Arc::new),
            metrics: Arc::new(RouteMetrics::new(ROUTE)),
        })
    }

    /// Takes the rules of another description. Where they differ, kept connections and known sessions go.
    pub fn renew(&self, deployment: &Deployment) {
        let Some(rules) = Rules::of(deployment) else {
            return;
        };
        if rules == **self.rules.load() {
            return;
        }
        self.policy.store(Arc::new(rules.policy()));
        let quotas = rules.description.quotas;
        self.rules.store(Arc::new(rules));
        for (tenant, _) in self.tenants().values() {
            tenant.renew(quotas);
        }
        for entry in self.all() {
            entry.route.store(None);
        }
    }

    /// Takes a server in, in place of the one it had under this id.
    pub fn put(&self, spec: BackendSpec, state: State) {
        let id = spec.id.clone();
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = !entries.contains_key(&id);
        let tenant = self.tenant(id.tenant(), usize::from(is_new));
        let backend = Arc::new(Backend {
            spec,
            tenant,
            state: Mutex::new(state),
        });
        let route = ArcSwapOption::empty();
        entries.insert(id, Arc::new(Entry { backend, route }));
    }

    /// Forgets a server. What is under way goes on to its end.
    pub fn remove(&self, id: &BackendId) -> bool {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let removed = entries.remove(id).is_some();
        let mut tenants = self.tenants();
        if removed && let Some((_, count)) = tenants.get_mut(id.tenant()) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                tenants.remove(id.tenant());
            }
        }
        removed
    }

    /// What became of a server's last connection.
    pub fn state(&self, id: &BackendId) -> Option<State> {
        Some(self.entry(id.as_str())?.backend.state())
    }

    /// How many servers a tenant has.
    pub fn count_of(&self, tenant: &str) -> usize {
        self.tenants().get(tenant).map_or(0, |(_, count)| *count)
    }

    /// How many servers there are.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    /// What one tenant may take.
    pub fn quotas(&self) -> Quotas {
        self.rules.load().description.quotas
    }

    /// A guard that follows the registry's policy. It belongs to the event loop that first uses it.
    ///
    /// # Errors
    /// When the system's resolver configuration cannot be read.
    pub fn guard(&self) -> Result<Guard, ResolveError> {
        let resolver = Resolver::new(&self.rules.load().resolver_servers)?;
        Ok(Guard::following(resolver, Arc::clone(&self.policy)))
    }

    /// Whether a server's roots and keys can be used.
    ///
    /// # Errors
    /// Roots that cannot be read, or none at all.
    pub fn verify(&self, spec: &BackendSpec) -> Result<(), TlsError> {
        self.tls(spec).map(drop)
    }

    /// Looks again which addresses this host has, and drops what nobody uses any more.
    pub(crate) fn sweep(&self) {
        let policy = self.rules.load().policy();
        if policy.own_addresses != self.policy.load().own_addresses {
            self.policy.store(Arc::new(policy));
        }
        for route in self
            .all()
            .iter()
            .filter_map(|entry| entry.route.load_full())
        {
            route.upstream.sweep();
        }
    }

    /// The registered server a request is for, if it is for one.
    pub(crate) fn find(&self, wanted: Wanted<'_>) -> Option<Routed> {
        let (known, about) = metadata::split(wanted.path).unwrap_or(("", wanted.path));
        let entry = self.entry(id::within(about)?)?;
        let route = self.route(&entry)?;
        let target = format!("{known}{}{}", route.map(about)?, wanted.query);
        Some(Routed { route, target })
    }

    fn route(&self, entry: &Entry) -> Option<Arc<Route>> {
        if let Some(route) = entry.route.load_full() {
            return Some(route);
        }
        // Two workers may both build it: the last one stays, and the other serves its one request.
        let built = self.build(&entry.backend);
        let id = &entry.backend.spec.id;
        let route = built
            .inspect_err(|error| tracing::warn!(backend = %id, %error, "it cannot be served"))
            .ok()?;
        entry.route.store(Some(Arc::clone(&route)));
        Some(route)
    }

    fn build(&self, backend: &Arc<Backend>) -> Result<Arc<Route>, TlsError> {
        let id = backend.spec.id.to_string();
        let endpoints = Endpoints::Urls(vec![backend.spec.url.clone()]);
        let config = propylon_config::Upstream {
            host: HostHeader::Upstream,
            timeouts: self.timeouts(),
            ..propylon_config::Upstream::new(&*id, endpoints)
        };
        let tls = self.tls(&backend.spec)?;
        let upstream = Upstream::of_backend(config, tls, Arc::clone(backend));
        let config = propylon_config::Route {
            rewrite_metadata: true,
            ..propylon_config::Route::to(&*id, format!("/{id}/mcp"))
        };
        let metrics = Arc::clone(&self.metrics);
        Ok(Arc::new(Route::new(&config, Arc::new(upstream), metrics)))
    }

    fn timeouts(&self) -> UpstreamTimeouts {
        self.rules.load().description.timeouts
    }

    fn tls(&self, spec: &BackendSpec) -> Result<Option<Arc<UpstreamTls>>, TlsError> {
        match (&spec.url, &spec.ca, spec.pins.as_slice()) {
            (
                UpstreamUrl {
                    scheme: Scheme::Http,
                    ..
                },
                ..,
            ) => Ok(None),
            (_, None, []) => match &self.system_tls {
                Some(tls) => Ok(Some(Arc::clone(tls))),
                None => Err(TlsError::NoRoots),
            },
            (_, ca, pins) => {
                let tls = UpstreamTls::of_registered(ca.as_deref(), pins)?;
                Ok(Some(Arc::new(tls)))
            }
        }
    }

    fn tenant(&self, name: &str, more: usize) -> Arc<Tenant> {
        let mut tenants = self.tenants();
        if let Some((tenant, count)) = tenants.get_mut(name) {
            *count += more;
            return Arc::clone(tenant);
        }
        let tenant = Arc::new(Tenant::new(self.quotas()));
        tenants.insert(name.into(), (Arc::clone(&tenant), more));
        tenant
    }

    fn tenants(&self) -> std::sync::MutexGuard<'_, Tenants> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<BackendId, Arc<Entry>>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, id: &str) -> Option<Arc<Entry>> {
        self.read().get(id).map(Arc::clone)
    }

    fn all(&self) -> Vec<Arc<Entry>> {
        self.read().values().map(Arc::clone).collect()
    }
}

impl Rules {
    fn of(deployment: &Deployment) -> Option<Self> {
        let description = deployment.backends.clone()?;
        let listeners = deployment.listeners.iter().map(|listener| listener.address);
        let admin = deployment.admin.map(|admin| admin.address);
        Some(Self {
            listeners: listeners
                .chain(admin)
                .chain([description.address])
                .collect(),
            resolver_servers: deployment.resolver_servers.clone(),
            description,
        })
    }

    fn policy(&self) -> Policy {
        Policy::new(
            &self.description.guard,
            self.listeners.clone(),
            own_addresses(),
        )
    }
}

impl Backend {
    fn state(&self) -> State {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn mark(&self, mark: impl FnOnce(SystemTime) -> State) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = mark(SystemTime::now());
    }
}

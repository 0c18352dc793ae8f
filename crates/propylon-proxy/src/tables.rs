//! The description at work: what the workers look requests up in, replaced whole on reload.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use ipnet::IpNet;
use propylon_config::{ClientTimeouts, Deployment, Limits, Listener, LogFormat, TraceContext};
use propylon_net::tls::{ListenerTls, TlsError};

use crate::acme::{self, Agent};
use crate::backends::Registry;
use crate::metrics::{Metrics, RouteMetrics};
use crate::phase::route::{Route, Routed, Routes, Wanted};
use crate::upstream::Upstream;

/// Everything a request is judged by.
#[derive(Debug)]
pub(crate) struct Tables {
    routes: Routes,
    /// What users registered, where they may.
    pub(crate) backends: Option<Arc<Registry>>,
    pub(crate) upstreams: BTreeMap<String, Arc<Upstream>>,
    pub(crate) limits: Limits,
    pub(crate) timeouts: ClientTimeouts,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) resolver_servers: Vec<SocketAddr>,
    /// Whether the proxy takes part in traces.
    pub(crate) continues_traces: bool,
    pub(crate) log_format: LogFormat,
    listeners: Vec<Listener>,
    /// What orders of certificates are under way; kept over reloads.
    pub(crate) acme: Arc<acme::State>,
    /// The TLS of listeners that speak it, by the address asked for.
    tls: BTreeMap<SocketAddr, Arc<ListenerTls>>,
}

impl Tables {
    /// Sets a description to work, carrying over what `previous` has learned.
    ///
    /// # Errors
    /// A file of TLS that cannot be used.
    pub(crate) fn new(
        deployment: &Deployment,
        backends: Option<Arc<Registry>>,
        previous: Option<&Self>,
        metrics: &Metrics,
    ) -> Result<Self, TlsError> {
        let upstreams: BTreeMap<_, _> = deployment
            .upstreams
            .iter()
            .map(|(name, config)| {
                let before = previous.and_then(|tables| tables.upstreams.get(name));
                let before = before.map(|upstream| &**upstream);
                Ok((
                    name.clone(),
                    Arc::new(Upstream::new(config.clone(), before)?),
                ))
            })
            .collect::<Result<_, TlsError>>()?;
        let routes = deployment.routes.iter().filter_map(|config| {
            let upstream = Arc::clone(upstreams.get(&config.upstream)?);
            let metrics: Arc<RouteMetrics> = metrics.route(&Route::name(config));
            Some(Arc::new(Route::new(config, upstream, metrics)))
        });
        Ok(Self {
            routes: Routes::new(routes.collect()),
            backends,
            upstreams,
            limits: deployment.limits,
            timeouts: deployment.timeouts,
            trusted_proxies: deployment.trusted_proxies.clone(),
            resolver_servers: deployment.resolver_servers.clone(),
            continues_traces: deployment.trace_context == TraceContext::Continue,
            log_format: deployment.log.format,
            listeners: deployment.listeners.clone(),
            acme: previous
                .map(|tables| Arc::clone(&tables.acme))
                .unwrap_or_default(),
            tls: listeners_tls(&deployment.listeners, previous)?,
        })
    }

    /// The route of a request: the description's, unless a registered server is for a longer path of any host.
    pub(crate) fn find(&self, wanted: Wanted<'_>) -> Option<Routed> {
        let described = self.routes.find(wanted);
        let registered = self.backends.as_ref().and_then(|all| all.find(wanted));
        match (described, registered) {
            (Some(described), Some(registered)) => {
                let is_closer = |one: &Route, other: &Route| {
                    !one.is_of_a_host() && one.prefix().len() < other.prefix().len()
                };
                let is_registered = is_closer(&described.route, &registered.route);
                Some(if is_registered { registered } else { described })
            }
            (described, registered) => described.or(registered),
        }
    }

    /// The TLS of the listener that was asked for at this address; `None` for plain HTTP.
    pub(crate) fn tls(&self, asked: SocketAddr) -> Option<&Arc<ListenerTls>> {
        self.tls.get(&asked)
    }

    /// The listener that was asked for at this address.
    pub(crate) fn listener(&self, asked: SocketAddr) -> Option<&Listener> {
        self.listeners
            .iter()
            .find(|listener| listener.address == asked)
    }

    /// Whether the listener that was asked for at this address speaks HTTP/2.
    pub(crate) fn speaks_http2(&self, asked: SocketAddr) -> bool {
        self.listener(asked).is_some_and(|listener| listener.http2)
    }

    /// The balancers whose connections to this listener begin with a PROXY protocol header; `None` where clients
    /// connect themselves.
    pub(crate) fn balancers(&self, asked: SocketAddr) -> Option<&[IpNet]> {
        let balancers = &self.listener(asked)?.proxy_protocol;
        (!balancers.is_empty()).then_some(balancers)
    }

    /// Whether any listener has balancers in front.
    pub(crate) fn has_balancers(&self) -> bool {
        let mut listeners = self.listeners.iter();
        listeners.any(|listener| !listener.proxy_protocol.is_empty())
    }

    /// Whether any listener's certificates are issued by ACME.
    pub(crate) fn issues_certificates(&self) -> bool {
        let mut tls = self
            .listeners
            .iter()
            .filter_map(|listener| listener.tls.as_ref());
        tls.any(|tls| tls.acme.is_some())
    }

    /// Whoever keeps certificates that are issued.
    pub(crate) fn agents(&self) -> impl Iterator<Item = Agent> {
        self.listeners.iter().filter_map(|listener| {
            let acme = listener.tls.as_ref()?.acme.clone()?;
            let tls = Arc::clone(self.tls(listener.address)?);
            let state = Arc::clone(&self.acme);
            Some(Agent::new(acme, tls, state, &self.resolver_servers))
        })
    }

    /// Every listener's TLS.
    pub(crate) fn all_tls(&self) -> impl Iterator<Item = (SocketAddr, &ListenerTls)> {
        self.tls.iter().map(|(address, tls)| (*address, &**tls))
    }

    /// Whether the listener a connection came to is one that only this machine can reach.
    pub(crate) fn is_loopback_only(&self, local: SocketAddr) -> bool {
        let port = local.port();
        let mut listeners = self
            .listeners
            .iter()
            .map(|listener| listener.address)
            .filter(|address| address.port() == port || address.port() == 0);
        local.ip().is_loopback() && listeners.all(|address| address.ip().is_loopback())
    }

    /// Whether the listener a connection came to answers health checks on `path`.
    pub(crate) fn is_health_path(&self, local: SocketAddr, path: &str) -> bool {
        let port = local.port();
        self.listeners
            .iter()
            .filter(|listener| listener.address.port() == port || listener.address.port() == 0)
            .any(|listener| listener.health.as_deref() == Some(path))
    }
}

fn listeners_tls(
    listeners: &[Listener],
    previous: Option<&Tables>,
) -> Result<BTreeMap<SocketAddr, Arc<ListenerTls>>, TlsError> {
    let load = |listener: &Listener| {
        let (wanted, http2) = (listener.tls.as_ref()?, listener.http2);
        let known = previous.and_then(|tables| tables.tls(listener.address));
        let tls = match known.filter(|known| known.is_as(wanted, http2)) {
            // Sessions begun before a reload can then be resumed after it.
            Some(known) => Ok(Arc::clone(known)),
            None => ListenerTls::load(wanted, http2).map(Arc::new),
        };
        Some(tls.map(|tls| (listener.address, tls)))
    };
    listeners.iter().filter_map(load).collect()
}

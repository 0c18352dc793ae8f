//! A description as read, each part with its place, before anything is known to fit together.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use ipnet::IpNet;

use crate::model::backends::Backends;
use crate::model::cors::Cors;
use crate::model::deployment::{Admin, Deployment, Listener, Log, Route, TraceContext};
use crate::model::limits::{ClientTimeouts, Limits};
use crate::model::upstream::Upstream;
use crate::section::Placed;

/// What could be read; a part that could not is missing here and already reported.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) listeners: Vec<Placed<Listener>>,
    pub(crate) routes: Vec<DraftRoute>,
    pub(crate) upstreams: Vec<DraftUpstream>,
    pub(crate) limits: Limits,
    pub(crate) timeouts: ClientTimeouts,
    pub(crate) trusted_proxies: Vec<Placed<IpNet>>,
    pub(crate) resolver_servers: Vec<SocketAddr>,
    pub(crate) trace_context: TraceContext,
    pub(crate) log: Log,
    /// Without a place where nothing is written about it.
    pub(crate) admin: Option<(Admin, Option<Placed<()>>)>,
    pub(crate) backends: Option<Placed<Backends>>,
    pub(crate) drain: Duration,
    pub(crate) workers: Option<NonZeroUsize>,
}

#[derive(Debug)]
pub(crate) struct DraftRoute {
    pub(crate) host: Option<String>,
    pub(crate) path: Option<Placed<String>>,
    pub(crate) upstream: Option<Placed<String>>,
    pub(crate) cors: Option<Cors>,
    pub(crate) rewrite_metadata: bool,
}

#[derive(Debug)]
pub(crate) struct DraftUpstream {
    /// Its key, which exists even where the rest is unreadable.
    pub(crate) name: Placed<String>,
    pub(crate) upstream: Option<Upstream>,
    /// Each URL as written.
    pub(crate) urls: Vec<Placed<()>>,
    pub(crate) health_path: Option<Placed<String>>,
}

impl Default for Draft {
    fn default() -> Self {
        let defaults = Deployment::default();
        Draft {
            listeners: Vec::new(),
            routes: Vec::new(),
            upstreams: Vec::new(),
            limits: defaults.limits,
            timeouts: defaults.timeouts,
            trusted_proxies: Vec::new(),
            resolver_servers: Vec::new(),
            trace_context: defaults.trace_context,
            log: defaults.log,
            admin: defaults.admin.map(|admin| (admin, None)),
            backends: None,
            drain: defaults.drain,
            workers: defaults.workers,
        }
    }
}

impl Draft {
    /// The deployment, if every route is whole; call only for a draft without errors.
    pub(crate) fn resolve(self) -> Option<Deployment> {
        let route = |route: DraftRoute| {
            Some(Route {
                host: route.host,
                path: route.path?.value,
                upstream: route.upstream?.value,
                cors: route.cors,
                rewrite_metadata: route.rewrite_metadata,
            })
        };
        let upstream = |draft: DraftUpstream| Some((draft.name.value, draft.upstream?));
        Some(Deployment {
            listeners: self.listeners.into_iter().map(|l| l.value).collect(),
            routes: self.routes.into_iter().map(route).collect::<Option<_>>()?,
            upstreams: self
                .upstreams
                .into_iter()
                .map(upstream)
                .collect::<Option<BTreeMap<_, _>>>()?,
            limits: self.limits,
            timeouts: self.timeouts,
            trusted_proxies: self.trusted_proxies.into_iter().map(|p| p.value).collect(),
            resolver_servers: self.resolver_servers,
            trace_context: self.trace_context,
            log: self.log,
            admin: self.admin.map(|(admin, _)| admin),
            backends: self.backends.map(|backends| backends.value),
            drain: self.drain,
            workers: self.workers,
        })
    }
}

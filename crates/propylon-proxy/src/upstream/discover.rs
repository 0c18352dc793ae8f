//! Names at work: asked for again when their answer expires, instances coming and going with it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use propylon_config::{Discovery, Endpoints, UpstreamUrl, UrlHost};
use propylon_net::dial::{Answer, DialTarget, ResolveError, Resolver};

use super::Upstream;
use super::instance::Instance;

/// An answer that says 0 is not asked for more often than this.
const SOONEST: Duration = Duration::from_secs(1);
/// A TTL of a day would hide a fail-over for a day.
const LATEST: Duration = Duration::from_secs(60);
/// After a failure the last good answer stays in use, and the name is asked for again.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// One name of an upstream: what it stands for is either the instances or the addresses of one.
enum Name {
    OfUpstream {
        url: UpstreamUrl,
        by: Discovery,
    },
    OfInstance {
        url: UpstreamUrl,
        instance: Arc<Instance>,
    },
}

/// Whether there is anything to resolve.
pub(crate) fn has_names(endpoints: &Endpoints) -> bool {
    endpoints
        .urls()
        .iter()
        .any(|url| matches!(url.host, UrlHost::Name(_)))
}

/// Resolves the upstream's names once.
pub(crate) async fn resolve_once(upstream: Arc<Upstream>, resolver: Arc<Resolver>) {
    for name in names(&upstream) {
        if let Ok(answer) = name.resolve(&resolver).await {
            name.take(&upstream, answer);
        }
    }
}

/// Keeps the upstream's names resolved for ever; returns at once where there are none.
pub(crate) async fn watch(upstream: Arc<Upstream>, resolver: Arc<Resolver>) {
    let mut watched = tokio::task::JoinSet::new();
    for name in names(&upstream) {
        watched.spawn(repeat(name, Arc::clone(&upstream), Arc::clone(&resolver)));
    }
    while watched.join_next().await.is_some() {}
}

fn names(upstream: &Upstream) -> Vec<Name> {
    match &upstream.config.endpoints {
        Endpoints::Discover { url, by } => vec![Name::OfUpstream {
            url: url.clone(),
            by: *by,
        }],
        Endpoints::Urls(urls) => urls
            .iter()
            .zip(upstream.instances().iter())
            .filter(|(url, _)| matches!(url.host, UrlHost::Name(_)))
            .map(|(url, instance)| Name::OfInstance {
                url: url.clone(),
                instance: Arc::clone(instance),
            })
            .collect(),
    }
}

impl Name {
    fn url(&self) -> &UpstreamUrl {
        match self {
            Self::OfUpstream { url, .. } | Self::OfInstance { url, .. } => url,
        }
    }

    async fn resolve(&self, resolver: &Resolver) -> Result<Answer, ResolveError> {
        let url = self.url();
        let host = url.host.to_string();
        match self {
            Self::OfUpstream {
                by: Discovery::Srv, ..
            } => resolver.services(&host).await,
            _ => resolver.addresses(&host, url.port).await,
        }
    }

    fn take(&self, upstream: &Upstream, answer: Answer) {
        match self {
            Self::OfUpstream { url, .. } => renew(upstream, url, &answer),
            Self::OfInstance { instance, .. } => instance.set_targets(answer.targets),
        }
    }
}

async fn repeat(name: Name, upstream: Arc<Upstream>, resolver: Arc<Resolver>) {
    let mut failed = false;
    loop {
        let pause = match name.resolve(&resolver).await {
            Ok(answer) => {
                let left = answer.valid_until.saturating_duration_since(Instant::now());
                failed = false;
                name.take(&upstream, answer);
                left.clamp(SOONEST, LATEST)
            }
            Err(error) => {
                if !failed {
                    let upstream = &upstream.config.name;
                    tracing::warn!(upstream, %error, "name not resolved; its last addresses stay in use");
                }
                failed = true;
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Takes a new set of addresses: known ones keep their instance, and with it load and sessions.
fn renew(upstream: &Upstream, url: &UpstreamUrl, answer: &Answer) {
    let known = upstream.instances();
    let instances: Vec<_> = answer
        .targets
        .iter()
        .map(|target: &DialTarget| {
            let address: SocketAddr = target.address();
            Instance::reuse_or_new(&known, address.to_string(), Some(address))
        })
        .collect();
    if instances != *known {
        let count = instances.len();
        tracing::info!(upstream = upstream.config.name, count, url = %url, "instances changed");
        upstream.replace_instances(instances);
    }
}

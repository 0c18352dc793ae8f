//! Names to judged addresses, with the time for which the answer holds.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};

use super::DialTarget;

/// A DNS resolver over the system's configuration, or over named servers.
///
/// It belongs to the tokio runtime that first uses it.
pub struct Resolver {
    inner: TokioResolver,
}

/// The addresses behind a name, and until when they may be used.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Judged addresses, sorted, each once.
    pub targets: Vec<DialTarget>,
    /// When the name should be asked for again: the smallest TTL of the answer.
    pub valid_until: Instant,
}

/// A name that could not be resolved.
#[derive(Debug, thiserror::Error)]
#[error("cannot resolve {name}: {cause}")]
pub struct ResolveError {
    /// The name that was asked for.
    pub name: String,
    cause: String,
}

impl ResolveError {
    fn new(name: &str, cause: impl ToString) -> Self {
        Self {
            name: name.to_owned(),
            cause: cause.to_string(),
        }
    }
}

impl Resolver {
    /// A resolver that asks `servers`, or the system's own servers when there are none.
    ///
    /// # Errors
    /// When the system's resolver configuration cannot be read.
    pub fn new(servers: &[SocketAddr]) -> Result<Self, ResolveError> {
        let error = |cause| ResolveError::new("(resolver configuration)", cause);
        let mut builder = if servers.is_empty() {
            TokioResolver::builder_tokio().map_err(error)?
        } else {
            let servers = servers.iter().map(|server| name_server(*server)).collect();
            TokioResolver::builder_with_config(
                ResolverConfig::from_parts(None, Vec::new(), servers),
                TokioRuntimeProvider::default(),
            )
        };
        // Whoever asks keeps the answer for its time. A cache below would also keep the answer that a
        // name does not exist, and hide an instance for minutes after it has appeared.
        builder.options_mut().cache_size = 0;
        Ok(Self {
            inner: builder.build().map_err(error)?,
        })
    }

    /// The IPv4 and IPv6 addresses of `name`, each with `port`.
    ///
    /// # Errors
    /// When no server answers, or the name has no address.
    pub async fn addresses(&self, name: &str, port: u16) -> Result<Answer, ResolveError> {
        let (found, valid_until) = self.look_up(name).await?;
        let addresses = found.into_iter().map(|ip| SocketAddr::new(ip, port));
        Ok(Answer::new(addresses.collect(), valid_until))
    }

    /// The addresses of `name` as they came, judged by nobody, and until when they hold.
    pub(super) async fn look_up(&self, name: &str) -> Result<(Vec<IpAddr>, Instant), ResolveError> {
        let found = self.inner.lookup_ip(name).await.map_err(|error| {
            if error.is_no_records_found() {
                ResolveError::new(name, "there is no such name, or it has no address")
            } else {
                ResolveError::new(name, error)
            }
        })?;
        Ok((found.iter().collect(), found.valid_until()))
    }

    /// The addresses of the SRV record `name`: each target resolved, with the record's port.
    ///
    /// Only the records of the lowest priority value are used (RFC 2782). A target that has no
    /// address is left out.
    ///
    /// # Errors
    /// When the record or one of its targets cannot be resolved, or no target has an address.
    pub async fn services(&self, name: &str) -> Result<Answer, ResolveError> {
        let found = self
            .inner
            .lookup(name, RecordType::SRV)
            .await
            .map_err(|error| ResolveError::new(name, error))?;
        let records: Vec<_> = found
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::SRV(srv) => Some((srv.priority, srv.port, srv.target.to_utf8())),
                _ => None,
            })
            .collect();
        let first = records.iter().map(|record| record.0).min();
        let mut addresses = Vec::new();
        let mut valid_until = found.valid_until();
        for (_, port, host) in records.iter().filter(|record| Some(record.0) == first) {
            match self.inner.lookup_ip(host.as_str()).await {
                Ok(found) => {
                    valid_until = valid_until.min(found.valid_until());
                    addresses.extend(found.iter().map(|ip| SocketAddr::new(ip, *port)));
                }
                // One host that is gone from the DNS before its record must not hold up the others.
                Err(error) if error.is_no_records_found() => {}
                Err(error) => return Err(ResolveError::new(host, error)),
            }
        }
        if addresses.is_empty() {
            return Err(ResolveError::new(
                name,
                "it has no SRV record whose target has an address",
            ));
        }
        Ok(Answer::new(addresses, valid_until))
    }
}

impl Answer {
    fn new(mut addresses: Vec<SocketAddr>, valid_until: Instant) -> Self {
        addresses.sort_unstable();
        addresses.dedup();
        let targets = addresses.into_iter().map(DialTarget::operator).collect();
        Self {
            targets,
            valid_until,
        }
    }
}

fn name_server(server: SocketAddr) -> NameServerConfig {
    let mut config = NameServerConfig::udp_and_tcp(server.ip());
    for connection in &mut config.connections {
        connection.port = server.port();
    }
    config
}

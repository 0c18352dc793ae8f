//! From an instance to an open connection: its addresses in turn, and TLS where its URL says so.

use std::time::Instant;

use propylon_net::dial::{self, DialErrorKind, DialTarget};

use super::Upstream;
use super::connection::Connection;
use super::instance::Instance;
use super::link::Link;

/// Why an instance could not be reached. Nothing of a request has left.
#[derive(Debug)]
pub(crate) struct Missed {
    pub(crate) kind: MissedKind,
    pub(crate) words: String,
}

/// What a failed connection says about an instance, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MissedKind {
    /// The host answered: nobody listens there.
    Refused,
    /// No answer: the instance may still be alive.
    Unreachable,
    /// Somebody answered who could not be verified.
    Tls,
    /// The guard lets nobody go there.
    Forbidden,
}

impl Upstream {
    /// Opens a connection to the first of an instance's addresses that takes one.
    pub(crate) async fn dial(&self, instance: &Instance) -> Result<Connection, Missed> {
        self.dial_any(instance, &instance.targets()).await
    }

    /// Opens a connection to the first of these addresses that takes one.
    pub(crate) async fn dial_any(
        &self,
        instance: &Instance,
        targets: &[DialTarget],
    ) -> Result<Connection, Missed> {
        let mut missed = Missed {
            kind: MissedKind::Unreachable,
            words: format!("{} has no address", instance.name),
        };
        for target in targets {
            match self.dial_target(instance, *target).await {
                Ok(connection) => return Ok(connection),
                Err(error) => missed = error,
            }
        }
        Err(missed)
    }

    async fn dial_target(
        &self,
        instance: &Instance,
        target: DialTarget,
    ) -> Result<Connection, Missed> {
        let due = Instant::now() + self.config.timeouts.connect;
        let stream = dial::connect(target, self.config.timeouts.connect)
            .await
            .map_err(|error| Missed {
                kind: match error.kind {
                    DialErrorKind::Refused => MissedKind::Refused,
                    DialErrorKind::Unreachable => MissedKind::Unreachable,
                },
                words: error.to_string(),
            })?;
        let Some(tls) = &self.tls else {
            return Ok(Connection::new(Link::Plain(stream), target));
        };
        let missed = |words: String| Missed {
            kind: MissedKind::Tls,
            words: format!("{}: {words}", instance.name),
        };
        let handshake = tls.connect(stream, self.tls_host_of(instance));
        match tokio::time::timeout_at(due.into(), handshake).await {
            Ok(Ok(stream)) => Ok(Connection::new(Link::Tls(Box::new(stream)), target)),
            Ok(Err(error)) => Err(missed(error.to_string())),
            Err(_elapsed) => Err(missed("the TLS handshake took too long".to_owned())),
        }
    }

    /// The name an instance's certificate has to have, unless the description says another.
    fn tls_host_of<'h>(&'h self, instance: &'h Instance) -> &'h str {
        let authority = self.host_of(instance);
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        }
    }
}

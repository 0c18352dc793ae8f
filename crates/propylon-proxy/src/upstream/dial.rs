//! From an instance to an open connection: its addresses in turn, and TLS where its URL says so.

use std::time::Instant;

use propylon_net::dial::{self, DialErrorKind, DialTarget};
use propylon_net::tls::agreed_on_http2;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::Upstream;
use super::instance::Instance;

/// Why an instance could not be reached. Nothing of a request has left.
#[derive(Debug, Clone)]
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

/// A connection that has just been opened, before anything is said on it.
pub(crate) struct Dialled {
    pub(crate) io: Raw,
    /// Where it leads.
    pub(crate) target: DialTarget,
    /// HTTP/2 is to be spoken: it was agreed on, or the description says so.
    pub(crate) is_http2: bool,
}

/// What carries its bytes.
pub(crate) enum Raw {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Upstream {
    /// Opens a connection to the first of an instance's addresses that takes one.
    pub(crate) async fn dial(&self, instance: &Instance) -> Result<Dialled, Missed> {
        self.dial_any(instance, &instance.targets()).await
    }

    /// Opens a connection to the first of these addresses that takes one.
    pub(crate) async fn dial_any(
        &self,
        instance: &Instance,
        targets: &[DialTarget],
    ) -> Result<Dialled, Missed> {
        let mut missed = Missed {
            kind: MissedKind::Unreachable,
            words: format!("{} has no address", instance.name),
        };
        for target in targets {
            match self.dial_target(instance, *target).await {
                Ok(dialled) => return Ok(dialled),
                Err(error) => missed = error,
            }
        }
        Err(missed)
    }

    async fn dial_target(
        &self,
        instance: &Instance,
        target: DialTarget,
    ) -> Result<Dialled, Missed> {
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
            return Ok(Dialled {
                io: Raw::Plain(stream),
                target,
                is_http2: self.config.http2 == Some(true),
            });
        };
        let missed = |words: String| Missed {
            kind: MissedKind::Tls,
            words: format!("{}: {words}", instance.name),
        };
        let handshake = tls.connect(stream, self.tls_host_of(instance));
        match tokio::time::timeout_at(due.into(), handshake).await {
            Ok(Ok(stream)) => Ok(Dialled {
                is_http2: agreed_on_http2(stream.get_ref().1),
                io: Raw::Tls(Box::new(stream)),
                target,
            }),
            Ok(Err(error)) => Err(missed(error.to_string())),
            Err(_elapsed) => Err(missed("the TLS handshake took too long".to_owned())),
        }
    }

    /// Whether an instance may be found to speak HTTP/2. One that a user registered may not: it is judged with every
    /// connection, of which there would be too few.
    pub(crate) fn may_speak_http2(&self) -> bool {
        if self.backend.is_some() {
            return false;
        }
        match self.tls {
            Some(_) => self.config.http2 != Some(false),
            None => self.config.http2 == Some(true),
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

//! Opens connections to the chain under test: the name resolved or redirected, the address dialled, TLS if the URL asks.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use propylon_net::dial::{DialTarget, Resolver, connect};
use rustls::SupportedProtocolVersion;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::connection::Connection;
use super::endpoint::Endpoint;
use super::hello::{OldVersion, accepts, client_hello};
use super::tls::{Handshake, Trust};
use super::trouble::Trouble;

/// A name and port that is to be found at an address of the operator's choice (`--resolve host:port:address`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirected {
    host: String,
    address: SocketAddr,
}

impl Redirected {
    /// Reads `host:port:address`, an IPv6 address in brackets or not.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (host, rest) = text.split_once(':')?;
        let (port, address) = rest.split_once(':')?;
        let address = address
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse()
            .ok()?;
        let address = SocketAddr::new(address, port.parse().ok()?);
        (!host.is_empty()).then(|| Self {
            host: host.to_ascii_lowercase(),
            address,
        })
    }
}

/// Opens connections.
pub(crate) struct Dialer {
    resolver: OnceCell<Resolver>,
    redirected: Vec<Redirected>,
    trust: Option<Trust>,
    within: Duration,
}

impl Dialer {
    pub(crate) fn new(
        redirected: Vec<Redirected>,
        authority: Option<&Path>,
        is_tls: bool,
        within: Duration,
    ) -> Result<Self, Trouble> {
        Ok(Self {
            resolver: OnceCell::new(),
            redirected,
            trust: is_tls.then(|| Trust::new(authority)).transpose()?,
            within,
        })
    }

    /// A connection over which HTTP/1.1 can be spoken, for whichever scheme the URL has.
    pub(crate) async fn connect(&self, endpoint: &Endpoint) -> Result<Connection, Trouble> {
        let stream = self.tcp(endpoint).await?;
        if !endpoint.is_tls {
            return Ok(Connection::new(stream));
        }
        let handshake = self
            .trust()?
            .connect(&endpoint.host, stream, &[b"http/1.1"]);
        Ok(Connection::new(self.in_time(handshake).await?))
    }

    /// A bare connection.
    pub(crate) async fn tcp(&self, endpoint: &Endpoint) -> Result<TcpStream, Trouble> {
        let mut last = Trouble::Resolve(format!("{} has no address", endpoint.host));
        for target in self.targets(endpoint).await? {
            match connect(target, self.within).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Trouble::Dial(error.to_string()),
            }
        }
        Err(last)
    }

    /// What a handshake at one of `versions` tells.
    pub(crate) async fn inspect(
        &self,
        endpoint: &Endpoint,
        versions: &[&'static SupportedProtocolVersion],
        later: Duration,
    ) -> Result<Handshake, Trouble> {
        let stream = self.tcp(endpoint).await?;
        let handshake = self
            .trust()?
            .inspect(&endpoint.host, stream, versions, later);
        self.in_time(handshake).await
    }

    /// Whether the server goes on with a handshake at an old version.
    pub(crate) async fn offers(
        &self,
        endpoint: &Endpoint,
        version: OldVersion,
    ) -> Result<bool, Trouble> {
        let mut stream = self.tcp(endpoint).await?;
        let mut random = [0; 32];
        getrandom::fill(&mut random)
            .map_err(|error| Trouble::unexpected(format!("no random numbers: {error}")))?;
        let hello = client_hello(version, &endpoint.host, random);
        let answer = async {
            let mut answer = Vec::new();
            // A server may refuse by closing, even while it is being written to.
            if stream.write_all(&hello).await.is_err() {
                return Ok(false);
            }
            let mut buffer = [0; 512];
            loop {
                if let Some(verdict) = accepts(&answer, version) {
                    return Ok(verdict);
                }
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => return Ok(false),
                    Ok(count) => answer.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                }
            }
        };
        self.in_time(answer).await
    }

    async fn in_time<T>(
        &self,
        step: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        timeout(self.within, step)
            .await
            .unwrap_or(Err(Trouble::Silent {
                what: "the end of the TLS handshake (does the server speak TLS there?)",
                waited: self.within,
            }))
    }

    fn trust(&self) -> Result<&Trust, Trouble> {
        self.trust
            .as_ref()
            .ok_or_else(|| Trouble::unexpected("TLS was not prepared for this run"))
    }

    async fn targets(&self, endpoint: &Endpoint) -> Result<Vec<DialTarget>, Trouble> {
        let chosen = self
            .redirected
            .iter()
            .find(|each| each.host == endpoint.host && each.address.port() == endpoint.port);
        if let Some(chosen) = chosen {
            return Ok(vec![DialTarget::operator(chosen.address)]);
        }
        if let Some(address) = endpoint.address() {
            return Ok(vec![DialTarget::operator(SocketAddr::new(
                address,
                endpoint.port,
            ))]);
        }
        let resolver = self
            .resolver
            .get_or_try_init(|| async { Resolver::new(&[]) })
            .await
            .map_err(|error| Trouble::Resolve(error.to_string()))?;
        let answer = resolver
            .addresses(&endpoint.host, endpoint.port)
            .await
            .map_err(|error| Trouble::Resolve(error.to_string()))?;
        Ok(answer.targets)
    }
}

#[cfg(test)]
mod tests {
    use super::Redirected;

    #[test]
    fn a_redirected_name_is_read() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                Redirected::parse(text)
                    .map(|each| each.address.to_string())
                    .as_deref(),
                expected,
                "{text}"
            );
        };
        check("a:443:127.0.0.1", Some("127.0.0.1:443"));
        check("A.b:443:[::1]", Some("[::1]:443"));
        check("a:443:::1", Some("[::1]:443"));
        check("a:443", None);
        check(":443:127.0.0.1", None);
        check("a:x:127.0.0.1", None);
    }
}

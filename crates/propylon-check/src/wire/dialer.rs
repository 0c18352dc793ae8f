//! Opens connections to the chain under test: the name resolved or redirected, the address dialled, TLS if the URL asks.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use propylon_net::dial::{DialTarget, Resolver, connect};
use rustls::SupportedProtocolVersion;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::carrier::Carrier;
use super::connection::{Connection, HttpVersion};
use super::endpoint::Endpoint;
use super::hello::{OldVersion, accepts, client_hello};
use super::http1::Http1;
use super::http2::Http2;
use super::tls::{Handshake, Trust};
use super::trouble::Trouble;

const HANDSHAKE: &str = "the end of the TLS handshake (does the server speak TLS there?)";

/// How long a server on plain TCP has to show that it speaks HTTP/2: one that does not says so at once, or never.
const PRIOR_KNOWLEDGE: Duration = Duration::from_secs(2);

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
    /// A certificate that is not good was found and told of: the run goes on without verification.
    is_careless: Cell<bool>,
    carriers: RefCell<Vec<Rc<Carrier>>>,
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
            is_careless: Cell::new(false),
            carriers: RefCell::default(),
            within,
        })
    }

    /// Takes any certificate from now on.
    pub(crate) fn be_careless(&self) {
        self.is_careless.set(true);
    }

    /// A connection over which one exchange at a time can be made, for whichever scheme the URL has.
    pub(crate) async fn connect(
        &self,
        endpoint: &Endpoint,
        http: HttpVersion,
    ) -> Result<Connection, Trouble> {
        match http {
            HttpVersion::One => self.http1(endpoint).await,
            HttpVersion::Two => {
                let carrier = self.shared(endpoint).await?;
                Ok(Connection::Two(Box::new(Http2::new(carrier))))
            }
        }
    }

    async fn http1(&self, endpoint: &Endpoint) -> Result<Connection, Trouble> {
        let http1 = if endpoint.is_tls {
            Http1::new(self.tls(endpoint, &[b"http/1.1"]).await?)
        } else {
            Http1::new(self.tcp(endpoint).await?)
        };
        Ok(Connection::One(Box::new(http1)))
    }

    /// An HTTP/2 connection with room for one more exchange.
    async fn shared(&self, endpoint: &Endpoint) -> Result<Rc<Carrier>, Trouble> {
        let origin = endpoint.origin();
        let roomy = || {
            let carriers = self.carriers.borrow();
            carriers
                .iter()
                .find(|carrier| carrier.has_room(&origin))
                .cloned()
        };
        while let Some(carrier) = roomy() {
            if !carrier.is_spent().await {
                return Ok(carrier);
            }
            self.carriers
                .borrow_mut()
                .retain(|each| !Rc::ptr_eq(each, &carrier));
        }
        let carrier = self.carrier(endpoint).await?;
        self.carriers.borrow_mut().push(Rc::clone(&carrier));
        Ok(carrier)
    }

    /// An HTTP/2 connection of its own.
    pub(crate) async fn carrier(&self, endpoint: &Endpoint) -> Result<Rc<Carrier>, Trouble> {
        let (scheme, origin) = (endpoint.scheme(), endpoint.origin());
        let opened = async {
            if endpoint.is_tls {
                let tls = self.tls(endpoint, &[b"h2"]).await?;
                Carrier::open(tls, scheme, origin).await
            } else {
                Carrier::open(self.tcp(endpoint).await?, scheme, origin).await
            }
        };
        self.in_time("the HTTP/2 settings of the server", opened)
            .await
    }

    /// The HTTP versions that the endpoint offers: by ALPN over TLS, by trying over plain TCP.
    pub(crate) async fn offered(&self, endpoint: &Endpoint) -> Result<Vec<HttpVersion>, Trouble> {
        if !endpoint.is_tls {
            self.tcp(endpoint).await?;
            let tried = tokio::time::timeout(PRIOR_KNOWLEDGE, self.carrier(endpoint)).await;
            let is_offered = matches!(tried, Ok(Ok(_)));
            return Ok(versions(true, is_offered));
        }
        let both = self.tls(endpoint, &[b"h2", b"http/1.1"]).await?;
        if both.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Ok(versions(true, false));
        }
        // Who prefers HTTP/2 may have nothing else.
        let one = self.tls(endpoint, &[b"http/1.1"]).await;
        Ok(versions(one.is_ok(), true))
    }

    async fn tls(
        &self,
        endpoint: &Endpoint,
        alpn: &[&[u8]],
    ) -> Result<TlsStream<TcpStream>, Trouble> {
        let stream = self.tcp(endpoint).await?;
        let careful = !self.is_careless.get();
        let handshake = self.trust()?.connect(&endpoint.host, stream, alpn, careful);
        self.in_time(HANDSHAKE, handshake).await
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
        self.in_time(HANDSHAKE, handshake).await
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
        self.in_time(HANDSHAKE, answer).await
    }

    async fn in_time<T>(
        &self,
        what: &'static str,
        step: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        timeout(self.within, step)
            .await
            .unwrap_or(Err(Trouble::Silent {
                what,
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

fn versions(one: bool, two: bool) -> Vec<HttpVersion> {
    let offered = [(one, HttpVersion::One), (two, HttpVersion::Two)];
    offered
        .into_iter()
        .filter_map(|(is_offered, http)| is_offered.then_some(http))
        .collect()
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

//! Who the client is, and how the upstream is told: `X-Forwarded-*` and `Forwarded` (RFC 7239).

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use ipnet::IpNet;
use propylon_net::tls::ClientIdentity;

use crate::http1::field::{Field, elements};
use crate::http1::head::RequestHead;
use crate::phase::route;

/// The client as far as it can be believed.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// The address limits and logs go by: the last one that is not a trusted proxy's.
    pub(crate) address: IpAddr,
    /// The other end of the connection.
    pub(crate) peer: SocketAddr,
    /// Where the client connected to.
    pub(crate) local: SocketAddr,
    /// Whether the peer is a proxy whose word counts.
    pub(crate) trusted: bool,
    /// The address that the description gives the listener it came to.
    pub(crate) asked: SocketAddr,
    /// The port it connected to, which may be a balancer's.
    port: u16,
    /// Whether it connected over TLS.
    is_secure: bool,
    /// Who it is by its certificate.
    pub(crate) identity: Option<Rc<ClientIdentity>>,
}

/// The two ends of a client's connection.
#[derive(Debug, Clone)]
pub(crate) struct Ends {
    /// The client, where a balancer in front has told of it in the PROXY protocol; else the other end itself.
    pub(crate) peer: SocketAddr,
    /// Our end.
    pub(crate) local: SocketAddr,
    /// The address that the description gives the listener it came to.
    pub(crate) asked: SocketAddr,
    /// The port the client connected to: our own, or the balancer's.
    pub(crate) port: u16,
    /// Whether TLS is between them.
    pub(crate) is_secure: bool,
    /// Who the client is, if it has shown a certificate.
    pub(crate) identity: Option<Rc<ClientIdentity>>,
}

impl Ends {
    /// Those of a connection that nobody has told anything of.
    pub(crate) fn plain(peer: SocketAddr, local: SocketAddr, asked: SocketAddr) -> Self {
        Self {
            peer,
            local,
            asked,
            port: local.port(),
            is_secure: false,
            identity: None,
        }
    }
}

impl Client {
    /// Tells who is behind a request.
    pub(crate) fn of(request: &RequestHead, ends: &Ends, trusted: &[IpNet]) -> Self {
        let &Ends {
            peer,
            local,
            asked,
            port,
            is_secure,
            ref identity,
        } = ends;
        let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
        let nearest = peer.ip().to_canonical();
        let believed = is_trusted(nearest);
        let address = if believed {
            first_untrusted(request, is_trusted).unwrap_or(nearest)
        } else {
            nearest
        };
        Self {
            address,
            peer,
            local,
            trusted: believed,
            asked,
            port,
            is_secure,
            identity: identity.clone(),
        }
    }

    /// The scheme the client used outside.
    pub(crate) fn scheme<'r>(&self, request: &'r RequestHead) -> &'r str {
        self.told(request, Field::XForwardedProto)
            .filter(|scheme| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .unwrap_or(if self.is_secure { "https" } else { "http" })
    }

    /// The host and port the client used outside.
    pub(crate) fn host<'r>(&self, request: &'r RequestHead, authority: &'r str) -> &'r str {
        self.told(request, Field::XForwardedHost)
            .filter(|host| route::is_plain(host))
            .unwrap_or(authority)
    }

    fn told<'r>(&self, request: &'r RequestHead, field: Field) -> Option<&'r str> {
        let value = request
            .lines
            .first(request.head(), field)
            .filter(|_| self.trusted)?;
        std::str::from_utf8(elements(value).next()?).ok()
    }

    /// Writes the lines that tell the upstream about the client.
    pub(crate) fn write(&self, request: &RequestHead, authority: &str, out: &mut Vec<u8>) {
        let head = request.head();
        let before = |field| request.lines.all(head, field).filter(|_| self.trusted);
        let peer = self.peer.ip().to_canonical();
        let (scheme, host) = (self.scheme(request), self.host(request, authority));
        out.extend_from_slice(b"X-Forwarded-For: ");
        join(before(Field::XForwardedFor), out);
        // Writing to a Vec cannot fail.
        let _ = write!(out, "{peer}\r\nX-Forwarded-Proto: {scheme}\r\n");
        let _ = write!(
            out,
            "X-Forwarded-Host: {host}\r\nX-Forwarded-Port: {}\r\n",
            self.port(request, host)
        );
        out.extend_from_slice(b"Forwarded: ");
        join(before(Field::Forwarded), out);
        let _ = match peer {
            IpAddr::V4(peer) => write!(out, "for={peer}"),
            IpAddr::V6(peer) => write!(out, "for=\"[{peer}]\""),
        };
        let _ = write!(out, ";host=\"{host}\";proto={scheme}\r\n");
        if let Some(identity) = &self.identity {
            let _ = write!(out, "X-Forwarded-Client-Cert: {}\r\n", identity.forwarded());
        }
    }

    /// The port the client used outside: the one it connected to, unless a trusted proxy tells.
    fn port(&self, request: &RequestHead, host: &str) -> u16 {
        if !self.trusted {
            return self.port;
        }
        let told = self
            .told(request, Field::XForwardedPort)
            .and_then(|port| port.parse().ok());
        let named = || {
            host.rsplit_once(':')
                .and_then(|(_, port)| port.parse().ok())
        };
        let usual = || {
            if self.scheme(request) == "https" {
                443
            } else {
                80
            }
        };
        told.or_else(named).unwrap_or_else(usual)
    }
}

/// Walks `X-Forwarded-For` from the nearest hop outwards, past every proxy that is trusted.
fn first_untrusted(request: &RequestHead, is_trusted: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let mut last = None;
    let values: Vec<_> = request
        .lines
        .all(request.head(), Field::XForwardedFor)
        .collect();
    for element in values
        .iter()
        .rev()
        .flat_map(|value| elements(value).collect::<Vec<_>>().into_iter().rev())
    {
        let Some(address) = std::str::from_utf8(element).ok().and_then(parse_address) else {
            break;
        };
        last = Some(address);
        if !is_trusted(address) {
            break;
        }
    }
    last
}

fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_matches('"');
    let parsed = bare
        .parse::<IpAddr>()
        .ok()
        .or_else(|| bare.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    let bracketed = || bare.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    parsed
        .or_else(bracketed)
        .map(|address| address.to_canonical())
}

fn join<'v>(values: impl Iterator<Item = &'v [u8]>, out: &mut Vec<u8>) {
    for value in values.filter(|value| !value.is_empty()) {
        out.extend_from_slice(value);
        out.extend_from_slice(b", ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::head::HeadLimits;

    fn request(lines: &str) -> RequestHead {
        let text = format!("GET / HTTP/1.1\r\nHost: mcp.example.com\r\n{lines}\r\n");
        let limits = HeadLimits {
            bytes_max: 4096,
            count_max: 16,
        };
        RequestHead::parse(&mut text.into_bytes(), limits)
            .unwrap()
            .unwrap()
    }

    fn written(lines: &str, peer: &str, trusted: &[&str]) -> (String, String) {
        let request = request(lines);
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        let local = "127.0.0.1:8080".parse().unwrap();
        let client = Client::of(
            &request,
            &Ends::plain(peer.parse().unwrap(), local, local),
            &trusted,
        );
        let mut out = Vec::new();
        client.write(&request, "mcp.example.com", &mut out);
        (client.address.to_string(), String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_stranger_is_not_believed() {
        let forged =
            "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\nForwarded: for=1.1.1.1\r\n";
        let (address, lines) = written(forged, "192.0.2.7:5", &["10.0.0.0/8"]);
        assert_eq!(address, "192.0.2.7");
        assert_eq!(
            lines,
            "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\n\
             X-Forwarded-Host: mcp.example.com\r\nX-Forwarded-Port: 8080\r\n\
             Forwarded: for=192.0.2.7;host=\"mcp.example.com\";proto=http\r\n"
        );
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_added_to() {
        let told = "X-Forwarded-For: 9.9.9.9, 192.0.2.7\r\nX-Forwarded-For: 10.0.0.2\r\n\
                    X-Forwarded-Proto: https\r\nX-Forwarded-Host: outside.example\r\nForwarded: for=192.0.2.7\r\n";
        let (address, lines) = written(told, "10.0.0.1:5", &["10.0.0.0/8"]);
        assert_eq!(
            address, "192.0.2.7",
            "the last hop that is not trusted; what it claims of others is its own word"
        );
        assert!(lines.starts_with("X-Forwarded-For: 9.9.9.9, 192.0.2.7, 10.0.0.2, 10.0.0.1\r\nX-Forwarded-Proto: https\r\n"), "{lines}");
        assert!(
            lines.contains("X-Forwarded-Host: outside.example\r\nX-Forwarded-Port: 443\r\n"),
            "{lines}"
        );
        assert!(
            lines.contains(
                "Forwarded: for=192.0.2.7, for=10.0.0.1;host=\"outside.example\";proto=https"
            ),
            "{lines}"
        );
    }

    #[test]
    fn ipv6_is_quoted_and_mapped_ipv4_is_ipv4() {
        let (_, lines) = written("", "[2001:db8::1]:5", &[]);
        assert!(
            lines.contains("Forwarded: for=\"[2001:db8::1]\";"),
            "{lines}"
        );
        let (address, _) = written("", "[::ffff:192.0.2.7]:5", &[]);
        assert_eq!(address, "192.0.2.7");
    }
}

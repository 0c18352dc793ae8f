//! A handshake's first message for versions of TLS that no library offers any more, and what a server says to it.

/// A version of TLS that must be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OldVersion {
    Tls10,
    Tls11,
}

impl OldVersion {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
        }
    }

    const fn minor(self) -> u8 {
        match self {
            Self::Tls10 => 1,
            Self::Tls11 => 2,
        }
    }
}

/// Suites those versions had (RFC 4346, A.5; RFC 4492): whichever of them a server still has, it can choose.
const SUITES: &[u16] = &[
    0xc014, 0xc00a, 0x0039, 0x0035, 0xc013, 0xc009, 0x0033, 0x002f, 0xc012, 0xc008, 0x0016, 0x000a,
];

/// A ClientHello that offers `version` as the newest (RFC 4346, 7.4.1.2).
pub(crate) fn client_hello(version: OldVersion, host: &str, random: [u8; 32]) -> Vec<u8> {
    let mut body = vec![3, version.minor()];
    body.extend_from_slice(&random);
    body.push(0);
    let suites: Vec<u8> = SUITES
        .iter()
        .flat_map(|suite| suite.to_be_bytes())
        .collect();
    push_sized(&mut body, &suites);
    body.extend_from_slice(&[1, 0]);
    push_sized(&mut body, &extensions(host));
    let mut handshake = vec![1, 0];
    push_sized(&mut handshake, &body);
    let mut record = vec![22, 3, 1];
    push_sized(&mut record, &handshake);
    record
}

/// Server name unless the host is an address, curves and point formats.
fn extensions(host: &str) -> Vec<u8> {
    let mut extensions = Vec::new();
    if host.parse::<std::net::IpAddr>().is_err() {
        let mut name = vec![0];
        push_sized(&mut name, host.as_bytes());
        let mut list = Vec::new();
        push_sized(&mut list, &name);
        extensions.extend_from_slice(&[0, 0]);
        push_sized(&mut extensions, &list);
    }
    extensions.extend_from_slice(&[0, 10, 0, 8, 0, 6, 0, 29, 0, 23, 0, 24]);
    extensions.extend_from_slice(&[0, 11, 0, 2, 1, 0]);
    extensions
}

/// Appends bytes behind their length in two bytes; what is too long for that is left out.
fn push_sized(to: &mut Vec<u8>, bytes: &[u8]) {
    let Ok(length) = u16::try_from(bytes.len()) else {
        return;
    };
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(bytes);
}

/// Whether the first bytes of a server's answer accept `version`: a ServerHello of it. An alert, or a close, refuses.
/// `None` until enough has come.
pub(crate) fn accepts(answer: &[u8], version: OldVersion) -> Option<bool> {
    match answer.first()? {
        // Record header (5), handshake header (4), then the version the server chose.
        22 => Some(
            answer.get(5)? == &2 && answer.get(9)? == &3 && answer.get(10)? == &version.minor(),
        ),
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::{OldVersion, accepts, client_hello};

    #[test]
    fn a_hello_is_as_long_as_it_says() {
        for host in ["mcp.example.com", "127.0.0.1"] {
            let hello = client_hello(OldVersion::Tls11, host, [7; 32]);
            assert_eq!(
                usize::from(u16::from_be_bytes([hello[3], hello[4]])),
                hello.len() - 5
            );
            assert_eq!(
                usize::from(u16::from_be_bytes([hello[7], hello[8]])),
                hello.len() - 9
            );
            assert_eq!((hello[9], hello[10]), (3, 2));
        }
    }

    #[test]
    fn only_a_server_hello_of_the_version_accepts() {
        let hello = |minor: u8| vec![22, 3, minor, 0, 50, 2, 0, 0, 46, 3, minor];
        assert_eq!(accepts(&hello(1), OldVersion::Tls10), Some(true));
        assert_eq!(accepts(&hello(3), OldVersion::Tls10), Some(false));
        assert_eq!(
            accepts(&[21, 3, 1, 0, 2, 2, 70], OldVersion::Tls10),
            Some(false)
        );
        assert_eq!(accepts(&hello(1)[..9], OldVersion::Tls10), None);
        assert_eq!(accepts(&[], OldVersion::Tls10), None);
    }
}

//! Headers of both versions, whole, in pieces, and broken.

use std::net::SocketAddr;

use proptest::prelude::*;

use super::version2::{REST_BYTES_MAX, SIGNATURE, checksum};
use super::{Malformed, Progress, Told, decode};

fn told(source: &str, destination: &str) -> Told {
    Told {
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        is_secure: false,
    }
}

fn version2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let mut header = SIGNATURE.to_vec();
    header.extend([command, family]);
    header.extend(u16::try_from(rest.len()).unwrap().to_be_bytes());
    header.extend(rest);
    header
}

/// 192.0.2.7:50000 to 198.51.100.1:443, and extensions.
fn over_ipv4(extensions: &[u8]) -> Vec<u8> {
    let mut rest = vec![192, 0, 2, 7, 198, 51, 100, 1, 0xc3, 0x50, 0x01, 0xbb];
    rest.extend(extensions);
    version2(0x21, 0x11, &rest)
}

#[test]
fn lines_of_version_1() {
    let check = |line: &str, expected: Result<Option<Told>, &'static str>| {
        let expected = expected.map(Progress::Done).map_err(Malformed);
        assert_eq!(decode(line.as_bytes()), expected, "{line:?}");
    };
    let nobody = Err("its line does not say who connected to whom");
    check(
        "PROXY TCP4 192.0.2.7 198.51.100.1 50000 443\r\n",
        Ok(Some(told("192.0.2.7:50000", "198.51.100.1:443"))),
    );
    check(
        "PROXY TCP6 2001:db8::1 ::1 1 65535\r\n",
        Ok(Some(told("[2001:db8::1]:1", "[::1]:65535"))),
    );
    check("PROXY UNKNOWN\r\n", Ok(None));
    check("PROXY UNKNOWN ffff:f...f 1 2 3 4\r\n", Ok(None));
    check("PROXY TCP4 192.0.2.7 198.51.100.1 50000 443 \r\n", nobody);
    check("PROXY TCP4  192.0.2.7 198.51.100.1 50000 443\r\n", nobody);
    check("PROXY TCP4 192.0.2.7 198.51.100.1 50000\r\n", nobody);
    check("PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n", nobody);
    check("PROXY TCP4 192.0.2.7 198.51.100.1 +5 443\r\n", nobody);
    check("PROXY TCP4 192.0.2.7 198.51.100.1 05 443\r\n", nobody);
    check("PROXY TCP4 192.0.2.007 198.51.100.1 5 443\r\n", nobody);
    check("PROXY TCP4 ::1 ::1 5 443\r\n", nobody);
    check("PROXY TCP6 192.0.2.7 198.51.100.1 5 443\r\n", nobody);
    check("PROXY UDP4 192.0.2.7 198.51.100.1 5 443\r\n", nobody);
    check(
        "PROXY UNKNOWN\n",
        Err("its line is not text that ends in CR LF"),
    );
    check(
        "GET / HTTP/1.1\r\n",
        Err("it begins with no PROXY protocol header"),
    );
    check(
        "PROXY_TCP4 192.0.",
        Err("it begins with no PROXY protocol header"),
    );
    check(
        &format!("PROXY UNKNOWN{}", " ".repeat(94)),
        Err("its line has no end"),
    );
}

#[test]
fn headers_of_version_2() {
    let plain = told("192.0.2.7:50000", "198.51.100.1:443");
    let secure = Told {
        is_secure: true,
        ..plain
    };
    let check = |header: &[u8], expected: Result<Option<Told>, &'static str>| {
        let expected = expected.map(Progress::Done).map_err(Malformed);
        assert_eq!(decode(header), expected, "{header:x?}");
    };
    check(&over_ipv4(&[]), Ok(Some(plain)));
    // An authority, then TLS with and without a client certificate's bits.
    check(
        &over_ipv4(&[2, 0, 1, b'a', 0x20, 0, 5, 1, 0, 0, 0, 0]),
        Ok(Some(secure)),
    );
    check(&over_ipv4(&[0x20, 0, 5, 0, 0, 0, 0, 0]), Ok(Some(plain)));
    let mut v6 = [
        [0; 15].as_slice(),
        &[1],
        &[0x20, 1, 0x0d, 0xb8],
        &[0; 11],
        &[2],
    ]
    .concat();
    v6.extend([0, 5, 0, 6]);
    check(
        &version2(0x21, 0x21, &v6),
        Ok(Some(told("[::1]:5", "[2001:db8::2]:6"))),
    );
    // A health check of the balancer's own, an unknown client, a Unix socket.
    check(&version2(0x20, 0x00, &[]), Ok(None));
    check(&version2(0x20, 0x11, &[1; 12]), Ok(None));
    check(&version2(0x21, 0x00, &[9, 9, 9]), Ok(None));
    check(&version2(0x21, 0x31, &[0; 216]), Ok(None));
}

#[test]
fn broken_headers_of_version_2() {
    let plain = told("192.0.2.7:50000", "198.51.100.1:443");
    for (header, cause) in [
        (
            version2(0x11, 0x11, &[1; 12]),
            "its version or command is unknown",
        ),
        (
            version2(0x22, 0x11, &[1; 12]),
            "its version or command is unknown",
        ),
        (
            version2(0x21, 0x12, &[1; 12]),
            "it is of a connection that is not TCP",
        ),
        (
            version2(0x21, 0x11, &[1; 11]),
            "it is shorter than its addresses",
        ),
        (
            version2(0x21, 0x31, &[0; 215]),
            "it is shorter than its addresses",
        ),
        (over_ipv4(&[4, 0]), "an extension has no length"),
        (
            over_ipv4(&[4, 0, 2, 1]),
            "an extension is longer than the header",
        ),
        (
            version2(0x21, 0x11, &[1; REST_BYTES_MAX + 1]),
            "it is longer than 4096 bytes",
        ),
        (over_ipv4(&[3, 0, 4, 1, 2, 3, 4]), "its checksum is wrong"),
    ] {
        assert_eq!(decode(&header), Err(Malformed(cause)), "{header:x?}");
    }
    let mut summed = over_ipv4(&[3, 0, 4, 0, 0, 0, 0]);
    let at = summed.len() - 4;
    let sum = checksum(&summed, at).to_be_bytes();
    summed.splice(at.., sum);
    assert_eq!(decode(&summed), Ok(Progress::Done(Some(plain))));
}

#[test]
fn the_checksum_is_castagnoli() {
    // RFC 3720, B.4: 32 bytes of ones; the four that do not count lie behind them.
    assert_eq!(checksum(&[0xff; 32], 32), 0x62a8_ab43);
}

/// A header as a balancer would send it.
fn any_header() -> impl Strategy<Value = (Vec<u8>, Told)> {
    let ends = any::<(SocketAddr, SocketAddr)>();
    (ends, any::<bool>(), any::<bool>(), 0..200usize).prop_filter_map(
        "both ends are of one family",
        |((source, destination), is_text, is_secure, noise)| {
            let strip = |address: SocketAddr| SocketAddr::new(address.ip(), address.port());
            let told = Told {
                source: strip(source),
                destination: strip(destination),
                is_secure: is_secure && !is_text,
            };
            let ips = match (source.ip(), destination.ip()) {
                (std::net::IpAddr::V4(a), std::net::IpAddr::V4(b)) => {
                    [a.octets(), b.octets()].concat()
                }
                (std::net::IpAddr::V6(a), std::net::IpAddr::V6(b)) => {
                    [a.octets(), b.octets()].concat()
                }
                _ => return None,
            };
            let is_v4 = source.is_ipv4();
            let header = if is_text {
                let family = if is_v4 { "TCP4" } else { "TCP6" };
                let (from, to) = (source.port(), destination.port());
                format!(
                    "PROXY {family} {} {} {from} {to}\r\n",
                    source.ip(),
                    destination.ip()
                )
                .into_bytes()
            } else {
                let mut rest = ips;
                rest.extend(source.port().to_be_bytes());
                rest.extend(destination.port().to_be_bytes());
                rest.extend([4, 0, u8::try_from(noise).unwrap()]);
                rest.extend(vec![b'\n'; noise]);
                rest.extend([0x20, 0, 5, u8::from(is_secure), 0, 0, 0, 0]);
                version2(0x21, if is_v4 { 0x11 } else { 0x21 }, &rest)
            };
            Some((header, told))
        },
    )
}

proptest! {
    #[test]
    fn a_header_is_read_whole_and_nothing_behind_it((header, told) in any_header()) {
        // Asked byte by byte, it never wants more than there is, and is not whole before its end.
        for end in 0..header.len() {
            match decode(&header[..end]) {
                Ok(Progress::More(count)) => prop_assert!(end + count <= header.len()),
                Ok(Progress::RestOfLine(room)) => prop_assert!(end + room <= 107),
                other => prop_assert!(false, "{end}: {other:?}"),
            }
        }
        prop_assert_eq!(decode(&header), Ok(Progress::Done(Some(told))));
    }

    #[test]
    fn no_bytes_panic_or_ask_for_much(
        is_signed in any::<bool>(),
        tail in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut bytes = if is_signed { SIGNATURE.to_vec() } else { b"PROXY TCP".to_vec() };
        bytes.extend(tail);
        if let Ok(Progress::More(count)) = decode(&bytes) {
            prop_assert!(bytes.len() + count <= 16 + REST_BYTES_MAX);
        }
    }
}

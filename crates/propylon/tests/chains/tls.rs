//! A private authority and the certificates it signs, made anew for each chain.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use propylon_testkit::Scratch;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::chain::Certificate;

const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// Writes `chain.pem` and `key.pem` for the product and gives the authority's file for the check.
///
/// # Panics
/// When the certificates cannot be made.
pub(crate) fn write(scratch: &Scratch, certificate: Certificate) -> PathBuf {
    let mut root = CertificateParams::new(Vec::new()).expect("no names are valid names");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.distinguished_name
        .push(rcgen::DnType::CommonName, "Chains test authority");
    let root_key = KeyPair::generate().expect("a key can be made");
    let root_certificate = root
        .self_signed(&root_key)
        .expect("the authority signs itself");
    let key = KeyPair::generate().expect("a key can be made");
    let names = match certificate {
        Certificate::WrongName => vec!["elsewhere.example".to_owned()],
        _ => vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
    };
    let mut leaf = CertificateParams::new(names).expect("the names are valid");
    match certificate {
        Certificate::EndsSoon => {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .expect("the clock is past 1970");
            leaf.not_after = rcgen::date_time_ymd(1970, 1, 1) + now + WEEK;
        }
        Certificate::Expired => leaf.not_after = rcgen::date_time_ymd(2020, 2, 29),
        _ => {}
    }
    let issuer = Issuer::new(root, root_key);
    let leaf = match certificate {
        Certificate::SelfSigned => leaf.self_signed(&key),
        _ => leaf.signed_by(&key, &issuer),
    };
    let leaf = leaf.expect("it is signed");
    scratch.write("chain.pem", &leaf.pem());
    scratch.write("key.pem", &key.serialize_pem());
    // HAProxy wants both in one file.
    scratch.write(
        "both.pem",
        &format!("{}{}", leaf.pem(), key.serialize_pem()),
    );
    scratch.write("authority.pem", &root_certificate.pem())
}

/// A ClientHello of TLS 1.2 (RFC 5246, 7.4.1.2) with what a P-256 certificate needs, but for its random bytes.
const HELLO: &[&[u8]] = &[
    &[22, 3, 1, 0, 73, 1, 0, 0, 69, 3, 3],
    &[7; 32],
    &[0, 0, 4, 0xc0, 0x2b, 0xc0, 0x2c, 1, 0, 0, 24],
    &[0, 10, 0, 4, 0, 2, 0, 23],
    &[0, 11, 0, 2, 1, 0],
    &[0, 13, 0, 6, 0, 4, 4, 3, 5, 3],
];

/// Whether a handshake goes on at `address`: some products listen before they have their certificates.
pub(crate) fn is_spoken(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
    let mut first = [0];
    let sent = stream.write_all(&HELLO.concat());
    sent.is_ok() && stream.read_exact(&mut first).is_ok() && first == [22]
}

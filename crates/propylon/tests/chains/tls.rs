//! A private authority and the certificates it signs, made anew for each chain.

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
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let mut leaf = CertificateParams::new(names).expect("the names are valid");
    if certificate == Certificate::EndsSoon {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("the clock is past 1970");
        leaf.not_after = rcgen::date_time_ymd(1970, 1, 1) + now + WEEK;
    }
    let issuer = Issuer::new(root, root_key);
    let leaf = leaf.signed_by(&key, &issuer).expect("the authority signs");
    scratch.write("chain.pem", &leaf.pem());
    scratch.write("key.pem", &key.serialize_pem());
    scratch.write("authority.pem", &root_certificate.pem())
}

//! A private authority and what it signs, made anew for each test.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use propylon_testkit::Scratch;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData, RevokedCertParams, SanType, SerialNumber,
};
use sha2::{Digest, Sha256};

/// Signs certificates, and keeps files in the test's folder.
pub(crate) struct Authority<'s> {
    scratch: &'s Scratch,
    issuer: Issuer<'static, KeyPair>,
    file: PathBuf,
}

/// What a certificate is to say.
pub(crate) struct Leaf {
    names: Vec<String>,
    called: Option<&'static str>,
    is_expired: bool,
    is_self_signed: bool,
    is_authority: bool,
    serial: Option<u64>,
    uri: Option<&'static str>,
    days: Option<u64>,
}

impl Leaf {
    pub(crate) fn of(names: &[&str]) -> Self {
        Self {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            called: None,
            is_expired: false,
            is_self_signed: false,
            is_authority: false,
            serial: None,
            uri: None,
            days: None,
        }
    }

    /// It may issue others, as what `openssl req -x509` makes.
    pub(crate) fn authority(self) -> Self {
        Self {
            is_authority: true,
            ..self
        }
    }

    /// Its serial number, by which it can be revoked.
    pub(crate) fn numbered(self, serial: u64) -> Self {
        Self {
            serial: Some(serial),
            ..self
        }
    }

    /// It names a workload too.
    pub(crate) fn uri(self, uri: &'static str) -> Self {
        Self {
            uri: Some(uri),
            ..self
        }
    }

    /// It has so many days left, and a little.
    pub(crate) fn days_left(self, days: u64) -> Self {
        Self {
            days: Some(days),
            ..self
        }
    }

    /// Its common name; the file's name where nothing is said.
    pub(crate) fn called(self, name: &'static str) -> Self {
        Self {
            called: Some(name),
            ..self
        }
    }

    /// It was good until three days ago.
    pub(crate) fn expired(self) -> Self {
        Self {
            is_expired: true,
            ..self
        }
    }

    pub(crate) fn self_signed(self) -> Self {
        Self {
            is_self_signed: true,
            ..self
        }
    }
}

impl<'s> Authority<'s> {
    pub(crate) fn new(scratch: &'s Scratch) -> Self {
        Self::named(scratch, "authority")
    }

    /// One of several, in the file `NAME.pem`.
    pub(crate) fn named(scratch: &'s Scratch, name: &str) -> Self {
        let mut root = CertificateParams::new(Vec::new()).expect("no names are valid names");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.distinguished_name
            .push(DnType::CommonName, format!("Test {name}"));
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = root.self_signed(&key).expect("the authority signs itself");
        let file = scratch.write(&format!("{name}.pem"), &certificate.pem());
        Self {
            scratch,
            issuer: Issuer::new(root, key),
            file,
        }
    }

    /// The file of its own certificate.
    pub(crate) fn file(&self) -> &PathBuf {
        &self.file
    }

    /// Writes `NAME.pem` and `NAME.key`.
    pub(crate) fn issue(&self, name: &str, leaf: &Leaf) {
        let key = KeyPair::generate().expect("a key can be made");
        let mut params = CertificateParams::new(leaf.names.clone()).expect("the names are valid");
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, leaf.called.unwrap_or(name));
        if leaf.is_expired {
            params.not_before = in_days(-30).into();
            params.not_after = (in_days(-3) - HOUR).into();
        }
        if let Some(days) = leaf.days {
            params.not_after = (in_days(days.cast_signed()) + HOUR).into();
        }
        if leaf.is_authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params.serial_number = leaf.serial.map(SerialNumber::from);
        if let Some(uri) = leaf.uri {
            let uri = uri.try_into().expect("a URI is ASCII");
            params.subject_alt_names.push(SanType::URI(uri));
        }
        let certificate = match leaf.is_self_signed {
            true => params.self_signed(&key),
            false => params.signed_by(&key, &self.issuer),
        };
        let certificate = certificate.expect("it can be signed");
        // The key first: whoever sees the new certificate finds its key.
        self.scratch
            .write(&format!("{name}.key"), &key.serialize_pem());
        self.scratch
            .write(&format!("{name}.pem"), &certificate.pem());
    }

    /// Writes a list of revoked serial numbers, to be replaced in so many days, and gives its file.
    pub(crate) fn revoke(&self, file: &str, serials: &[u64], days: i64) -> PathBuf {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: in_days(-1).into(),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: in_days(-2).into(),
            next_update: in_days(days).into(),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).expect("it can be signed");
        let pem = list.pem().expect("it can be written as PEM");
        self.scratch.write(file, &pem)
    }

    /// The pin of a key that was issued.
    pub(crate) fn pin(&self, name: &str) -> String {
        let file = self.scratch.path().join(format!("{name}.key"));
        let pem = std::fs::read_to_string(file).expect("it is there");
        let key = KeyPair::from_pem(&pem).expect("it is a key");
        let digest = Sha256::digest(key.subject_public_key_info());
        format!("sha256/{}", STANDARD.encode(digest))
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// So many days from now, or ago.
fn in_days(days: i64) -> SystemTime {
    let day = Duration::from_secs(86_400 * days.unsigned_abs());
    match days < 0 {
        true => SystemTime::now() - day,
        false => SystemTime::now() + day,
    }
}

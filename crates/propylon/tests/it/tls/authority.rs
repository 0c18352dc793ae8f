//! A private authority and what it signs, made anew for each test.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use propylon_testkit::Scratch;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PublicKeyData};
use sha2::{Digest, Sha256};

/// Signs certificates, and keeps files in the test's folder.
pub(super) struct Authority<'s> {
    scratch: &'s Scratch,
    issuer: Issuer<'static, KeyPair>,
    file: PathBuf,
}

/// What a certificate is to say.
pub(super) struct Leaf {
    names: Vec<String>,
    called: Option<&'static str>,
    is_expired: bool,
    is_self_signed: bool,
}

impl Leaf {
    pub(super) fn of(names: &[&str]) -> Self {
        Self {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            called: None,
            is_expired: false,
            is_self_signed: false,
        }
    }

    /// Its common name; the file's name where nothing is said.
    pub(super) fn called(self, name: &'static str) -> Self {
        Self {
            called: Some(name),
            ..self
        }
    }

    /// It was good until three days ago.
    pub(super) fn expired(self) -> Self {
        Self {
            is_expired: true,
            ..self
        }
    }

    pub(super) fn self_signed(self) -> Self {
        Self {
            is_self_signed: true,
            ..self
        }
    }
}

impl<'s> Authority<'s> {
    pub(super) fn new(scratch: &'s Scratch) -> Self {
        let mut root = CertificateParams::new(Vec::new()).expect("no names are valid names");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.distinguished_name
            .push(DnType::CommonName, "Test authority");
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = root.self_signed(&key).expect("the authority signs itself");
        let file = scratch.write("authority.pem", &certificate.pem());
        Self {
            scratch,
            issuer: Issuer::new(root, key),
            file,
        }
    }

    /// The file of its own certificate.
    pub(super) fn file(&self) -> &PathBuf {
        &self.file
    }

    /// Writes `NAME.pem` and `NAME.key`.
    pub(super) fn issue(&self, name: &str, leaf: &Leaf) {
        let key = KeyPair::generate().expect("a key can be made");
        let mut params = CertificateParams::new(leaf.names.clone()).expect("the names are valid");
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, leaf.called.unwrap_or(name));
        if leaf.is_expired {
            let now = std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .expect("the clock is past 1970");
            let days = |days: u64| std::time::Duration::from_secs(days * 86_400 + 3600);
            let begin = rcgen::date_time_ymd(1970, 1, 1);
            params.not_before = begin + (now - days(30));
            params.not_after = begin + (now - days(3));
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

    /// The pin of a key that was issued.
    pub(super) fn pin(&self, name: &str) -> String {
        let file = self.scratch.path().join(format!("{name}.key"));
        let pem = std::fs::read_to_string(file).expect("it is there");
        let key = KeyPair::from_pem(&pem).expect("it is a key");
        let digest = Sha256::digest(key.subject_public_key_info());
        format!("sha256/{}", STANDARD.encode(digest))
    }
}

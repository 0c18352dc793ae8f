//! Certificates that an authority issues by itself (RFC 8555): which, from whom, and where they are kept.

use std::path::PathBuf;

/// How a listener's certificates are obtained and renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    /// The https URL that the authority is found at.
    pub directory: String,
    /// PEM: the roots the directory itself is verified by; `None` for those of the system.
    pub ca: Option<PathBuf>,
    /// Whom the authority may write to.
    pub contact: Option<String>,
    /// A certificate each; at least one, lowercase.
    pub domains: Vec<String>,
    /// How it is shown that they are ours.
    pub challenge: Challenge,
    /// The folder for the account and the certificates.
    pub storage: PathBuf,
}

/// How a domain is shown to be ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Challenge {
    /// A handshake on port 443 (RFC 8737).
    #[default]
    TlsAlpn01,
    /// A request on port 80 (RFC 8555, 8.3).
    Http01,
}

impl Acme {
    /// The directory when the file says nothing.
    pub const DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

    /// The folder of what this directory has given: a test's certificates are nobody else's.
    pub fn folder(&self) -> PathBuf {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        };
        let url = self.directory.trim_start_matches("https://");
        self.storage
            .join(url.chars().map(plain).collect::<String>())
    }

    /// The file of a domain's certificate, its key in the same file: both change in one step.
    pub fn file(&self, domain: &str) -> PathBuf {
        self.folder().join(format!("{domain}.pem"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_directory_has_a_folder_of_its_own() {
        let acme = |directory: &str| Acme {
            directory: directory.to_owned(),
            ca: None,
            contact: None,
            domains: Vec::new(),
            challenge: Challenge::default(),
            storage: "/var/lib/acme".into(),
        };
        assert_eq!(
            acme(Acme::DIRECTORY).file("a.example.com"),
            PathBuf::from("/var/lib/acme/acme-v02.api.letsencrypt.org-directory/a.example.com.pem")
        );
        assert_eq!(
            acme("https://127.0.0.1:14000/../dir").folder(),
            PathBuf::from("/var/lib/acme/127.0.0.1-14000-..-dir")
        );
    }
}

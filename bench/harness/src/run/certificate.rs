//! The certificate a peer shows: made afresh for each start, for the loopback address alone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// Certificate and key in the forms that products read.
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    /// Both in one file, as HAProxy reads them.
    pub(super) bundle: PathBuf,
}

impl Files {
    pub(super) fn of(folder: &Path) -> Self {
        Self {
            certificate: folder.join("server.pem"),
            key: folder.join("server.key"),
            bundle: folder.join("server.bundle"),
        }
    }

    pub(super) fn write(&self) -> anyhow::Result<()> {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])
            .context("cannot make a certificate")?;
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        fs::write(&self.bundle, format!("{certificate}{key}"))?;
        fs::write(&self.certificate, certificate)?;
        fs::write(&self.key, key)?;
        Ok(())
    }
}

//! Watches over the certificates of listeners: read again when their files change, and warned of before they expire.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use propylon_net::tls::{CertificateState, Reloaded};

use crate::tables::Tables;

/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
const WARN_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// A certificate with less life than this should have been renewed.
const LIFE_MIN: Duration = Duration::from_secs(21 * 24 * 60 * 60);

/// Watches for ever.
pub(crate) async fn watch(tables: Arc<Tables>) {
    let mut warned: Option<Instant> = None;
    loop {
        let mut is_changed = false;
        for (address, tls) in tables.all_tls() {
            match tls.reload() {
                Reloaded::Unchanged => {}
                Reloaded::Changed => {
                    is_changed = true;
                    tracing::info!(%address, "certificates read again");
                }
                Reloaded::Refused(error) => {
                    tracing::error!(%address, %error, "the old certificates stay");
                }
            }
        }
        if is_changed || warned.is_none_or(|at| at.elapsed() >= WARN_INTERVAL) {
            warned = Some(Instant::now());
            for (_, tls) in tables.all_tls() {
                tls.certificates().iter().for_each(warn);
            }
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// Says that a certificate has little life left, or none.
fn warn(certificate: &CertificateState) {
    let file = certificate.file.display();
    match certificate.not_after.duration_since(SystemTime::now()) {
        Err(_past) => tracing::error!(%file, "the certificate has expired"),
        Ok(left) if left < LIFE_MIN => {
            let days = left.as_secs() / (24 * 60 * 60);
            tracing::warn!(%file, days, "the certificate expires soon");
        }
        Ok(_) => {}
    }
}

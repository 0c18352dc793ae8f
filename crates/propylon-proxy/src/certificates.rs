//! Watches over the files of TLS: read again when they change, and warned of before a listener's certificate expires.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use propylon_net::tls::{CertificateState, Reloaded};

use crate::tables::Tables;

/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
const WARN_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// A certificate with less life than this should have been renewed; one that is issued by itself, with a quarter of its
/// whole life.
const LIFE_MIN: Duration = Duration::from_secs(21 * 24 * 60 * 60);

/// Watches for ever.
pub(crate) async fn watch(tables: Arc<Tables>) {
    let mut warned: Option<Instant> = None;
    loop {
        let mut is_changed = false;
        for (address, tls) in tables.all_tls() {
            is_changed |= say(&format!("listener {address}"), tls.reload());
        }
        for upstream in tables.upstreams.values() {
            if let Some(tls) = upstream.tls() {
                say(&format!("upstream {}", upstream.config.name), tls.reload());
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

/// Says what came of looking at files again. True where they are others now.
fn say(whose: &str, reloaded: Reloaded) -> bool {
    match reloaded {
        Reloaded::Unchanged => return false,
        Reloaded::Changed => tracing::info!("certificates read again: {whose}"),
        Reloaded::Refused(error) => {
            tracing::error!(%error, "the old certificates stay: {whose}");
            return false;
        }
    }
    true
}

/// Says that a certificate has little life left, or none.
fn warn(certificate: &CertificateState) {
    let file = certificate.file.display();
    match certificate.not_after.duration_since(SystemTime::now()) {
        Err(_past) => tracing::error!(%file, "the certificate has expired"),
        Ok(left) if left < life_min(certificate) => {
            let days = left.as_secs() / (24 * 60 * 60);
            tracing::warn!(%file, days, "the certificate expires soon");
        }
        Ok(_) => {}
    }
}

fn life_min(certificate: &CertificateState) -> Duration {
    let life = certificate.not_after.duration_since(certificate.not_before);
    match certificate.is_issued {
        true => life.unwrap_or_default() / 4,
        false => LIFE_MIN,
    }
}

//! The metrics of TLS: handshakes, and the life certificates have left.

use std::fmt::Error;
use std::sync::atomic::Ordering;
use std::time::UNIX_EPOCH;

use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::Metrics;
use super::collect::{counter, gauge};
use crate::tables::Tables;

pub(super) fn encode(
    metrics: &Metrics,
    tables: &Tables,
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), Error> {
    if tables.all_tls().next().is_none() {
        return Ok(());
    }
    let mut handshakes = encoder.encode_descriptor(
        "propylon_tls_handshakes",
        "TLS handshakes of clients",
        None,
        MetricType::Counter,
    )?;
    for (result, count) in [
        ("done", &metrics.tls_handshakes),
        ("failed", &metrics.tls_handshakes_failed),
    ] {
        counter(
            &mut handshakes,
            &[("result", result)],
            count.load(Ordering::Relaxed),
        )?;
    }
    let mut life = encoder.encode_descriptor(
        "propylon_tls_certificate_not_after_seconds",
        "When a certificate expires, in seconds since 1970",
        None,
        MetricType::Gauge,
    )?;
    for (address, tls) in tables.all_tls() {
        let listener = address.to_string();
        for certificate in tls.certificates() {
            let file = certificate.file.display().to_string();
            let since = certificate.not_after.duration_since(UNIX_EPOCH);
            let seconds = since.map_or(0, |since| since.as_secs());
            gauge(
                &mut life,
                &[("listener", &listener), ("file", &file)],
                seconds,
            )?;
        }
    }
    Ok(())
}

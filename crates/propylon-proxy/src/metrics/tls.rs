//! The metrics of what comes before a request: PROXY headers, handshakes, and the life certificates have left.

use std::fmt::Error;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

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
    encode_proxy_headers(metrics, tables, encoder)?;
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
    encode_orders(tables, encoder)?;
    encode_life(tables, encoder)
}

fn encode_orders(tables: &Tables, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    if !tables.issues_certificates() {
        return Ok(());
    }
    let mut orders = encoder.encode_descriptor(
        "propylon_acme_orders",
        "Certificates asked for by ACME",
        None,
        MetricType::Counter,
    )?;
    let state = &tables.acme;
    for (result, count) in [("issued", &state.issued), ("failed", &state.failed)] {
        let count = count.load(Ordering::Relaxed);
        counter(&mut orders, &[("result", result)], count)?;
    }
    Ok(())
}

fn encode_proxy_headers(
    metrics: &Metrics,
    tables: &Tables,
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), Error> {
    if !tables.has_balancers() {
        return Ok(());
    }
    let mut headers = encoder.encode_descriptor(
        "propylon_proxy_protocol_headers",
        "PROXY protocol headers of connections; refused ones were malformed, late, or of a stranger",
        None,
        MetricType::Counter,
    )?;
    for (result, count) in [
        ("taken", &metrics.proxy_headers),
        ("refused", &metrics.proxy_headers_refused),
    ] {
        let count = count.load(Ordering::Relaxed);
        counter(&mut headers, &[("result", result)], count)?;
    }
    Ok(())
}

fn encode_life(tables: &Tables, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    type Read = fn(SystemTime) -> u64;
    let gauges: [(&str, &str, Read); 2] = [
        (
            "propylon_tls_certificate_not_after_seconds",
            "When a certificate expires, in seconds since 1970",
            |end| seconds_between(UNIX_EPOCH, end),
        ),
        (
            "propylon_tls_certificate_days_left",
            "Whole days until a certificate expires; 0 once it has",
            |end| seconds_between(SystemTime::now(), end) / (24 * 60 * 60),
        ),
    ];
    for (name, help, read) in gauges {
        let mut life = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (address, tls) in tables.all_tls() {
            let listener = address.to_string();
            for certificate in tls.certificates() {
                let file = certificate.file.display().to_string();
                let labels = [("listener", &*listener), ("file", &*file)];
                gauge(&mut life, &labels, read(certificate.not_after))?;
            }
        }
    }
    Ok(())
}

/// None where the end came first.
fn seconds_between(start: SystemTime, end: SystemTime) -> u64 {
    end.duration_since(start).map_or(0, |left| left.as_secs())
}

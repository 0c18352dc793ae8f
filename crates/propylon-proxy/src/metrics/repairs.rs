//! What was done for sessions that were lost, and what is kept for that.

use std::fmt::Error;
use std::sync::atomic::Ordering;

use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::collect::{counter, gauge};
use crate::tables::Tables;

pub(super) fn encode(tables: &Tables, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let mut repairs = encoder.encode_descriptor(
        "propylon_session_repairs",
        "Lost sessions: answers whose status was made 404, sessions begun anew, and those that could not be",
        None,
        MetricType::Counter,
    )?;
    for (name, upstream) in &tables.upstreams {
        let done = &upstream.repairs;
        for (how, count) in [
            ("status", &done.statuses),
            ("reinitialized", &done.renewed),
            ("failed", &done.failed),
        ] {
            let labels = [("upstream", name.as_str()), ("how", how)];
            counter(&mut repairs, &labels, count.load(Ordering::Relaxed))?;
        }
    }
    let mut bytes = encoder.encode_descriptor(
        "propylon_handshake_bytes",
        "Room that kept handshakes take",
        None,
        MetricType::Gauge,
    )?;
    for (name, upstream) in &tables.upstreams {
        if let Some(handshakes) = upstream.handshakes() {
            gauge(&mut bytes, &[("upstream", name)], handshakes.bytes())?;
        }
    }
    Ok(())
}

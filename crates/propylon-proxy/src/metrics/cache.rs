//! What the shared caches have done.

use std::fmt::Error;

use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::collect::{counter, gauge};
use crate::cache::Cache;
use crate::tables::Tables;

pub(super) fn encode(tables: &Tables, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let caches: Vec<(&str, &Cache)> = tables
        .upstreams
        .iter()
        .filter_map(|(name, upstream)| Some((name.as_str(), &**upstream.cache()?)))
        .collect();
    let mut requests = encoder.encode_descriptor(
        "propylon_cache_requests",
        "Requests whose method has answers that are kept, by what the cache had for them",
        None,
        MetricType::Counter,
    )?;
    for (name, cache) in &caches {
        for (used, count) in cache.uses() {
            let labels = [("upstream", *name), ("result", used.name())];
            counter(&mut requests, &labels, count)?;
        }
    }
    let held: Vec<_> = caches
        .iter()
        .map(|(name, cache)| (*name, cache.holds()))
        .collect();
    let mut entries = encoder.encode_descriptor(
        "propylon_cache_entries",
        "Answers kept",
        None,
        MetricType::Gauge,
    )?;
    for (name, (answers, ..)) in &held {
        gauge(&mut entries, &[("upstream", *name)], *answers as u64)?;
    }
    let mut bytes = encoder.encode_descriptor(
        "propylon_cache_bytes",
        "Room the kept answers take",
        None,
        MetricType::Gauge,
    )?;
    for (name, (_, bytes_held, _)) in &held {
        gauge(&mut bytes, &[("upstream", *name)], *bytes_held)?;
    }
    let mut evictions = encoder.encode_descriptor(
        "propylon_cache_evictions",
        "Answers that left: too old, one too many, or changed",
        None,
        MetricType::Counter,
    )?;
    for (name, (.., evicted)) in &held {
        for (cause, count) in [
            ("expired", evicted.expired),
            ("crowded", evicted.crowded),
            ("invalidated", evicted.invalidated),
        ] {
            counter(
                &mut evictions,
                &[("upstream", *name), ("cause", cause)],
                count,
            )?;
        }
    }
    Ok(())
}

//! The counters as Prometheus reads them, gathered when they are asked for.

use std::fmt::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder};
use prometheus_client::metrics::MetricType;

use super::Histogram;
use crate::proxy::Shared;
use crate::reason::REASONS;
use crate::streams::StreamKind;
use crate::tables::Tables;
use crate::upstream::Upstream;
use crate::upstream::instance::Instance;

type Labels<'a, const N: usize> = [(&'static str, &'a str); N];
type NoLabels = [(&'static str, &'static str); 0];

impl Collector for Shared {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        let tables = self.tables();
        self.encode_process(&mut encoder)?;
        super::tls::encode(&self.metrics, &tables, &mut encoder)?;
        self.encode_routes(&mut encoder)?;
        self.encode_streams(&mut encoder)?;
        self.encode_refusals(&mut encoder)?;
        encode_affinity(&tables, &mut encoder)?;
        super::cache::encode(&tables, &mut encoder)?;
        encode_mirrored(&tables, &mut encoder)?;
        encode_diagnosed(&tables, &mut encoder)?;
        super::repairs::encode(&tables, &mut encoder)?;
        encode_instances(&tables, &mut encoder)
    }
}

impl Shared {
    fn encode_process(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let load = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        let counters = [
            (
                "propylon_connections",
                "Client connections accepted",
                load(&self.metrics.connections),
            ),
            (
                "propylon_handoffs",
                "Connections handed to a less loaded worker",
                load(&self.metrics.handoffs),
            ),
            (
                "propylon_reloads",
                "Configurations taken",
                load(&self.metrics.reloads),
            ),
            (
                "propylon_reloads_refused",
                "Configurations refused on reload",
                load(&self.metrics.reloads_refused),
            ),
            (
                "propylon_log_lines_dropped",
                "Access log lines lost to a log that is too slow or cannot be written",
                load(&self.metrics.log_lines_dropped) + self.log_lines_unwritten(),
            ),
            (
                "propylon_keepalive_comments",
                "Comments put into quiet event streams",
                load(&self.metrics.keepalive_comments),
            ),
        ];
        for (name, help, value) in counters {
            encoder
                .encode_descriptor(name, help, None, MetricType::Counter)?
                .encode_counter::<NoLabels, _, u64>(&value, None)?;
        }
        let mut open = encoder.encode_descriptor(
            "propylon_connections_open",
            "Client connections open, by worker",
            None,
            MetricType::Gauge,
        )?;
        for (index, count) in self.open_connections().enumerate() {
            let worker = index.to_string();
            gauge(&mut open, &[("worker", &worker)], count as u64)?;
        }
        encoder
            .encode_descriptor(
                "propylon_http2_streams_open",
                "Requests open on HTTP/2 connections of clients",
                None,
                MetricType::Gauge,
            )?
            .encode_gauge(&load(&self.metrics.http2_streams))?;
        let mut open = encoder.encode_descriptor(
            "propylon_streams_open",
            "Event streams open, by what they are for",
            None,
            MetricType::Gauge,
        )?;
        for kind in StreamKind::ALL {
            let count = self.streams.open(kind) as u64;
            gauge(&mut open, &[("kind", kind.name())], count)?;
        }
        Ok(())
    }

    fn encode_routes(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let routes = self.metrics.routes();
        let mut requests = encoder.encode_descriptor(
            "propylon_requests",
            "Exchanges, by route and the status the client saw",
            None,
            MetricType::Counter,
        )?;
        for route in &routes {
            for (status, count) in route.statuses() {
                let status = status.to_string();
                counter(
                    &mut requests,
                    &[("route", &route.name), ("status", &status)],
                    count,
                )?;
            }
        }
        for (name, help, read) in [
            (
                "propylon_events",
                "Events relayed",
                (|route| &route.events)
                    as fn(&super::RouteMetrics) -> &std::sync::atomic::AtomicU64,
            ),
            (
                "propylon_request_bytes",
                "Bytes of request bodies",
                |route| &route.request_bytes,
            ),
            (
                "propylon_response_bytes",
                "Bytes of response bodies",
                |route| &route.response_bytes,
            ),
        ] {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for route in &routes {
                counter(
                    &mut metric,
                    &[("route", &route.name)],
                    read(route).load(Ordering::Relaxed),
                )?;
            }
        }
        for (name, help, read) in [
            (
                "propylon_exchange_seconds",
                "Whole exchanges, streams included",
                (|route| &route.total) as fn(&super::RouteMetrics) -> &Histogram,
            ),
            (
                "propylon_response_head_seconds",
                "From the request's first byte sent to the response's head",
                |route| &route.head,
            ),
        ] {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
            for route in &routes {
                let (sum, count, buckets) = read(route).read();
                let labels: Labels<'_, 1> = [("route", &route.name)];
                metric
                    .encode_family(&labels)?
                    .encode_histogram::<NoLabels>(sum, count, &buckets, None)?;
            }
        }
        Ok(())
    }

    fn encode_streams(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let routes = self.metrics.routes();
        let mut streams = encoder.encode_descriptor(
            "propylon_streams",
            "Event streams that have ended, by what they were for",
            None,
            MetricType::Counter,
        )?;
        for route in &routes {
            for kind in StreamKind::ALL {
                let count = kind.of(&route.streams).load(Ordering::Relaxed);
                let labels = [("route", &*route.name), ("kind", kind.name())];
                counter(&mut streams, &labels, count)?;
            }
        }
        Ok(())
    }

    fn encode_refusals(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut refused = encoder.encode_descriptor(
            "propylon_refused",
            "Exchanges the proxy refused, failed or cut, by reason",
            None,
            MetricType::Counter,
        )?;
        for (row, count) in REASONS.iter().zip(&self.metrics.refused) {
            counter(
                &mut refused,
                &[("reason", row.id)],
                count.load(Ordering::Relaxed),
            )?;
        }
        Ok(())
    }
}

fn encode_affinity(tables: &Tables, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let stuck = || {
        tables
            .upstreams
            .iter()
            .filter_map(|(name, upstream)| Some((name, upstream.sessions()?)))
    };
    let mut entries = encoder.encode_descriptor(
        "propylon_affinity_entries",
        "Sessions and tasks remembered",
        None,
        MetricType::Gauge,
    )?;
    for (name, sessions) in stuck() {
        gauge(&mut entries, &[("upstream", name)], sessions.len() as u64)?;
    }
    let mut bytes = encoder.encode_descriptor(
        "propylon_affinity_bytes",
        "Room the remembered sessions and tasks take",
        None,
        MetricType::Gauge,
    )?;
    for (name, sessions) in stuck() {
        gauge(&mut bytes, &[("upstream", name)], sessions.bytes())?;
    }
    let mut evictions = encoder.encode_descriptor(
        "propylon_affinity_evictions",
        "Sessions and tasks forgotten: too old, or one too many",
        None,
        MetricType::Counter,
    )?;
    for (name, sessions) in stuck() {
        let evicted = sessions.evicted();
        for (cause, count) in [("expired", evicted.expired), ("crowded", evicted.crowded)] {
            counter(
                &mut evictions,
                &[("upstream", name), ("cause", cause)],
                count,
            )?;
        }
    }
    Ok(())
}

fn encode_mirrored(tables: &Tables, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let mut mismatches = encoder.encode_descriptor(
        "propylon_header_mismatches",
        "Requests whose mirrored headers were not what their body said, refused or not",
        None,
        MetricType::Counter,
    )?;
    for (name, upstream) in &tables.upstreams {
        let count = upstream.mirrored.mismatches.load(Ordering::Relaxed);
        counter(&mut mismatches, &[("upstream", name)], count)?;
    }
    let mut annotated = encoder.encode_descriptor(
        "propylon_annotated_tools",
        "Tools remembered because they want arguments mirrored",
        None,
        MetricType::Gauge,
    )?;
    for (name, upstream) in &tables.upstreams {
        let count = upstream.mirrored.len() as u64;
        gauge(&mut annotated, &[("upstream", name)], count)?;
    }
    Ok(())
}

fn encode_diagnosed(tables: &Tables, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let mut diagnosed = encoder.encode_descriptor(
        "propylon_diagnosed",
        "Answers that show a practice broken on the way to the server, by practice and sign",
        None,
        MetricType::Counter,
    )?;
    for (name, upstream) in &tables.upstreams {
        for (sign, count) in upstream.diagnosed.counts() {
            let labels = [
                ("upstream", name.as_str()),
                ("practice", sign.practice),
                ("sign", sign.id),
            ];
            counter(&mut diagnosed, &labels, count)?;
        }
    }
    Ok(())
}

fn encode_instances(tables: &Tables, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let instances: Vec<(&Upstream, Arc<Instance>)> = tables
        .upstreams
        .values()
        .flat_map(|upstream| {
            upstream
                .instances()
                .iter()
                .map(|instance| (&**upstream, Arc::clone(instance)))
                .collect::<Vec<_>>()
        })
        .collect();
    let labels = |upstream: &'_ Upstream, instance: &'_ Instance| {
        [
            ("upstream", upstream.config.name.clone()),
            ("instance", instance.name.clone()),
        ]
    };
    let mut healthy = encoder.encode_descriptor(
        "propylon_instance_available",
        "1 while new sessions may go to the instance",
        None,
        MetricType::Gauge,
    )?;
    for (upstream, instance) in &instances {
        let available = instance.is_available(std::time::Instant::now());
        healthy
            .encode_family(&labels(upstream, instance))?
            .encode_gauge(&u64::from(available))?;
    }
    let mut load = encoder.encode_descriptor(
        "propylon_instance_in_flight",
        "Exchanges under way",
        None,
        MetricType::Gauge,
    )?;
    for (upstream, instance) in &instances {
        load.encode_family(&labels(upstream, instance))?
            .encode_gauge(&instance.load())?;
    }
    let counted = [
        ("propylon_instance_connects", "Connections made"),
        (
            "propylon_instance_connect_failures",
            "Connections that could not be made",
        ),
        (
            "propylon_instance_reuses",
            "Exchanges on a connection that was kept",
        ),
    ];
    for (index, (name, help)) in counted.into_iter().enumerate() {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (upstream, instance) in &instances {
            let count = instance
                .connection_counts()
                .get(index)
                .copied()
                .unwrap_or_default();
            metric
                .encode_family(&labels(upstream, instance))?
                .encode_counter::<NoLabels, _, u64>(&count, None)?;
        }
    }
    Ok(())
}

pub(super) fn counter<const N: usize>(
    metric: &mut MetricEncoder<'_>,
    labels: &Labels<'_, N>,
    value: u64,
) -> Result<(), Error>
where
    for<'l> Labels<'l, N>: EncodeLabelSet,
{
    metric
        .encode_family(labels)?
        .encode_counter::<NoLabels, _, u64>(&value, None)
}

pub(super) fn gauge<const N: usize>(
    metric: &mut MetricEncoder<'_>,
    labels: &Labels<'_, N>,
    value: u64,
) -> Result<(), Error>
where
    for<'l> Labels<'l, N>: EncodeLabelSet,
{
    metric.encode_family(labels)?.encode_gauge(&value)
}

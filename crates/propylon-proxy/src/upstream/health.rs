//! Active health checks: a GET on the health path, never on the MCP endpoint.

use std::sync::Arc;

use propylon_config::Health;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::Upstream;
use super::dial::{Dialled, Raw};
use super::instance::Instance;

/// How checks call themselves.
const AGENT: &str = "propylon-health";

/// Counts answers in a row, and says when an instance changes sides.
#[derive(Debug, Default)]
struct Streak {
    good: u32,
    bad: u32,
}

/// Checks every instance of the upstream for ever, all of them side by side once an interval.
pub(crate) async fn watch(upstream: Arc<Upstream>, health: Health) {
    let mut streaks: Vec<(Arc<Instance>, Streak)> = Vec::new();
    let mut rounds = tokio::time::interval(health.interval);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        let instances = upstream.instances();
        streaks.retain(|(instance, _)| instances.contains(instance));
        for instance in instances.iter() {
            if !streaks.iter().any(|(known, _)| known == instance) {
                streaks.push((Arc::clone(instance), Streak::default()));
            }
        }
        let asked: Vec<_> = streaks
            .iter()
            .map(|(instance, _)| {
                let (upstream, instance) = (Arc::clone(&upstream), Arc::clone(instance));
                let health = health.clone();
                tokio::spawn(async move { ask(&upstream, &instance, &health).await })
            })
            .collect();
        for ((instance, streak), answer) in streaks.iter_mut().zip(asked) {
            let good = answer.await.unwrap_or(false);
            streak.count(good);
            judge(&upstream.config.name, instance, streak, &health);
        }
    }
}

impl Streak {
    fn count(&mut self, good: bool) {
        (self.good, self.bad) = if good {
            (self.good.saturating_add(1), 0)
        } else {
            (0, self.bad.saturating_add(1))
        };
    }
}

fn judge(upstream: &str, instance: &Instance, streak: &Streak, health: &Health) {
    let was = instance.is_healthy();
    let now = if was {
        streak.bad < health.fall
    } else {
        streak.good >= health.rise
    };
    if streak.good > 0 || was != now {
        instance.set_healthy(now);
    }
    if was != now {
        let instance = &instance.name;
        if now {
            tracing::info!(upstream, instance, "instance is healthy again");
        } else {
            tracing::warn!(
                upstream,
                instance,
                path = health.path,
                "instance failed its health checks"
            );
        }
    }
}

async fn ask(upstream: &Upstream, instance: &Instance, health: &Health) -> bool {
    tokio::time::timeout(health.timeout, answer(upstream, instance, health))
        .await
        .is_ok_and(|good| good.unwrap_or(false))
}

/// Whether the health path answers with a success or a redirect.
async fn answer(upstream: &Upstream, instance: &Instance, health: &Health) -> Option<bool> {
    let Dialled { io, is_http2, .. } = upstream.dial(instance).await.ok()?;
    let asked = (instance.name.as_str(), health.path.as_str());
    match (io, is_http2) {
        (Raw::Plain(stream), false) => answer_http1(stream, asked).await,
        (Raw::Tls(stream), false) => answer_http1(stream, asked).await,
        (Raw::Plain(stream), true) => answer_http2(stream, "http", asked).await,
        (Raw::Tls(stream), true) => answer_http2(stream, "https", asked).await,
    }
}

async fn answer_http1(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    (host, path): (&str, &str),
) -> Option<bool> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AGENT}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.ok()?;
    Some(start.starts_with(b"HTTP/1.") && matches!(start.get(9), Some(b'2' | b'3')))
}

async fn answer_http2(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    scheme: &str,
    (host, path): (&str, &str),
) -> Option<bool> {
    let request = http::Request::get(format!("{scheme}://{host}{path}"))
        .header("user-agent", AGENT)
        .body(())
        .ok()?;
    let (mut send, connection) = h2::client::handshake(stream).await.ok()?;
    let (response, _) = send.send_request(request, true).ok()?;
    let status = tokio::select! {
        response = response => response.ok()?.status(),
        _ = connection => return None,
    };
    Some(status.is_success() || status.is_redirection())
}

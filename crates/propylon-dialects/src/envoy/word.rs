//! Words as Envoy reads them: types of extensions, and times.

use std::time::Duration;

use propylon_config::Upstream;

/// A time as the JSON form of protocol buffers has it.
pub(super) fn time(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        millis => format!("{}.{millis:03}s", duration.as_secs()),
    }
}

/// The line that says what an extension's configuration is.
pub(super) fn kind(name: &str) -> String {
    format!("\"@type\": type.googleapis.com/{name}")
}

/// How long an exchange may be silent: Envoy has one time for both waits.
pub(super) fn silence(upstream: &Upstream) -> Duration {
    upstream.timeouts.idle.max(upstream.timeouts.response_head)
}

/// Asks the other side of an HTTP/2 connection for a sign of life.
pub(super) fn signs_of_life(apart: Duration) -> String {
    let apart = time(apart);
    format!("connection_keepalive: {{ interval: {apart}, timeout: {apart} }}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(time(Duration::from_secs(3600)), "3600s");
        assert_eq!(time(Duration::from_millis(1050)), "1.050s");
    }
}

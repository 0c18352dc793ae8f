//! Spellings that several products share: times, patterns, and the paths of health checks.

use std::time::Duration;

use propylon_config::Deployment;

/// A time as nginx, HAProxy and everything written in Go read it: `2h`, `10m`, `75s` or `250ms`.
pub(crate) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match duration.subsec_millis() {
        0 if seconds > 0 && seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        0 if seconds > 0 && seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        0 => format!("{seconds}s"),
        _ => format!("{}ms", duration.as_millis()),
    }
}

/// A text that a regular expression matches as it is.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// The pattern of a host as routes have it, where `*.` stands for exactly one label.
pub(crate) fn host_pattern(host: &str) -> String {
    match host.strip_prefix("*.") {
        Some(domain) => format!("^[^.]+\\.{}$", escaped(domain)),
        None => format!("^{}$", escaped(host)),
    }
}

/// The paths that listeners answer themselves, each once.
pub(crate) fn health_paths(deployment: &Deployment) -> Vec<&str> {
    let listeners = deployment.listeners.iter();
    let mut paths: Vec<&str> = listeners
        .filter_map(|listener| listener.health.as_deref())
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_patterns() {
        assert_eq!(time(Duration::from_secs(7200)), "2h");
        assert_eq!(time(Duration::from_secs(600)), "10m");
        assert_eq!(time(Duration::from_secs(75)), "75s");
        assert_eq!(time(Duration::from_millis(1500)), "1500ms");
        assert_eq!(escaped("[::1]:80/a.b"), r"\[::1\]:80/a\.b");
        assert_eq!(host_pattern("*.a.example"), r"^[^.]+\.a\.example$");
        assert_eq!(host_pattern("a.example"), r"^a\.example$");
    }
}

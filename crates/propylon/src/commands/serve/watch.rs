//! What a running proxy listens to: signals, and its file.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

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

/// A file and what was in it when it was last looked at.
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
    bytes: Option<Vec<u8>>,
}

/// How often the file is looked at. An editor writes a file in several steps: it is taken once two looks agree.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Starts to listen, to the file's changes too where there is one.
pub(super) fn start(file: Option<Watched>) -> std::io::Result<Receiver<Event>> {
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
        std::thread::Builder::new()
            .name("file".into())
            .spawn(move || file.watch(&sender))?;
    }
    Ok(events)
}

impl Watched {
    /// Looks for the first time: what is changed after that is noticed. A pipe has nothing to look at twice.
    pub(super) fn look(path: &Path) -> Option<Self> {
        let is_file = std::fs::metadata(path).is_ok_and(|found| found.is_file());
        is_file.then(|| Self {
            path: path.to_owned(),
            bytes: std::fs::read(path).ok(),
        })
    }

    /// Looks at the bytes themselves rather than for notices of the file system: those come for every line of a log in the
    /// same folder, and come not at all over a network; and a mounted ConfigMap changes through a link two folders away.
    fn watch(mut self, events: &Sender<Event>) {
        let mut last = None;
        loop {
            // invariant: the thread is there for this alone
            std::thread::sleep(LOOK_INTERVAL);
            let now = std::fs::read(&self.path).ok();
            if now.is_some() && now != self.bytes && now == last {
                self.bytes.clone_from(&now);
                if events.send(Event::Reload).is_err() {
                    return;
                }
            }
            last = now;
        }
    }
}

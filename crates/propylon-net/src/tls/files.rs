//! Whether files have changed since they were last read.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// Files, and what they were like when they were last read.
#[derive(Debug)]
pub(super) struct Watched {
    files: Vec<PathBuf>,
    stamps: Mutex<Vec<Stamp>>,
}

/// Enough of a file's metadata to see that it is another one.
type Stamp = Option<(SystemTime, u64)>;

impl Watched {
    /// To be made before the files are read: a change in between is seen again rather than missed.
    pub(super) fn new(files: Vec<PathBuf>) -> Self {
        let stamps = Mutex::new(stamps(&files));
        Self { files, stamps }
    }

    /// Whether they are other ones than when this was last asked.
    pub(super) fn have_changed(&self) -> bool {
        let now = stamps(&self.files);
        let mut known = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        let have_changed = *known != now;
        // A pair that is half written is looked at again when its other half changes.
        *known = now;
        have_changed
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |file: &Path| {
        let metadata = std::fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.iter().map(|file| stamp(file)).collect()
}

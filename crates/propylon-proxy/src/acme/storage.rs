//! Files that nobody else may read, each written in one step.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::trouble::Trouble;

/// Makes sure that a file can be written into this folder: what is issued and cannot be kept counts all the same.
pub(super) fn check(folder: &Path) -> Result<(), Trouble> {
    let probe = folder.join("writable");
    write_private(&probe, b"")?;
    std::fs::remove_file(&probe).map_err(|error| Trouble::file(&probe, &error))
}

/// Writes a file with the mode 0600, its folder too where there is none: whoever reads it sees the old or the new one whole.
pub(super) fn write_private(file: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    let write = || -> io::Result<()> {
        if let Some(folder) = file.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        let next = file.with_extension("new");
        // One that was left half written may have another mode.
        match std::fs::remove_file(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let mut opened = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&next)?;
        opened.write_all(bytes)?;
        opened.sync_all()?;
        std::fs::rename(&next, file)
    };
    write().map_err(|error| Trouble::file(file, &error))
}

//! Files with secrets in them: read whole, and judged by who else could.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file of secrets is a few lines.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// Anyone but the owner may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// Anyone at all may read. A group's members may: so are secrets handed to a container.
const READABLE_BY_ALL: u32 = 0o004;

/// What a file of secrets holds.
pub struct SecretFile {
    /// Its text.
    pub text: String,
    /// Whether every user of the machine may read it.
    pub is_readable_by_all: bool,
}

/// A file of secrets that is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It is not there, or not a file, or not text.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// Its mode, which lets others write it.
    #[error("may be written by others (mode {:04o}); chmod 0600 it", .0 & 0o7777)]
    Writable(u32),
}

/// Reads the file at `path`.
///
/// # Errors
/// One that cannot be read, or that others may write.
pub fn read_secret_file(path: &Path) -> Result<SecretFile, SecretFileError> {
    let metadata = path.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file").into());
    }
    let mode = metadata.mode();
    if mode & WRITABLE_BY_OTHERS != 0 {
        return Err(SecretFileError::Writable(mode));
    }
    let mut text = String::new();
    File::open(path)?
        .take(FILE_BYTES_MAX)
        .read_to_string(&mut text)?;
    Ok(SecretFile {
        text,
        is_readable_by_all: mode & READABLE_BY_ALL != 0,
    })
}

//! Puts files into a folder: all of them or none, and never over a file that is someone else's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use propylon_dialects::{File, MARKER};

use super::GenerateError;

/// Among how many of its first lines a file of ours says so.
const MARKED_LINES: usize = 3;

/// A file written under a name of its own, waiting for its place.
struct Staged {
    temporary: PathBuf,
    place: PathBuf,
}

/// Writes `files` into `folder`, which is made where it is not there.
pub(super) fn write(folder: &Path, files: &[File], force: bool) -> Result<(), GenerateError> {
    let places: Vec<PathBuf> = files.iter().map(|file| folder.join(&file.path)).collect();
    for place in &places {
        if !force && is_foreign(place)? {
            let path = place.clone();
            return Err(GenerateError::Foreign { path });
        }
    }
    let mut staged = Vec::new();
    for (file, place) in files.iter().zip(places) {
        match stage(file, place) {
            Ok(one) => staged.push(one),
            Err(error) => {
                discard(&staged);
                return Err(error);
            }
        }
    }
    // What can fail has been done: a rename within a folder that was just written to.
    for one in &staged {
        if let Err(error) = fs::rename(&one.temporary, &one.place) {
            discard(&staged);
            return Err(unwritable(&one.place)(error));
        }
    }
    Ok(())
}

/// Whether something is there that does not say it is ours.
fn is_foreign(place: &Path) -> Result<bool, GenerateError> {
    match fs::read(place) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            Ok(!text
                .lines()
                .take(MARKED_LINES)
                .any(|line| line.contains(MARKER)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(unwritable(place)(error)),
    }
}

fn stage(file: &File, place: PathBuf) -> Result<Staged, GenerateError> {
    let folder = place.parent().unwrap_or(Path::new(".")).to_owned();
    fs::create_dir_all(&folder).map_err(unwritable(&folder))?;
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}", std::process::id()));
    let one = Staged { temporary, place };
    let written = fs::write(&one.temporary, &file.text)
        .and_then(|()| set_mode(&one.temporary, file.is_executable));
    if let Err(error) = written {
        let _ = fs::remove_file(&one.temporary);
        return Err(unwritable(&one.place)(error));
    }
    Ok(one)
}

#[cfg(unix)]
fn set_mode(path: &Path, is_executable: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = fs::metadata(path)?.permissions();
    if is_executable {
        permissions.set_mode(permissions.mode() | 0o111);
    }
    fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: bool) -> io::Result<()> {
    Ok(())
}

fn discard(staged: &[Staged]) {
    for one in staged {
        let _ = fs::remove_file(&one.temporary);
    }
}

fn unwritable(path: &Path) -> impl Fn(io::Error) -> GenerateError {
    let path = path.to_owned();
    move |error| GenerateError::Unwritable {
        path: path.clone(),
        error,
    }
}

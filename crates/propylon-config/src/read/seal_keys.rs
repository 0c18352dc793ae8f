//! Reads the key file of the sealed store, and judges who else could.

use crate::model::seal_keys::SealKeys;
use crate::model::upstream::{Affinity, AffinityBy, Store};
use crate::problem::Problem;
use crate::secret_file::{SecretFileError, read_secret_file};
use crate::section::{Placed, Section};

/// The keys that `key_file` names; `None` where none are needed or something is wrong, which is reported.
pub(super) fn read(section: &Section<'_>, affinity: &Affinity) -> Option<SealKeys> {
    let file = section.read_file("key_file");
    let warn = |summary| {
        let problem = Problem::warning(&section.path.shown, summary);
        section.report.add(problem.at(section.position));
    };
    match (affinity.store, file) {
        (Store::Memory, None) => None,
        (Store::Memory, Some(_)) => {
            warn("`key_file` is of no use without `store: sealed`");
            None
        }
        (Store::Sealed, _) if affinity.by == AffinityBy::None => {
            warn("`by: none` holds no sessions, so there is nothing to seal");
            None
        }
        (Store::Sealed, None) => {
            let missing = Problem::error(
                &section.path.join("key_file").shown,
                "the sealed store needs a key, and `key_file` is missing",
            );
            section.report.add(missing.at(section.position).suggest(
                "make one with `(umask 077; openssl rand -hex 32 > session.key)`, the same for all replicas, and write `key_file: ./session.key`",
            ));
            None
        }
        (Store::Sealed, Some(file)) => keys_of(section, &file),
    }
}

fn keys_of(section: &Section<'_>, file: &Placed<std::path::PathBuf>) -> Option<SealKeys> {
    let report = |problem: Problem| section.report.add(problem.at(file.position));
    let error = |summary: String| Problem::error(&file.key, summary);
    let read = match read_secret_file(&file.value) {
        Ok(read) => read,
        Err(SecretFileError::Unreadable(problem)) => {
            report(error(format!("the key file cannot be read: {problem}")));
            return None;
        }
        Err(SecretFileError::Writable(mode)) => {
            let problem =
                error("others may write the key file, and so forge session ids".to_owned());
            report(
                problem
                    .found(format!("mode {:04o}", mode & 0o7777))
                    .suggest("chmod 0600 it"),
            );
            return None;
        }
    };
    if read.is_readable_by_all {
        let summary = "every user of this machine may read the key file";
        report(Problem::warning(&file.key, summary).suggest("chmod 0600 it"));
    }
    let keys = SealKeys::parse(&read.text);
    let wrong = keys.as_ref().err().copied();
    if let Some(wrong) = wrong {
        let problem = error(format!("the key file is not usable: {wrong}"));
        report(problem.suggest("write one key a line; `openssl rand -hex 32` makes one"));
    }
    keys.ok()
}

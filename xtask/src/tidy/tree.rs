//! The files of the work tree that are tracked or about to be, read once.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use super::source::Source;

/// Every text file, sorted by path.
pub(super) struct Tree {
    pub(super) files: Vec<TextFile>,
}

/// One text file.
pub(super) struct TextFile {
    /// From the workspace's root, with forward slashes.
    pub(super) path: String,
    pub(super) text: String,
    /// What the file says as Rust, when it is that and parses.
    pub(super) source: Option<Source>,
}

impl Tree {
    /// Reads what git tracks and what it would add; a file that is not text is left out.
    pub(super) fn load(root: &Path) -> anyhow::Result<Self> {
        let listed = Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(root)
            .output()
            .context("cannot run git")?;
        ensure!(
            listed.status.success(),
            "git cannot list the files of {}",
            root.display()
        );
        let listed = String::from_utf8(listed.stdout).context("a file name is not UTF-8")?;
        let mut paths: Vec<&str> = listed.split_terminator('\0').collect();
        paths.sort_unstable();
        paths.dedup();
        let texts = paths.into_iter().filter_map(|path| {
            let bytes = fs::read(root.join(path)).ok()?;
            Some((path.to_owned(), String::from_utf8(bytes).ok()?))
        });
        Ok(Self::of(texts))
    }

    /// A tree of the given paths and texts.
    pub(super) fn of(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let files = files.into_iter().map(|(path, text)| {
            let source = path
                .ends_with(".rs")
                .then(|| Source::parse(&text))
                .flatten();
            TextFile { path, text, source }
        });
        let mut files: Vec<TextFile> = files.collect();
        super::source::mark_tests(&mut files);
        Self { files }
    }

    /// The Rust files.
    pub(super) fn rust(&self) -> impl Iterator<Item = &TextFile> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// The file at exactly this path.
    pub(super) fn file(&self, path: &str) -> Option<&TextFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether a file or a folder with files is there.
    pub(super) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        let inside = |file: &TextFile| file.path == path || file.path.starts_with(&folder);
        self.files.iter().any(inside)
    }
}

/// A tree for a test of a check.
#[cfg(test)]
pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
    Tree::of(
        files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned())),
    )
}

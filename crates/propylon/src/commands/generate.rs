//! `propylon generate`: another product's configuration from a description, and what it cannot hold.

mod folder;
mod matrix;
mod place;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use propylon_config::{Deployment, Loaded};
use propylon_dialects::{Emission, File, Options, Target};

use super::CommandError;
use crate::args::generate::Generate;
use crate::terminal::{self, Look, WARNING};

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GenerateError {
    /// Nothing says what to serve.
    #[error(
        "there is nothing to write for: give a description with -c propylon.yaml, or the server's URL with --upstream"
    )]
    NothingToServe,
    /// A file of that name is someone else's.
    #[error("{} was not written by this command; nothing was written. Give another folder, or replace it with --force", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The folder cannot be written into.
    #[error("{}: {error}; nothing was written", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
}

/// Writes the files, the report or the matrix.
pub(crate) fn run(args: &Generate) -> Result<ExitCode, CommandError> {
    // clap has seen to it that one of them is there.
    let Some(target) = args.target.filter(|_| !args.matrix) else {
        let chosen: Vec<_> = match args.target {
            Some(target) => vec![target],
            None => propylon_dialects::TARGETS.to_vec(),
        };
        terminal::print(&matrix::write(&chosen, args.format, Look::of_stdout()))?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut loaded = load(args)?;
    place::in_full(&mut loaded.deployment);
    for warning in &loaded.warnings {
        anstream::eprintln!("{warning}");
    }
    let options = Options {
        written: loaded.written,
        nginx: args.nginx_version,
    };
    let emission = target.generate(&loaded.deployment, &options);
    if let Some(folder) = &args.output {
        folder::write(folder, &emission.files, args.force)?;
    }
    if args.report {
        terminal::print(&report::write(
            target,
            &emission,
            args.format,
            Look::of_stdout(),
        ))?;
    } else {
        warn(target, &emission);
        match &args.output {
            Some(folder) => anstream::eprintln!("{}", farewell(target, &emission, folder)),
            None => terminal::print(&joined(&emission.files))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn load(args: &Generate) -> Result<Loaded, CommandError> {
    let loaded = match &args.config {
        Some(path) => propylon_config::load_file(path),
        None if args.upstream.is_empty() => return Err(GenerateError::NothingToServe.into()),
        None => {
            let urls: Vec<_> = args.upstream.iter().map(String::as_str).collect();
            Deployment::from_flags(&args.listen, &urls, None)
        }
    };
    Ok(loaded?)
}

/// Settings that are lost are said at once; what the product cannot hold stands in the file and in the report.
fn warn(target: &Target, emission: &Emission) {
    for warning in &emission.warnings {
        anstream::eprintln!(
            "{WARNING}warning{WARNING:#}: {} is not in the files for {}: {}",
            warning.setting,
            target.title(),
            warning.why
        );
    }
}

fn farewell(target: &Target, emission: &Emission, folder: &std::path::Path) -> String {
    let names: Vec<_> = emission.files.iter().map(|file| &*file.path).collect();
    let gaps = match emission.gaps.len() {
        0 => String::new(),
        1 => "\n1 practice does not hold; --report says which".to_owned(),
        count => format!("\n{count} practices do not hold; --report says which"),
    };
    format!(
        "wrote {} into {}\nrun it from there: {}{gaps}",
        names.join(", "),
        folder.display(),
        target.run
    )
}

/// One file as it is; several with a line before each that names it.
fn joined(files: &[File]) -> String {
    if let [file] = files {
        return file.text.clone();
    }
    let parts: Vec<_> = files
        .iter()
        .map(|file| format!("==> {} <==\n{}", file.path, file.text))
        .collect();
    parts.join("\n")
}

//! How the program speaks to a person: colours where they are wanted, errors in one shape.

use anstyle::{AnsiColor, Style};

use crate::commands::CommandError;

/// The style of an error's first word.
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Obeys `--color`; without it, the terminal and NO_COLOR decide.
pub(crate) fn choose_colour(choice: clap::ColorChoice) {
    match choice {
        clap::ColorChoice::Auto => {}
        clap::ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        clap::ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// Says what went wrong.
pub(crate) fn complain(error: &CommandError) {
    let text = error.to_string();
    if text.starts_with("error") {
        anstream::eprintln!("{text}");
    } else {
        anstream::eprintln!("{ERROR}error{ERROR:#}: {text}");
    }
}

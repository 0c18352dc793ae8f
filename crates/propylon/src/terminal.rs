//! How the program speaks to a person: colours where they are wanted, errors in one shape.

pub(crate) mod inline;
pub(crate) mod page;

use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};

use crate::commands::CommandError;

/// The style of an error's first word, and of what does not hold.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The style of what holds.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// The style of a warning's first word.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
/// The style of headings and of the words being explained.
pub(crate) const HEADING: Style = Style::new().bold();
/// The style of code, keys and addresses.
pub(crate) const CODE: Style = AnsiColor::Cyan.on_default();
/// The style of what matters less.
pub(crate) const QUIET: Style = Style::new().dimmed();

/// Narrower than this, nothing can be laid out.
const COLUMNS_MIN: usize = 40;
/// Wider than this, lines are hard to follow.
const COLUMNS_MAX: usize = 100;
/// Where there is no terminal to ask.
const COLUMNS_USUAL: usize = 80;

/// What the reader's end can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Columns a line may take.
    pub(crate) columns: usize,
    /// Whether styles are shown; where not, code keeps its marks.
    pub(crate) colour: bool,
}

impl Look {
    /// The look of standard output.
    pub(crate) fn of_stdout() -> Self {
        let stdout = io::stdout();
        let colour = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
        let size = stdout
            .is_terminal()
            .then(|| rustix::termios::tcgetwinsize(&stdout));
        let columns = size
            .and_then(Result::ok)
            .map_or(COLUMNS_USUAL, |size| usize::from(size.ws_col));
        Self {
            columns: columns.clamp(COLUMNS_MIN, COLUMNS_MAX),
            colour,
        }
    }

    /// The text in this style, where styles are shown.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        let mut painted = String::new();
        if self.colour {
            // Writing to a String cannot fail.
            let _ = write!(painted, "{style}{text}{style:#}");
        } else {
            painted.push_str(text);
        }
        painted
    }
}

/// Obeys `--color`; without it, the terminal and NO_COLOR decide.
pub(crate) fn choose_colour(choice: clap::ColorChoice) {
    match choice {
        clap::ColorChoice::Auto => {}
        clap::ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        clap::ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// Writes to standard output. A reader that has seen enough, such as `head`, is no error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
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

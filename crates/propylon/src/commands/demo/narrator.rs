//! Tells the walk as it happens: steps, what was sent and came back, and what held.

use std::io::IsTerminal as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::terminal::inline::wrap;
use crate::terminal::{self, ERROR, GOOD, HEADING, Look, QUIET};

/// A person needs a moment between two steps; a file does not.
const PACE: Duration = Duration::from_millis(700);

/// Each instance keeps one colour through the whole walk.
const INSTANCE_STYLES: [Style; 3] = [
    AnsiColor::Cyan.on_default(),
    AnsiColor::Magenta.on_default(),
    AnsiColor::Yellow.on_default(),
];

/// Prints line by line and keeps the count of what held.
pub(super) struct Narrator {
    look: Look,
    pace: Duration,
    step: usize,
    held: usize,
    broken: usize,
}

impl Narrator {
    pub(super) fn new() -> Self {
        let pace = if std::io::stdout().is_terminal() {
            PACE
        } else {
            Duration::ZERO
        };
        Self {
            look: Look::of_stdout(),
            pace,
            step: 0,
            held: 0,
            broken: 0,
        }
    }

    pub(super) fn look(&self) -> Look {
        self.look
    }

    /// How many claims held, and how many did not.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.held, self.broken)
    }

    /// Begins a step.
    pub(super) async fn step(&mut self, title: &str) {
        tokio::time::sleep(self.pace).await;
        self.step += 1;
        let number = self.look.paint(QUIET, &format!("{}.", self.step));
        let title = self.look.paint(HEADING, title);
        self.print(&format!("\n{number} {title}\n"));
    }

    /// A sentence or two.
    pub(super) fn say(&self, text: &str) {
        self.print(&wrap(text, self.look, "   ", "   "));
    }

    /// What goes to the proxy.
    pub(super) fn sent(&self, text: &str) {
        self.arrow(">", text);
    }

    /// What comes back.
    pub(super) fn got(&self, text: &str) {
        self.arrow("<", text);
    }

    /// A line as it is.
    pub(super) fn line(&self, text: &str) {
        self.print(&format!("     {text}\n"));
    }

    /// A claim, and whether it held.
    pub(super) fn check(&mut self, holds: bool, claim: &str) {
        let (mark, style) = if holds { ("✓", GOOD) } else { ("✗", ERROR) };
        let text = wrap(claim, self.look, "   ✓ ", "     ");
        self.print(&text.replacen('✓', &self.look.paint(style, mark), 1));
        if holds {
            self.held += 1;
        } else {
            self.broken += 1;
        }
    }

    /// The name of an instance, in its colour.
    pub(super) fn instance(&self, name: &str) -> String {
        let known = super::stage::NAMES
            .iter()
            .zip(INSTANCE_STYLES)
            .find(|(known, _)| **known == name);
        known.map_or_else(
            || name.to_owned(),
            |(_, style)| self.look.paint(style, name),
        )
    }

    /// Prints; whoever closed the other end has seen enough, and the walk goes on for its result.
    pub(super) fn print(&self, text: &str) {
        let _ = terminal::print(text);
    }

    fn arrow(&self, mark: &str, text: &str) {
        let mark = self.look.paint(QUIET, mark);
        self.print(&format!("   {mark} {text}\n"));
    }
}

//! What is under way: bars where somebody watches, plain lines where nobody does.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::rc::Rc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use propylon_check::Progress;
use propylon_practices::Verdict;

/// Shows a run while it goes on.
#[derive(Clone)]
pub(super) struct Live(Rc<Inner>);

struct Inner {
    /// None where standard error is no terminal.
    bars: Option<MultiProgress>,
    running: RefCell<BTreeMap<&'static str, ProgressBar>>,
    total: RefCell<Option<ProgressBar>>,
}

impl Live {
    pub(super) fn new() -> Self {
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        Self(Rc::new(Inner {
            bars,
            running: RefCell::default(),
            total: RefCell::default(),
        }))
    }

    pub(super) fn show(&self, progress: &Progress) {
        match &self.0.bars {
            Some(bars) => self.draw(bars, progress),
            None => say(progress),
        }
    }

    /// Takes everything off the screen.
    pub(super) fn clear(&self) {
        for (_, bar) in std::mem::take(&mut *self.0.running.borrow_mut()) {
            bar.finish_and_clear();
        }
        if let Some(total) = self.0.total.borrow_mut().take() {
            total.finish_and_clear();
        }
    }

    fn draw(&self, bars: &MultiProgress, progress: &Progress) {
        match progress {
            Progress::Warned { .. } => say(progress),
            Progress::Begun { subject, checks } => {
                let total = bars.add(ProgressBar::new(u64::try_from(*checks).unwrap_or(u64::MAX)));
                total.set_style(style("{pos}/{len} checks  {wide_msg}"));
                total.set_message(subject.clone());
                *self.0.total.borrow_mut() = Some(total);
            }
            Progress::Started { id, waits } => {
                let bar = match waits {
                    Some(waits) => {
                        let bar = ProgressBar::new(waits.as_secs());
                        bar.set_style(style("  {msg} waits {elapsed} of {len} s"));
                        bar
                    }
                    None => {
                        let bar = ProgressBar::new_spinner();
                        bar.set_style(style("  {spinner} {msg} {elapsed}"));
                        bar
                    }
                };
                let bar = bars.add(bar);
                bar.set_message(*id);
                bar.enable_steady_tick(Duration::from_millis(200));
                self.0.running.borrow_mut().insert(id, bar);
            }
            Progress::Finished {
                id,
                verdict,
                summary,
            } => {
                if let Some(bar) = self.0.running.borrow_mut().remove(id) {
                    bar.finish_and_clear();
                }
                if let Some(total) = self.0.total.borrow().as_ref() {
                    total.inc(1);
                }
                if *verdict == Verdict::Fail {
                    let _ = bars.println(format!("fail {id}: {summary}"));
                }
            }
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn say(progress: &Progress) {
    match progress {
        Progress::Warned { what } => anstream::eprintln!("\u{1b}[1;31mwarning\u{1b}[0m {what}"),
        Progress::Begun { subject, checks } => anstream::eprintln!("{checks} checks; {subject}"),
        Progress::Started {
            id,
            waits: Some(waits),
        } => anstream::eprintln!("{id} waits {} s", waits.as_secs()),
        Progress::Started { .. } => {}
        Progress::Finished {
            id,
            verdict,
            summary,
        } => anstream::eprintln!("{} {id}: {summary}", verdict.as_str()),
    }
}

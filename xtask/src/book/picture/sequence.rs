//! Who says what to whom, from top to bottom.

use super::{Anchor, Canvas, WIDTH};

/// Actors side by side, and what passes between them.
pub(super) struct Sequence {
    pub(super) actors: &'static [&'static str],
    pub(super) steps: &'static [Step],
}

/// One line of it. Actors are counted from 0.
pub(super) enum Step {
    /// A message, with its text above.
    Says(usize, usize, &'static str),
    /// The same, broken: it does not arrive as it should.
    Fails(usize, usize, &'static str),
    /// A remark across the whole width.
    Note(&'static str),
}

const TOP: usize = 40;
const STEP: usize = 38;
const NOTE: usize = 30;

impl Sequence {
    pub(super) fn draw(&self, canvas: &mut Canvas) {
        let height = self.steps.iter().map(Step::height).sum::<usize>() + TOP + 24;
        canvas.height = height;
        for (index, actor) in self.actors.iter().enumerate() {
            let x = self.x(index);
            canvas.line((x, TOP - 8), (x, height - 8), "life");
            canvas.text(x, 20, Anchor::Middle, "actor", actor);
        }
        let mut y = TOP;
        for step in self.steps {
            y += step.height();
            match *step {
                Step::Says(from, to, text) => self.message(canvas, (from, to), y, "says", text),
                Step::Fails(from, to, text) => self.message(canvas, (from, to), y, "fails", text),
                Step::Note(text) => {
                    canvas.rect((8, y - 20), (WIDTH - 16, 24), "note");
                    canvas.text(WIDTH / 2, y - 4, Anchor::Middle, "remark", text);
                }
            }
        }
    }

    fn message(
        &self,
        canvas: &mut Canvas,
        ends: (usize, usize),
        y: usize,
        class: &str,
        text: &str,
    ) {
        let (from, to) = (self.x(ends.0), self.x(ends.1));
        canvas.line((from, y), (to, y), class);
        canvas.head(to, y, from < to);
        canvas.text(from.midpoint(to), y - 7, Anchor::Middle, class, text);
    }

    fn x(&self, actor: usize) -> usize {
        let room = WIDTH / self.actors.len().max(1);
        room * actor + room / 2
    }
}

impl Step {
    fn height(&self) -> usize {
        match self {
            Self::Says(..) | Self::Fails(..) => STEP,
            Self::Note(_) => NOTE,
        }
    }
}

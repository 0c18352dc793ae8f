//! What goes on at which time, row by row.

use super::{Anchor, Canvas, WIDTH};

/// Rows over one scale of time.
pub(super) struct Timeline {
    /// The end of the scale, in seconds.
    pub(super) end: usize,
    /// Where a mark with its time stands.
    pub(super) ticks: &'static [usize],
    pub(super) rows: &'static [Row],
}

/// One row.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) spans: &'static [Span],
}

/// Something that lasts, from and to in seconds.
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) class: &'static str,
    pub(super) text: &'static str,
}

const LEFT: usize = 170;
const ROW: usize = 34;
const TOP: usize = 16;

impl Timeline {
    pub(super) fn draw(&self, canvas: &mut Canvas) {
        let bottom = TOP + ROW * self.rows.len();
        canvas.height = bottom + 30;
        for &tick in self.ticks {
            let x = self.x(tick);
            canvas.line((x, TOP), (x, bottom), "tick");
            canvas.text(
                x,
                bottom + 18,
                Anchor::Middle,
                "scale",
                &format!("{tick} s"),
            );
        }
        for (index, row) in self.rows.iter().enumerate() {
            let y = TOP + ROW * index;
            canvas.text(LEFT - 10, y + 20, Anchor::End, "name", row.name);
            for span in row.spans {
                let (from, to) = (self.x(span.from), self.x(span.to));
                canvas.rect((from, y + 4), ((to - from).max(3), ROW - 10), span.class);
                canvas.text(from + 6, y + 20, Anchor::Start, "inside", span.text);
            }
        }
    }

    fn x(&self, seconds: usize) -> usize {
        LEFT + seconds * (WIDTH - LEFT - 30) / self.end.max(1)
    }
}

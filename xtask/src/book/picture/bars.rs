//! Limits beside each other on a scale of powers: seconds and hours in one picture.

use super::{Anchor, Canvas, WIDTH};

/// Limits, the first one that strikes is the one that counts.
pub(super) struct Bars {
    pub(super) rows: &'static [Bar],
    /// A time to compare with, and what it is.
    pub(super) mark: (u32, &'static str),
}

/// One limit.
pub(super) struct Bar {
    pub(super) name: &'static str,
    pub(super) seconds: u32,
    pub(super) class: &'static str,
    pub(super) text: &'static str,
}

const LEFT: usize = 250;
const ROW: usize = 32;
const TOP: usize = 30;
/// The scale begins at this many seconds and spans so many powers of ten.
const LEAST: f64 = 1.0;
const POWERS: f64 = 4.6;

impl Bars {
    pub(super) fn draw(&self, canvas: &mut Canvas) {
        let bottom = TOP + ROW * self.rows.len();
        canvas.height = bottom + 14;
        for (index, bar) in self.rows.iter().enumerate() {
            let y = TOP + ROW * index;
            let x = x(bar.seconds);
            canvas.text(LEFT - 10, y + 20, Anchor::End, "name", bar.name);
            canvas.rect((LEFT, y + 4), (x - LEFT, ROW - 10), bar.class);
            canvas.text(LEFT + 8, y + 20, Anchor::Start, "inside", bar.text);
        }
        let (seconds, text) = self.mark;
        canvas.line((x(seconds), TOP - 6), (x(seconds), bottom), "mark");
        canvas.text(x(seconds), TOP - 12, Anchor::Middle, "remark", text);
    }
}

fn x(seconds: u32) -> usize {
    let power = (f64::from(seconds).max(LEAST) / LEAST).log10() / POWERS;
    let room = (WIDTH - LEFT - 10) as f64;
    LEFT + (power.min(1.0) * room).round() as usize
}

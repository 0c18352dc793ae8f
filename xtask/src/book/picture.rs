//! The book's pictures: SVG written from small tables, in the page's own colours, so that they are read in the dark too.

mod bars;
mod sequence;
mod table;
mod timeline;

use anyhow::Context;

use super::page::escape;

/// Width of every picture in its own units; the page scales it.
const WIDTH: usize = 760;

/// What a picture shows.
enum Shape {
    Sequence(sequence::Sequence),
    Timeline(timeline::Timeline),
    Bars(bars::Bars),
}

/// A picture by its name.
struct Picture {
    name: &'static str,
    /// What it shows, for those who do not see it.
    title: &'static str,
    shape: Shape,
}

/// The picture called `name`, as one block of HTML.
pub(super) fn svg(name: &str) -> anyhow::Result<String> {
    let picture = table::PICTURES
        .iter()
        .find(|picture| picture.name == name)
        .with_context(|| format!("no picture {name}"))?;
    let mut canvas = Canvas::default();
    match &picture.shape {
        Shape::Sequence(sequence) => sequence.draw(&mut canvas),
        Shape::Timeline(timeline) => timeline.draw(&mut canvas),
        Shape::Bars(bars) => bars.draw(&mut canvas),
    }
    let (title, height) = (escape(picture.title), canvas.height);
    Ok(format!(
        "<figure class=\"picture\" tabindex=\"0\"><svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\">\n{}</svg>\
         <figcaption>{title}</figcaption></figure>\n",
        canvas.body
    ))
}

/// What has been drawn so far.
#[derive(Default)]
struct Canvas {
    body: String,
    height: usize,
}

/// Where a text stands to its point.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

impl Canvas {
    fn text(&mut self, x: usize, y: usize, anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.body.push_str(&format!(
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" class=\"{class}\">{}</text>\n",
            escape(text)
        ));
    }

    fn line(&mut self, (x1, y1): (usize, usize), (x2, y2): (usize, usize), class: &str) {
        self.body.push_str(&format!(
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" class=\"{class}\"/>\n"
        ));
    }

    fn rect(&mut self, (x, y): (usize, usize), (width, height): (usize, usize), class: &str) {
        self.body.push_str(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"3\" class=\"{class}\"/>\n"
        ));
    }

    /// A head for an arrow that ends at `x`, coming from the left or the right.
    fn head(&mut self, x: usize, y: usize, from_left: bool) {
        let back = if from_left { x - 8 } else { x + 8 };
        self.body.push_str(&format!(
            "<path d=\"M{back} {} L{x} {y} L{back} {} Z\" class=\"head\"/>\n",
            y - 4,
            y + 4
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_is_drawn_within_its_frame() {
        for picture in table::PICTURES {
            let drawn = svg(picture.name).expect("it is drawn");
            assert!(
                !drawn.contains("\n\n"),
                "{}: a blank line ends HTML",
                picture.name
            );
            for part in drawn.split(" x=\"").skip(1) {
                let x: usize = part.split('"').next().unwrap().parse().expect("a number");
                assert!(x <= WIDTH, "{}: {x}", picture.name);
            }
        }
    }

    #[test]
    fn pictures_are_sorted() {
        assert!(table::PICTURES.is_sorted_by(|a, b| a.name < b.name));
    }
}

//! Running text of a page: its code, emphasis and links shown, and its words laid out in lines.

use anstyle::{Effects, Style};

use super::{CODE, HEADING, Look};

/// A word as it is written, and the columns it takes.
#[derive(Debug, PartialEq, Eq)]
struct Word {
    text: String,
    columns: usize,
}

/// Lays `text` out in lines of at most the look's columns; the first line begins with `first`,
/// the others with `rest`, which are both plain. A word longer than a line stands alone on it.
pub(crate) fn wrap(text: &str, look: Look, first: &str, rest: &str) -> String {
    let mut out = first.to_owned();
    let mut at = first.chars().count();
    let mut is_line_start = true;
    for word in words(text, look) {
        if !is_line_start && at + 1 + word.columns > look.columns {
            out.push('\n');
            out.push_str(rest);
            at = rest.chars().count();
            is_line_start = true;
        }
        if !is_line_start {
            out.push(' ');
            at += 1;
        }
        out.push_str(&word.text);
        at += word.columns;
        is_line_start = false;
    }
    out.push('\n');
    out
}

/// The text on one line, and the columns it takes.
pub(crate) fn on_one_line(text: &str, look: Look) -> (String, usize) {
    let words = words(text, look);
    let columns = words
        .iter()
        .map(|word| word.columns + 1)
        .sum::<usize>()
        .saturating_sub(1);
    (
        words
            .into_iter()
            .map(|word| word.text)
            .collect::<Vec<_>>()
            .join(" "),
        columns,
    )
}

fn words(text: &str, look: Look) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word = Builder {
        look,
        text: String::new(),
        columns: 0,
        style: None,
    };
    for span in spans(text) {
        word.open(span.style);
        for c in span.shown(look).chars() {
            if c.is_whitespace() {
                words.extend(word.take());
                word.open(span.style);
            } else {
                word.text.push(c);
                word.columns += 1;
            }
        }
        word.close();
    }
    words.extend(word.take());
    words
}

/// A word being written: a style is closed at its end and opened again for the next.
struct Builder {
    look: Look,
    text: String,
    columns: usize,
    style: Option<Style>,
}

impl Builder {
    fn open(&mut self, style: Option<Style>) {
        if let Some(style) = style.filter(|_| self.look.colour) {
            self.text.push_str(&style.render().to_string());
            self.style = Some(style);
        }
    }

    fn close(&mut self) {
        if let Some(style) = self.style.take() {
            self.text.push_str(&style.render_reset().to_string());
        }
    }

    fn take(&mut self) -> Option<Word> {
        self.close();
        let word = Word {
            text: std::mem::take(&mut self.text),
            columns: self.columns,
        };
        self.columns = 0;
        (word.columns > 0).then_some(word)
    }
}

/// A stretch of text in one style.
#[derive(Debug, PartialEq, Eq)]
struct Span {
    text: String,
    style: Option<Style>,
    is_code: bool,
}

impl Span {
    fn new(text: impl Into<String>, style: Option<Style>) -> Self {
        Self {
            text: text.into(),
            style,
            is_code: false,
        }
    }

    /// Without styles, marks tell code from prose.
    fn shown(&self, look: Look) -> String {
        if self.is_code && !look.colour {
            format!("`{}`", self.text)
        } else {
            self.text.clone()
        }
    }
}

fn spans(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*', '[']) {
        let (before, marked) = rest.split_at(at);
        spans.push(Span::new(before, None));
        let (found, after) = code(marked)
            .or_else(|| strong(marked))
            .or_else(|| link(marked))
            .unwrap_or_else(|| literal(marked));
        spans.extend(found);
        rest = after;
    }
    spans.push(Span::new(rest, None));
    spans
}

type Read<'t> = (Vec<Span>, &'t str);

fn code(text: &str) -> Option<Read<'_>> {
    let (inside, after) = text.strip_prefix('`')?.split_once('`')?;
    Some((
        vec![Span {
            text: inside.to_owned(),
            style: Some(CODE),
            is_code: true,
        }],
        after,
    ))
}

fn strong(text: &str) -> Option<Read<'_>> {
    let (inside, after) = text.strip_prefix("**")?.split_once("**")?;
    Some((vec![Span::new(inside, Some(HEADING))], after))
}

/// A link to another page is that page's id; one to the world keeps its address.
fn link(text: &str) -> Option<Read<'_>> {
    let (inside, after) = text.strip_prefix('[')?.split_once("](")?;
    if inside.contains(['[', ']']) {
        return None;
    }
    let (target, after) = after.split_once(')')?;
    let underlined = Style::new().effects(Effects::UNDERLINE);
    let mut found = vec![Span::new(inside, Some(underlined))];
    if target.contains("://") {
        found.push(Span::new(format!(" <{target}>"), None));
    }
    Some((found, after))
}

/// A mark that marks nothing.
fn literal(text: &str) -> Read<'_> {
    let mut chars = text.chars();
    let mark: String = chars.by_ref().take(1).collect();
    (vec![Span::new(mark, None)], chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look {
        columns: 24,
        colour: false,
    };

    fn check(text: &str, expected: &str) {
        assert_eq!(wrap(text, PLAIN, "", ""), expected);
    }

    #[test]
    fn marks_become_words() {
        check("a `b c` **d** [e](f.md)", "a `b c` d e\n");
        check("[e](https://h/x), 2 * 3", "e <https://h/x>, 2 * 3\n");
        check("`Mcp-Param-*` and [x]", "`Mcp-Param-*` and [x]\n");
    }

    #[test]
    fn lines_keep_to_the_width() {
        let text = "seven words of which none is very long";
        assert_eq!(
            wrap(text, PLAIN, "- ", "  "),
            "- seven words of which\n  none is very long\n"
        );
        let long = "a /path/that/is/longer/than/the/line b";
        check(long, "a\n/path/that/is/longer/than/the/line\nb\n");
    }

    #[test]
    fn styles_take_no_room_and_end_with_the_line() {
        let look = Look {
            colour: true,
            ..PLAIN
        };
        let shown = wrap("**a wholly strong sentence of words**", look, "", "");
        for line in shown.lines() {
            assert!(
                line.starts_with("\u{1b}[1m") && line.ends_with("\u{1b}[0m"),
                "{line:?}"
            );
        }
        let plain = anstream::adapter::strip_str(&shown).to_string();
        assert_eq!(plain, "a wholly strong sentence\nof words\n");
    }
}

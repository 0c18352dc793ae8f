//! A page of Markdown for a terminal: headings stand out, prose is wrapped, code is left as it is.

use super::inline::{on_one_line, wrap};
use super::{CODE, HEADING, Look};

/// How far prose stands from the left edge.
const MARGIN: &str = "  ";
/// How far code stands from it.
const CODE_MARGIN: &str = "      ";

/// Renders a page. It may hold headings, paragraphs, lists, fenced code and tables.
pub(crate) fn render(markdown: &str, look: Look) -> String {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines().peekable();
    while let Some(line) = lines.peek().copied() {
        let block = if line.trim().is_empty() {
            lines.next();
            continue;
        } else if line.starts_with("```") {
            lines.next();
            let code: Vec<_> = lines
                .by_ref()
                .take_while(|line| !line.starts_with("```"))
                .collect();
            code_block(&code, look)
        } else if line.starts_with('#') {
            lines.next();
            heading(line, look)
        } else if line.starts_with('|') {
            let rows = take_while(&mut lines, |line| line.starts_with('|'));
            table(&rows, look)
        } else {
            let text = take_while(&mut lines, |line| !ends_prose(line));
            prose(&text, look)
        };
        blocks.push(block);
    }
    blocks.join("\n")
}

/// A table of words and what they stand for, the second column wrapped beside the first.
pub(crate) fn facts(rows: &[(&str, String)], look: Look) -> String {
    let room = rows
        .iter()
        .map(|(word, _)| word.chars().count())
        .max()
        .unwrap_or(0);
    let rest = format!("{MARGIN}{}", " ".repeat(room + 2));
    let mut out = String::new();
    for (word, text) in rows {
        let first = format!("{MARGIN}{word:room$}  ");
        let line = wrap(text, look, &first, &rest);
        let label = format!("{MARGIN}{}", look.paint(HEADING, word));
        out.push_str(&line.replacen(&format!("{MARGIN}{word}"), &label, 1));
    }
    out
}

fn take_while<'d>(
    lines: &mut std::iter::Peekable<std::str::Lines<'d>>,
    belongs: impl Fn(&str) -> bool,
) -> Vec<&'d str> {
    let mut taken = Vec::new();
    while let Some(line) = lines.next_if(|line| belongs(line)) {
        taken.push(line);
    }
    taken
}

fn ends_prose(line: &str) -> bool {
    line.trim().is_empty() || ["```", "#", "|"].iter().any(|mark| line.starts_with(mark))
}

fn heading(line: &str, look: Look) -> String {
    let title = line.trim_start_matches('#').trim();
    let is_major = line.len() - line.trim_start_matches('#').len() <= 2;
    if is_major {
        format!("{}\n", look.paint(HEADING.underline(), title))
    } else {
        format!("{MARGIN}{}\n", look.paint(HEADING, title))
    }
}

fn code_block(lines: &[&str], look: Look) -> String {
    let mut out = String::new();
    for line in lines {
        let line = if line.is_empty() {
            String::new()
        } else {
            look.paint(CODE, line)
        };
        out.push_str(format!("{CODE_MARGIN}{line}").trim_end());
        out.push('\n');
    }
    out
}

/// Paragraphs and lists: a line that begins an item begins a line of its own.
fn prose(lines: &[&str], look: Look) -> String {
    let mut items: Vec<(String, Vec<&str>)> = Vec::new();
    for line in lines {
        let text = line.trim_start();
        let depth = line.len() - text.len();
        match (bullet(text), items.last_mut()) {
            (Some((mark, text)), _) => {
                items.push((format!("{}{mark}", " ".repeat(depth)), vec![text]))
            }
            (None, Some((_, texts))) => texts.push(text),
            (None, None) => items.push((String::new(), vec![text])),
        }
    }
    let laid_out = items.iter().map(|(mark, texts)| {
        let rest = format!("{MARGIN}{}", " ".repeat(mark.chars().count()));
        wrap(&texts.join(" "), look, &format!("{MARGIN}{mark}"), &rest)
    });
    laid_out.collect()
}

/// The mark of a list's item with its space, and the text after it.
fn bullet(text: &str) -> Option<(&str, &str)> {
    let is_number = |mark: &str| mark.parse::<u8>().is_ok_and(|number| number < 100);
    let (mark, rest) = text.split_once(' ')?;
    let is_item = mark == "-" || mark.strip_suffix('.').is_some_and(is_number);
    is_item.then(|| (text.get(..=mark.len()).unwrap_or(mark), rest))
}

/// Columns side by side where they fit, else one row after the other.
fn table(lines: &[&str], look: Look) -> String {
    let rows: Vec<Vec<&str>> = lines.iter().map(|line| cells(line)).collect();
    let rows: Vec<_> = rows.iter().filter(|row| !is_rule(row)).collect();
    // Whether they fit is decided as if marks were shown, so that colours never change the layout.
    let plain = Look {
        colour: false,
        ..look
    };
    if MARGIN.len() + widths(&rows, plain).iter().sum::<usize>() > look.columns {
        return stacked(&rows, look);
    }
    let widths = widths(&rows, look);
    let mut out = String::new();
    for (index, row) in rows.iter().enumerate() {
        let mut line = MARGIN.to_owned();
        for (cell, width) in row.iter().zip(&widths) {
            let (text, columns) = on_one_line(cell, look);
            let text = if index == 0 {
                look.paint(HEADING, &text)
            } else {
                text
            };
            line.push_str(&text);
            line.push_str(&" ".repeat(width.saturating_sub(columns)));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The columns of each column, the gap after it included.
fn widths(rows: &[&Vec<&str>], look: Look) -> Vec<usize> {
    const GAP: usize = 2;
    let count = rows.iter().map(|row| row.len()).max().unwrap_or(0);
    let width = |cell: &&str| on_one_line(cell, look).1 + GAP;
    (0..count)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(width)
                .max()
                .unwrap_or(0)
        })
        .collect()
}

fn stacked(rows: &[&Vec<&str>], look: Look) -> String {
    let Some((head, body)) = rows.split_first() else {
        return String::new();
    };
    let mut out = String::new();
    for row in body {
        for (index, (label, cell)) in head.iter().zip(row.iter()).enumerate() {
            let mark = if index == 0 { "- " } else { "  " };
            let text = match *label {
                "" => (*cell).to_owned(),
                label => format!("{label}: {cell}"),
            };
            let [first, rest] = [mark, "    "].map(|lead| format!("{MARGIN}{lead}"));
            out.push_str(&wrap(&text, look, &first, &rest));
        }
    }
    out
}

fn cells(line: &str) -> Vec<&str> {
    line.trim()
        .trim_matches('|')
        .split('|')
        .map(str::trim)
        .collect()
}

fn is_rule(row: &[&str]) -> bool {
    row.iter()
        .all(|cell| !cell.is_empty() && cell.chars().all(|c| matches!(c, '-' | ':')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look {
        columns: 40,
        colour: false,
    };

    #[test]
    fn every_kind_of_block_is_shown() {
        let page = "## Why\n\nIt is so, and this\nline goes on with `code`.\n\n- one\n- two, which is\n  longer than a line of the terminal\n\n```sh\ncurl -N \\\n\n  x\n```\n\n### nginx\n\n| a | b |\n|---|---|\n| `c` | d |\n";
        insta::assert_snapshot!(render(page, PLAIN));
    }

    #[test]
    fn a_wide_table_is_stacked() {
        let page = "| what | headers |\n|---|---|\n| allow | `Authorization`, `Content-Type`, `Accept` |\n";
        insta::assert_snapshot!(render(page, PLAIN));
    }

    #[test]
    fn no_prose_of_any_practice_leaves_the_width_unless_a_word_does() {
        for practice in propylon_practices::PRACTICES {
            for line in render(practice.doc, PLAIN).lines() {
                let is_code = line.starts_with(CODE_MARGIN);
                let is_long_word = line.trim_start_matches(['-', ' ', '`']).split(' ').count() <= 2;
                assert!(
                    is_code || is_long_word || line.chars().count() <= PLAIN.columns,
                    "{}: {line}",
                    practice.id
                );
            }
        }
    }
}

//! The reference page of settings, rendered from the table.

use std::fmt::Write as _;

use super::{Fallback, SETTINGS, Setting};

/// A Markdown table of every setting: key, default, what it does, metric and reason.
pub fn settings_markdown() -> String {
    let mut page = String::from(
        "| key | default | what it does | metric | `Propylon-Reason` |\n|---|---|---|---|---|\n",
    );
    for setting in SETTINGS {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "{}", line(setting));
    }
    page
}

fn line(setting: &Setting) -> String {
    let default = match setting.default {
        Fallback::Value(value) => format!("`{value}`"),
        Fallback::Absent(meaning) => cell(meaning),
        Fallback::Required => "required".to_owned(),
    };
    let code = |text: Option<&str>| text.map(|text| format!("`{text}`")).unwrap_or_default();
    format!(
        "| `{}` | {default} | {} | {} | {} |",
        setting.key,
        cell(setting.doc),
        code(setting.metric),
        code(setting.reason)
    )
}

/// `<` outside code would begin a tag, `|` the next cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

//! JSON with comments, as wrangler reads it.

use std::path::Path;

use serde_json::Value;

/// Reads a JSON file with comments behind and between its lines.
///
/// # Panics
/// When it is not there, or is none.
pub fn read_jsonc(file: &Path) -> Value {
    let text =
        std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let bare = text.lines().map(|line| {
        let is_comment = line.trim_start().starts_with("//");
        let code = line.rsplit_once("  // ").map_or(line, |(code, _)| code);
        if is_comment { "" } else { code }
    });
    let bare = bare.collect::<Vec<_>>().join("\n");
    serde_json::from_str(&bare)
        .unwrap_or_else(|error| panic!("{}: {error}:\n{bare}", file.display()))
}

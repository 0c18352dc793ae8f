//! Texts as other languages write them.

/// A text as JSON has it, which is also how YAML has it.
pub(crate) fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control.is_control() => {
                out.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A list of texts as JSON has it.
pub(crate) fn json_list<T: AsRef<str>>(texts: &[T]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| json(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

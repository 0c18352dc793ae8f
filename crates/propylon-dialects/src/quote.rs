//! Texts as other languages write them, and names that are made of texts.

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

/// A text as Terraform has it.
pub(crate) fn hcl(text: &str) -> String {
    json(text).replace("${", "$${").replace("%{", "%%{")
}

/// A text as a shell has it, whatever is in it.
pub(crate) fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// For each name a word of lower-case letters, digits and hyphens, of at most `length_max` characters, that none of the
/// others has.
pub(crate) fn words<'n>(
    names: impl IntoIterator<Item = &'n str>,
    length_max: usize,
) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for name in names {
        let plain = word(name, length_max);
        let candidates = (1_usize..).map(|number| match number {
            1 => plain.clone(),
            more => {
                let end = format!("-{more}");
                let room = length_max.saturating_sub(end.len());
                let cut: String = plain.chars().take(room).collect();
                cut.trim_end_matches('-').to_owned() + &end
            }
        });
        let bare = |word: &str| word.replace('-', "");
        let free = candidates
            .into_iter()
            .find(|candidate| !taken.iter().any(|other| bare(other) == bare(candidate)));
        taken.extend(free);
    }
    taken
}

/// Every other character becomes a hyphen, none of which stands at an end or beside another.
fn word(name: &str, length_max: usize) -> String {
    let plain = name
        .to_ascii_lowercase()
        .replace(|character: char| !character.is_ascii_alphanumeric(), "-");
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    let cut: String = parts.join("-").chars().take(length_max).collect();
    let cut = cut.trim_end_matches('-');
    if cut.is_empty() {
        "x".to_owned()
    } else {
        cut.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_their_meaning() {
        assert_eq!(json("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000a\"");
        assert_eq!(json_list(&["a", "b"]), "[\"a\", \"b\"]");
        assert_eq!(hcl("${x} %{y} $1"), "\"$${x} %%{y} $1\"");
        assert_eq!(shell("it's"), "'it'\\''s'");
    }

    #[test]
    fn words_are_plain_short_and_each_its_own() {
        let check = |names: &[&str], expected: &[&str]| {
            assert_eq!(words(names.iter().copied(), 10), expected, "{names:?}");
        };
        check(
            &["weather", "Weather", "weather_"],
            &["weather", "weather-2", "weather-3"],
        );
        check(&["a1", "a-1"], &["a1", "a-1-2"]);
        check(&["--", "über_maps"], &["x", "ber-maps"]);
        check(
            &["a-very-long-name", "a-very-long-one"],
            &["a-very-lon", "a-very-l-2"],
        );
    }
}

//! The parts of a JSON text as they were written: an object's members and an array's elements, by their place.

use std::borrow::Cow;

use super::scanner::Scanner;

/// The members of an object in their order, each with the exact text of its value.
///
/// A text that is no object has none, and one with a flaw ends at it: [`Members::is_whole`] tells.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    scanner: Scanner<'a>,
    first: bool,
    open: bool,
    whole: bool,
}

/// The elements of an array in their order, each as its exact text; of one with a flaw, those before it.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    scanner: Scanner<'a>,
    first: bool,
    open: bool,
}

/// The members of the object that `json` is.
pub fn members(json: &str) -> Members<'_> {
    let mut scanner = Scanner::new(json.strip_prefix('\u{feff}').unwrap_or(json));
    let open = scanner.next_byte() == Ok(b'{') && scanner.open_object().is_ok();
    Members {
        scanner,
        first: true,
        open,
        whole: false,
    }
}

/// The value of the member `name`; of a name given twice the last counts, as in most readers.
pub fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    members(json)
        .filter(|(member, _)| member == name)
        .last()
        .map(|(_, value)| value)
}

/// The elements of the array that `json` is.
pub const fn elements(json: &str) -> Elements<'_> {
    Elements {
        scanner: Scanner::new(json),
        first: true,
        open: true,
    }
}

/// What the JSON string `json` says; `None` if it is none.
pub fn text(json: &str) -> Option<Cow<'_, str>> {
    let mut scanner = Scanner::new(json);
    let string = scanner.string().ok()?;
    string.value().filter(|_| scanner.is_at_end())
}

impl Members<'_> {
    /// Whether the object was read to its end, and nothing but white space follows. False until then.
    pub const fn is_whole(&self) -> bool {
        self.whole
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if !std::mem::take(&mut self.open) {
            return None;
        }
        let Some(name) = self.scanner.next_key(&mut self.first).ok()? else {
            self.whole = self.scanner.is_at_end();
            return None;
        };
        self.scanner.next_byte().ok()?;
        let start = self.scanner.position();
        self.scanner.skip_value(1).ok()?;
        self.open = true;
        Some((name.name(), self.scanner.since(start)))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.open &= self.scanner.next_element(&mut self.first) == Ok(true);
        if !self.open {
            return None;
        }
        let start = self.scanner.position();
        self.open = self.scanner.skip_value(1).is_ok();
        self.open.then(|| self.scanner.since(start))
    }
}

#[cfg(test)]
mod tests {
    use super::{elements, member, members, text};

    #[test]
    fn members_are_given_as_written() {
        let json = " {\"a\" : 1.0e1 , \"b\\u0063\":[ 1,{\"x\":\"}\"} ] , \"a\": \"\\u0061\"} ";
        let mut read = members(json);
        let all: Vec<_> = read
            .by_ref()
            .map(|(name, value)| (name.into_owned(), value))
            .collect();
        let expected = [
            ("a", "1.0e1"),
            ("bc", "[ 1,{\"x\":\"}\"} ]"),
            ("a", "\"\\u0061\""),
        ];
        assert_eq!(all, expected.map(|(name, value)| (name.to_owned(), value)));
        assert!(read.is_whole());
        assert_eq!(text(member(json, "a").unwrap()).unwrap(), "a");
        assert_eq!(member(json, "z"), None);
    }

    #[test]
    fn what_is_flawed_ends() {
        for (json, count) in [
            ("", 0),
            ("[]", 0),
            ("{\"a\":1", 0),
            ("{\"a\":1,", 1),
            ("{\"a\":1}x", 1),
            ("{\"a\":1,\"b\":tru}", 1),
        ] {
            let mut read = members(json);
            assert_eq!(read.by_ref().count(), count, "{json}");
            assert!(!read.is_whole(), "{json}");
        }
        let mut empty = members("{}");
        assert!(empty.next().is_none() && empty.is_whole() && empty.next().is_none());
    }

    #[test]
    fn elements_are_given_as_written() {
        for (json, expected) in [
            ("[]", vec![]),
            (" [ 1 ,\"a,]\", [2,3] ]", vec!["1", "\"a,]\"", "[2,3]"]),
            ("[1,x]", vec!["1"]),
            ("[1 2]", vec!["1"]),
            ("{}", vec![]),
        ] {
            assert_eq!(elements(json).collect::<Vec<_>>(), expected, "{json}");
        }
        assert_eq!(text("\"a\"x"), None);
        assert_eq!(text("7"), None);
    }
}

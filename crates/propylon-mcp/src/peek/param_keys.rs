//! The names of a request's parameters, read from the message only when they are asked for.

use std::fmt;

use super::scanner::Scanner;

/// Most names given.
pub const PARAM_KEYS_MAX: usize = 16;
/// Longest name given, in bytes as written.
pub const PARAM_KEY_BYTES_MAX: usize = 64;

/// The names in an object of a message, never its values: `Debug` shows no more either.
#[derive(Clone, Copy)]
pub struct ParamKeys<'a> {
    object: &'a str,
    closed: bool,
}

impl<'a> ParamKeys<'a> {
    pub(super) const NONE: Self = Self {
        object: "",
        closed: false,
    };

    /// Takes the text of a scanned object from its `{` on, and whether it goes up to its `}`.
    pub(super) const fn new(object: &'a str, closed: bool) -> Self {
        Self { object, closed }
    }

    /// The names as written, escapes included, in order: at most 16 of at most 64 bytes. Longer ones are passed over.
    pub fn iter(&self) -> ParamNames<'a> {
        ParamNames {
            names: self.all_names(),
            left: PARAM_KEYS_MAX,
        }
    }

    /// Whether [`ParamKeys::iter`] gives every name: the object was seen to its end, and no limit was met.
    pub fn is_complete(&self) -> bool {
        self.closed
            && self
                .all_names()
                .enumerate()
                .all(|(index, name)| index < PARAM_KEYS_MAX && name.len() <= PARAM_KEY_BYTES_MAX)
    }

    /// The text of the object, if it was seen to its end.
    pub(super) fn whole(self) -> Option<&'a str> {
        self.closed.then_some(self.object)
    }

    fn all_names(&self) -> AllNames<'a> {
        let mut scanner = Scanner::new(self.object);
        let open = scanner.open_object().is_ok();
        AllNames {
            scanner,
            open,
            first: true,
            at_value: false,
        }
    }
}

impl<'a> IntoIterator for &ParamKeys<'a> {
    type Item = &'a str;
    type IntoIter = ParamNames<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for ParamKeys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The iterator of [`ParamKeys::iter`].
#[derive(Clone)]
pub struct ParamNames<'a> {
    names: AllNames<'a>,
    left: usize,
}

impl<'a> Iterator for ParamNames<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.left = self.left.checked_sub(1)?;
        self.names.find(|name| name.len() <= PARAM_KEY_BYTES_MAX)
    }
}

impl fmt::Debug for ParamNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

#[derive(Clone)]
struct AllNames<'a> {
    scanner: Scanner<'a>,
    open: bool,
    first: bool,
    at_value: bool,
}

impl<'a> Iterator for AllNames<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        // The object lies inside the message and perhaps `params`. How deep it is was judged by the first scan, so the
        // least depth that cannot stop this one is right.
        if self.at_value && self.scanner.skip_value(1).is_err() {
            self.open = false;
        }
        if !self.open {
            return None;
        }
        let key = self.scanner.next_key(&mut self.first).ok().flatten();
        self.open = key.is_some();
        self.at_value = self.open;
        key.map(|key| key.raw)
    }
}

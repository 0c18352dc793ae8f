//! The JSON grammar (RFC 8259) over a text that may end anywhere, one token at a time.

use memchr::memchr2;

use super::unescape::JsonString;

pub(super) const NESTING_MAX: u32 = u128::BITS;

/// How far into a string bytes are taken one by one, before searching costs less than it saves.
const SHORT_STRING_BYTES: usize = 24;

/// Why a scan cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The text ended; what there was is valid.
    Ended,
    /// The text is not JSON.
    Broken,
    /// Nested deeper than [`NESTING_MAX`].
    TooDeep,
}

pub(super) type Scan<T> = Result<T, Stop>;

#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) const fn position(&self) -> usize {
        self.at
    }

    /// The text from `start` to where the scan is now.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The text from `start` to its end.
    pub(super) fn all_since(&self, start: usize) -> &'a str {
        self.text.get(start..).unwrap_or_default()
    }

    pub(super) fn is_at_end(&mut self) -> bool {
        self.next_byte().is_err()
    }

    /// The next byte that is not white space, which stays where it is.
    pub(super) fn next_byte(&mut self) -> Scan<u8> {
        loop {
            match self.byte()? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Ok(byte),
            }
        }
    }

    /// Steps over the `{` that [`Scanner::next_byte`] saw.
    pub(super) fn open_object(&mut self) -> Scan<()> {
        self.take(b'{')
    }

    /// The next member's name, with the scan left at its value; `None` once the object is closed.
    pub(super) fn next_key(&mut self, first: &mut bool) -> Scan<Option<JsonString<'a>>> {
        let byte = self.next_byte()?;
        if byte == b'}' {
            self.at += 1;
            return Ok(None);
        }
        if !std::mem::take(first) {
            self.take(b',')?;
        }
        self.key().map(Some)
    }

    /// Steps to the next element of an array, behind its `[` or the element before; `false` once the array is closed.
    pub(super) fn next_element(&mut self, first: &mut bool) -> Scan<bool> {
        if std::mem::take(first) {
            self.next_byte()?;
            self.take(b'[')?;
            if self.next_byte()? != b']' {
                return Ok(true);
            }
        } else if self.next_byte()? != b']' {
            self.take(b',')?;
            self.next_byte()?;
            return Ok(true);
        }
        self.at += 1;
        Ok(false)
    }

    /// Steps over a whole value that lies inside `depth` open arrays and objects.
    pub(super) fn skip_value(&mut self, depth: u32) -> Scan<()> {
        let mut nesting = Nesting {
            kinds: 0,
            depth,
            base: depth,
        };
        loop {
            match self.next_byte()? {
                b'"' => {
                    self.string()?;
                }
                b'{' => {
                    nesting.open(Kind::Object)?;
                    self.at += 1;
                    if self.next_byte()? != b'}' {
                        self.key()?;
                        continue;
                    }
                }
                b'[' => {
                    nesting.open(Kind::Array)?;
                    self.at += 1;
                    if self.next_byte()? != b']' {
                        continue;
                    }
                }
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => self.number()?,
            }
            if self.leave_values(&mut nesting)? {
                return Ok(());
            }
        }
    }

    /// After a value: closes what ends here and steps to the next value. True once the outermost value has ended.
    fn leave_values(&mut self, nesting: &mut Nesting) -> Scan<bool> {
        while let Some(kind) = nesting.innermost() {
            match (self.next_byte()?, kind) {
                (b'}', Kind::Object) | (b']', Kind::Array) => {
                    self.at += 1;
                    nesting.close();
                }
                (b',', Kind::Object) => {
                    self.at += 1;
                    self.key()?;
                    return Ok(false);
                }
                (b',', Kind::Array) => {
                    self.at += 1;
                    return Ok(false);
                }
                _ => return Err(Stop::Broken),
            }
        }
        Ok(true)
    }

    fn key(&mut self) -> Scan<JsonString<'a>> {
        self.next_byte()?;
        let key = self.string()?;
        self.next_byte()?;
        self.take(b':')?;
        Ok(key)
    }

    /// A string, from its opening quote on.
    pub(super) fn string(&mut self) -> Scan<JsonString<'a>> {
        self.take(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.skip_plain()?;
            if self.byte()? == b'"' {
                let raw = self.since(start);
                self.at += 1;
                return Ok(JsonString { raw, escaped });
            }
            escaped = true;
            self.skip_escape()?;
        }
    }

    /// Steps to the next quote or backslash.
    fn skip_plain(&mut self) -> Scan<()> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        for (index, &byte) in rest.iter().take(SHORT_STRING_BYTES).enumerate() {
            match byte {
                b'"' | b'\\' => {
                    self.at += index;
                    return Ok(());
                }
                0x00..=0x1f => return Err(Stop::Broken),
                _ => {}
            }
        }
        let long = rest.get(SHORT_STRING_BYTES..).ok_or(Stop::Ended)?;
        let found = memchr2(b'"', b'\\', long);
        let plain = long.get(..found.unwrap_or(long.len())).unwrap_or_default();
        // A fold without an early exit, so that it compiles to vector instructions.
        if plain
            .iter()
            .fold(false, |control, &byte| control | (byte < 0x20))
        {
            return Err(Stop::Broken);
        }
        self.at += SHORT_STRING_BYTES + found.ok_or(Stop::Ended)?;
        Ok(())
    }

    fn skip_escape(&mut self) -> Scan<()> {
        self.take(b'\\')?;
        let kind = self.byte()?;
        self.at += 1;
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => {
                for _ in 0..4 {
                    if !self.byte()?.is_ascii_hexdigit() {
                        return Err(Stop::Broken);
                    }
                    self.at += 1;
                }
                Ok(())
            }
            _ => Err(Stop::Broken),
        }
    }

    fn literal(&mut self, word: &[u8]) -> Scan<()> {
        word.iter().try_for_each(|&byte| self.take(byte))
    }

    /// A number that something follows: without that, more digits could be missing.
    fn number(&mut self) -> Scan<()> {
        self.number_to_end()?;
        self.byte().map(drop)
    }

    /// A number that may be the last thing in the text.
    pub(super) fn number_to_end(&mut self) -> Scan<()> {
        if self.byte()? == b'-' {
            self.at += 1;
        }
        if self.byte()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Ok(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Ok(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte()?, b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Scan<()> {
        if !self.byte()?.is_ascii_digit() {
            return Err(Stop::Broken);
        }
        while self.byte().is_ok_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn take(&mut self, expected: u8) -> Scan<()> {
        if self.byte()? != expected {
            return Err(Stop::Broken);
        }
        self.at += 1;
        Ok(())
    }

    fn byte(&self) -> Scan<u8> {
        self.text
            .as_bytes()
            .get(self.at)
            .copied()
            .ok_or(Stop::Ended)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Array,
    Object,
}

/// The arrays and objects that are open, one bit each, the innermost lowest.
struct Nesting {
    kinds: u128,
    depth: u32,
    base: u32,
}

impl Nesting {
    fn open(&mut self, kind: Kind) -> Scan<()> {
        if self.depth >= NESTING_MAX {
            return Err(Stop::TooDeep);
        }
        self.depth += 1;
        self.kinds = self.kinds << 1 | u128::from(kind == Kind::Object);
        Ok(())
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.kinds >>= 1;
    }

    fn innermost(&self) -> Option<Kind> {
        let kind = if self.kinds & 1 == 1 {
            Kind::Object
        } else {
            Kind::Array
        };
        (self.depth > self.base).then_some(kind)
    }
}

//! A session id that was checked, and the fingerprint that stands for it where the id must not be seen.

use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};

/// Longest session id taken, in bytes. The specification sets no limit; a table keyed by ids needs one.
pub const SESSION_ID_BYTES_MAX: usize = 1024;

/// A session id as it stands in the header.
///
/// Whoever holds it can act in the session, so `Debug` and `Display` show only the fingerprint.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionId<'a>(&'a [u8]);

impl<'a> SessionId<'a> {
    /// Checks an id: visible ASCII only (2025-11-25 transports, Session Management 1), not empty, and at most
    /// [`SESSION_ID_BYTES_MAX`] bytes.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let fits = !value.is_empty() && value.len() <= SESSION_ID_BYTES_MAX;
        (fits && value.iter().all(u8::is_ascii_graphic)).then_some(Self(value))
    }

    /// The id itself, to be sent on; never to be logged.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The fingerprint of this id.
    pub fn fingerprint(&self) -> SessionFingerprint {
        SessionFingerprint(Sha256::digest(self.0).into())
    }
}

impl fmt::Display for SessionId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fingerprint().fmt(f)
    }
}

impl fmt::Debug for SessionId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({})", self.fingerprint())
    }
}

/// SHA-256 of a session id: a fixed-size key that gives nothing away.
///
/// Printed as the first 8 bytes in hex, 16 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionFingerprint([u8; 32]);

impl SessionFingerprint {
    /// The fingerprint of a task id, which is remembered as a session is. It can never be that of a session: the NUL
    /// before it stands in no session id.
    pub fn of_task(id: &str) -> Self {
        let digest = Sha256::new().chain_update(b"\0task\0").chain_update(id);
        Self(digest.finalize().into())
    }

    /// The fingerprint of a session that is known by the address its messages are posted to (2024-11-05 transports, HTTP
    /// with SSE). Nor can it be that of a session with an id.
    pub fn of_address(address: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(b"\0address\0")
            .chain_update(address);
        Self(digest.finalize().into())
    }

    /// All 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn head(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

impl Hash for SessionFingerprint {
    // Already uniform: a table's hasher gains nothing from the other 24 bytes.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.head());
    }
}

impl fmt::Display for SessionFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.head())
    }
}

impl fmt::Debug for SessionFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{SESSION_ID_BYTES_MAX, SessionFingerprint, SessionId};

    #[test]
    fn takes_visible_ascii_only() {
        let longest = vec![b'x'; SESSION_ID_BYTES_MAX];
        let too_long = vec![b'x'; SESSION_ID_BYTES_MAX + 1];
        let cases: &[(&[u8], bool)] = &[
            (b"1868a90c-1a2b", true),
            (b"!", true),
            (b"~", true),
            (&longest, true),
            (&too_long, false),
            (b"", false),
            (b"a b", false),
            (b"a\tb", false),
            (b"\x7f", false),
            (b"a\0", false),
            ("é".as_bytes(), false),
        ];
        for (value, taken) in cases {
            let id = SessionId::parse(value);
            assert_eq!(id.is_some(), *taken, "{value:?}");
            assert!(id.is_none_or(|id| id.as_bytes() == *value));
        }
    }

    #[test]
    fn prints_only_the_fingerprint() {
        // The first 8 bytes of the SHA-256 test vector for "abc" (FIPS 180-2, B.1).
        let id = SessionId::parse(b"abc").unwrap();
        assert_eq!(id.to_string(), "ba7816bf8f01cfea");
        assert_eq!(format!("{id:?}"), "SessionId(ba7816bf8f01cfea)");
        assert_eq!(format!("{:?}", id.fingerprint()), "ba7816bf8f01cfea");
        assert_eq!(id.fingerprint().as_bytes()[31], 0xad);
        let task = SessionFingerprint::of_task("abc");
        assert!(task != id.fingerprint() && task == SessionFingerprint::of_task("abc"));
    }
}

//! By what answers are known: keyed hashes of the question, of where it is asked, and of who asks.

use std::fmt;

use aws_lc_rs::{hmac, rand};
use propylon_mcp::cacheable::{Question, Topic};

/// A keyed hash. A dump of the cache gives no credential away, nor can one be tried against it.
pub(crate) type Key = [u8; 32];

/// What the keys are made with; another in every process.
pub(crate) struct Secret(hmac::Key);

/// The keys of a request, with what is to be known of its answer later.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// Of an answer for anybody.
    pub(crate) shared: Key,
    /// Of one for whoever comes with the same credentials; `None` for a request without any.
    pub(crate) own: Option<Key>,
    pub(crate) topic: Topic,
    pub(crate) uri: Option<Box<str>>,
}

impl Secret {
    pub(crate) fn random() -> Self {
        let mut bytes = [0; 32];
        // Only a system without randomness fails here, and it could not have started TLS either; the keys are then
        // guessable, not shared.
        let _ = rand::fill(&mut bytes);
        Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
    }

    /// The keys of a question asked `at` these places, with these `credentials`, none of them empty-handed.
    pub(crate) fn keys(&self, question: Question<'_>, at: &[&[u8]], credentials: &[&[u8]]) -> Keys {
        let mut hash = Hash(hmac::Context::with_key(&self.0));
        at.iter().for_each(|part| hash.add(part));
        question.each_part(|part| hash.add(part));
        // Who comes with credentials and who comes without do not share: the server may want them, and says so in an
        // answer that is never kept.
        hash.add(&[u8::from(!credentials.is_empty())]);
        let shared = hash.clone().end();
        credentials.iter().for_each(|part| hash.add(part));
        Keys {
            shared,
            own: (!credentials.is_empty()).then(|| hash.end()),
            topic: question.topic,
            uri: question.uri.map(|uri| uri.into()),
        }
    }
}

/// Parts, each behind its length, so that no two lists of parts are the same bytes.
#[derive(Clone)]
struct Hash(hmac::Context);

impl Hash {
    fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    fn end(self) -> Key {
        let tag = self.0.sign();
        let mut key = Key::default();
        key.iter_mut()
            .zip(tag.as_ref())
            .for_each(|(to, from)| *to = *from);
        key
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secret: &Secret, message: &str, at: &[&[u8]], credentials: &[&[u8]]) -> Keys {
        secret.keys(Question::of(message.as_bytes()).unwrap(), at, credentials)
    }

    #[test]
    fn answers_for_anybody_are_shared_by_all_who_come_alike() {
        let secret = Secret::random();
        let list = r#"{"method":"tools/list"}"#;
        let [alice, bob, nobody] = [&[&b"alice"[..]][..], &[b"bob"], &[]]
            .map(|credentials| keys(&secret, list, &[b"/mcp"], credentials));
        assert_eq!(alice.shared, bob.shared);
        assert_ne!(alice.own, bob.own);
        assert_eq!(nobody.own, None);
        assert_ne!(nobody.shared, alice.shared);
        let elsewhere = keys(&secret, list, &[b"/other"], &[]);
        assert_ne!(nobody.shared, elsewhere.shared);
        assert_ne!(
            keys(&Secret::random(), list, &[b"/mcp"], &[]).shared,
            nobody.shared
        );
    }

    #[test]
    fn parts_do_not_run_together() {
        let secret = Secret::random();
        let list = r#"{"method":"tools/list"}"#;
        let one = keys(&secret, list, &[b"ab", b"c"], &[b"x", b"y"]);
        let other = keys(&secret, list, &[b"a", b"bc"], &[b"xy"]);
        assert_ne!(one.shared, other.shared);
        let joined = keys(&secret, list, &[b"ab", b"c"], &[b"xy"]);
        assert_ne!(one.own, joined.own);
    }
}

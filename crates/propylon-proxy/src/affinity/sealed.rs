//! The sealed store: instance and session id encrypted into the id that the client sees. It keeps nothing.
//!
//! What is sealed stands in URL-safe Base64, which is visible ASCII as an id has to be (2025-11-25 transports, Session
//! Management 1). The upstream's name is bound to it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use propylon_config::SealKeys;
use propylon_mcp::SessionId;
use propylon_mcp::session_id::SESSION_ID_BYTES_MAX;

use crate::seal::Keyring;

/// The keys of one upstream.
#[derive(Debug)]
pub(crate) struct Seal {
    keys: Keyring,
    bound_to: Box<[u8]>,
}

/// What a sealed id says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    /// The name of the instance.
    pub(crate) instance: String,
    /// The id the instance minted.
    pub(crate) id: Vec<u8>,
}

impl Seal {
    pub(crate) fn new(keys: &SealKeys, upstream: &str) -> Self {
        Self {
            keys: Keyring::new(keys),
            bound_to: upstream.as_bytes().into(),
        }
    }

    /// The id for a client; `None` where it would be too long to be one.
    pub(crate) fn seal(&self, instance: &str, id: &[u8]) -> Option<Vec<u8>> {
        let length = u16::try_from(instance.len()).ok()?.to_be_bytes();
        let text = [&length, instance.as_bytes(), id].concat();
        let sealed = self.keys.seal(&self.bound_to, text)?;
        let sealed = URL_SAFE_NO_PAD.encode(sealed).into_bytes();
        (sealed.len() <= SESSION_ID_BYTES_MAX).then_some(sealed)
    }

    /// What an id says that one of these keys sealed for this upstream.
    pub(crate) fn open(&self, sealed: &[u8]) -> Option<Opened> {
        let sealed = SessionId::parse(sealed)?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed.as_bytes()).ok()?;
        let text = self.keys.open(&self.bound_to, sealed)?;
        let (length, text) = text.split_first_chunk::<2>()?;
        let (instance, id) = text.split_at_checked(u16::from_be_bytes(*length).into())?;
        Some(Opened {
            instance: std::str::from_utf8(instance).ok()?.to_owned(),
            id: id.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use proptest::sample::Index;

    use super::*;

    fn seal(keys: &str, upstream: &str) -> Seal {
        let keys = keys
            .chars()
            .map(|key| format!("{}{key}\n", "c0ffee".repeat(10) + "abc"));
        Seal::new(
            &SealKeys::parse(&keys.collect::<String>()).unwrap(),
            upstream,
        )
    }

    #[test]
    fn keys_are_rotated() {
        let [old, both, new] = ["1", "21", "2"].map(|keys| seal(keys, "it"));
        let begun = old.seal("10.0.0.1:80", b"abc").unwrap();
        let opened = Some(Opened {
            instance: "10.0.0.1:80".to_owned(),
            id: b"abc".to_vec(),
        });
        assert_eq!(both.open(&begun), opened);
        assert_eq!(new.open(&begun), None);
        let since = both.seal("10.0.0.1:80", b"abc").unwrap();
        assert_eq!(new.open(&since), opened);
        assert_eq!(old.open(&since), None);
        assert_eq!(
            seal("1", "other").open(&begun),
            None,
            "for its upstream alone"
        );
    }

    #[test]
    fn ids_are_opaque_visible_and_bounded() {
        let seal = seal("1", "it");
        let [one, two] = [0, 1].map(|_| seal.seal("10.0.0.1:80", b"session-1").unwrap());
        assert_ne!(one, two);
        assert!(
            one.iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
        );
        assert!(!String::from_utf8_lossy(&one).contains("10.0"));
        assert!(seal.seal("10.0.0.1:80", &[b'x'; 700]).is_some());
        assert_eq!(seal.seal("10.0.0.1:80", &[b'x'; 1000]), None);
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_nothing_else(
            instance in "[a-z0-9.:-]{0,40}",
            id in "[!-~]{1,200}",
            at: Index,
            change in 1..=255u8,
            noise in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let seal = seal("1", "it");
            let sealed = seal.seal(&instance, id.as_bytes()).unwrap();
            let opened = seal.open(&sealed).unwrap();
            prop_assert_eq!((opened.instance, opened.id), (instance, id.into_bytes()));
            let mut forged = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
            let at = at.index(forged.len());
            forged[at] ^= change;
            let forged = URL_SAFE_NO_PAD.encode(forged);
            prop_assert!(seal.open(forged.as_bytes()).is_none());
            prop_assert!(seal.open(&sealed[..sealed.len() - 1]).is_none());
            prop_assert!(seal.open(&noise).is_none());
        }
    }
}

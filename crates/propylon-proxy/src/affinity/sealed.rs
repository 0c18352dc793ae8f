//! The sealed store: instance and session id encrypted into the id that the client sees. It keeps nothing.
//!
//! `version | key's name | nonce | ciphertext | tag` in URL-safe Base64, which is visible ASCII as an
//! id has to be (2025-11-25 transports, Session Management 1). The cipher is AES-256-GCM-SIV with a
//! random nonce: should a nonce ever come twice, it gives away no more than that two plaintexts are
//! equal, however many replicas share the key. The upstream's name is bound to it.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use propylon_config::SealKeys;
use propylon_mcp::SessionId;
use propylon_mcp::session_id::SESSION_ID_BYTES_MAX;

/// The keys of one upstream.
#[derive(Debug)]
pub(crate) struct Seal {
    /// The one that seals first.
    keys: Vec<(KeyName, RandomizedNonceKey)>,
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

/// Tells keys apart, so that an id is tried with one of them.
type KeyName = [u8; 4];

const VERSION: u8 = 1;
const HEAD_BYTES: usize = 1 + size_of::<KeyName>() + NONCE_LEN;

impl Seal {
    pub(crate) fn new(keys: &SealKeys, upstream: &str) -> Self {
        let key = |bytes: &[u8; propylon_config::SEAL_KEY_BYTES]| {
            let name = digest(&SHA256, &[b"propylon key name".as_slice(), bytes].concat());
            let name = name.as_ref().first_chunk().copied()?;
            // Fails for no key of the right length, and that is their type.
            let key = RandomizedNonceKey::new(&AES_256_GCM_SIV, bytes).ok()?;
            Some((name, key))
        };
        Self {
            keys: keys.iter().filter_map(key).collect(),
            bound_to: [&[VERSION], upstream.as_bytes()].concat().into(),
        }
    }

    /// The id for a client; `None` where it would be too long to be one.
    pub(crate) fn seal(&self, instance: &str, id: &[u8]) -> Option<Vec<u8>> {
        let (name, key) = self.keys.first()?;
        let length = u16::try_from(instance.len()).ok()?.to_be_bytes();
        let mut text = [&length, instance.as_bytes(), id].concat();
        let nonce = key.seal_in_place_append_tag(Aad::from(&*self.bound_to), &mut text);
        let nonce = nonce.ok()?;
        let sealed = [&[VERSION], name.as_slice(), nonce.as_ref(), &text].concat();
        let sealed = URL_SAFE_NO_PAD.encode(sealed).into_bytes();
        (sealed.len() <= SESSION_ID_BYTES_MAX).then_some(sealed)
    }

    /// What an id says that one of these keys sealed for this upstream.
    pub(crate) fn open(&self, sealed: &[u8]) -> Option<Opened> {
        let sealed = SessionId::parse(sealed)?;
        let mut sealed = URL_SAFE_NO_PAD.decode(sealed.as_bytes()).ok()?;
        let (head, text) = sealed.split_at_mut_checked(HEAD_BYTES)?;
        let (version, head) = head.split_first()?;
        let (name, nonce) = head.split_first_chunk::<4>()?;
        if *version != VERSION {
            return None;
        }
        let (_, key) = self.keys.iter().find(|(known, _)| known == name)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = key.open_in_place(nonce, Aad::from(&*self.bound_to), text);
        let (length, text) = text.ok()?.split_first_chunk::<2>()?;
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

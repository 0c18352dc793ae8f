//! Sealing with keys that are rotated: the first seals, all of them open.
//!
//! `version | key's name | nonce | ciphertext | tag`. The cipher is AES-256-GCM-SIV with a random nonce: should a nonce
//! ever come twice, it gives away no more than that two plaintexts are equal, however many replicas share the key.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};
use propylon_config::{SEAL_KEY_BYTES, SealKeys};

/// Keys at work. What is sealed for one purpose opens for no other.
#[derive(Debug)]
pub struct Keyring {
    /// The one that seals first.
    keys: Vec<(KeyName, RandomizedNonceKey)>,
}

/// Tells keys apart, so that a text is tried with one of them.
type KeyName = [u8; 4];

const VERSION: u8 = 1;
const HEAD_BYTES: usize = 1 + size_of::<KeyName>() + NONCE_LEN;

impl Keyring {
    /// The keys of a key file.
    pub fn new(keys: &SealKeys) -> Self {
        let key = |bytes: &[u8; SEAL_KEY_BYTES]| {
            let name = digest(&SHA256, &[b"propylon key name".as_slice(), bytes].concat());
            let name = name.as_ref().first_chunk().copied()?;
            // Fails for no key of the right length, and that is their type.
            let key = RandomizedNonceKey::new(&AES_256_GCM_SIV, bytes).ok()?;
            Some((name, key))
        };
        Self {
            keys: keys.iter().filter_map(key).collect(),
        }
    }

    /// Seals a text for a purpose.
    pub fn seal(&self, purpose: &[u8], mut text: Vec<u8>) -> Option<Vec<u8>> {
        let (name, key) = self.keys.first()?;
        let nonce = key
            .seal_in_place_append_tag(Aad::from(bound(purpose)), &mut text)
            .ok()?;
        Some([&[VERSION], name.as_slice(), nonce.as_ref(), &text].concat())
    }

    /// What was sealed for this purpose with one of these keys.
    pub fn open(&self, purpose: &[u8], mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let (head, text) = sealed.split_at_mut_checked(HEAD_BYTES)?;
        let (version, head) = head.split_first()?;
        let (name, nonce) = head.split_first_chunk::<4>()?;
        if *version != VERSION {
            return None;
        }
        let (_, key) = self.keys.iter().find(|(known, _)| known == name)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = key.open_in_place(nonce, Aad::from(bound(purpose)), text);
        text.ok().map(|text| text.to_vec())
    }
}

fn bound(purpose: &[u8]) -> Vec<u8> {
    [&[VERSION], purpose].concat()
}

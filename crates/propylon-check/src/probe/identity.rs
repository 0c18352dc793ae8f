//! Names nobody can guess: version 4 UUIDs from the system's randomness.

/// A version 4 UUID.
///
/// # Panics
/// When the system has no randomness to give: a session id that can be guessed must never be handed out.
pub(crate) fn uuid() -> String {
    let mut bytes = [0; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        #[expect(
            clippy::panic,
            reason = "a guessable session id is worse than no probe"
        )]
        {
            // invariant: a session id can always be drawn; where it cannot, the process must not go on.
            panic!("the system has no randomness to give: {error}");
        }
    }
    let number = u128::from_be_bytes(bytes);
    // Version 4 and the variant of RFC 9562, section 5.4.
    let number = (number & !(0xf_u128 << 76)) | (4_u128 << 76);
    let number = (number & !(0b11_u128 << 62)) | (0b10_u128 << 62);
    let digits = format!("{number:032x}");
    [0..8, 8..12, 12..16, 16..20, 20..32]
        .map(|range| digits.get(range).unwrap_or_default())
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::uuid;

    #[test]
    fn ids_are_version_four_and_differ() {
        let id = uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
        assert_ne!(id, uuid());
    }
}

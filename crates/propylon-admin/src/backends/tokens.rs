//! Who may use the API: tokens for all tenants, or for one.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use propylon_proxy::backends::BackendId;

/// The tokens, as digests: comparing those takes the same time whatever was sent.
pub(super) struct Tokens(Vec<(Scope, Digest)>);

/// What a token is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    All,
    Tenant(String),
}

/// What is wrong with a text of tokens. Lines are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTokens {
    /// Nothing but blank lines and comments.
    #[error("it has no token")]
    None,
    /// A line that is neither `TOKEN` nor `TENANT TOKEN`.
    #[error("line {0} is neither TOKEN nor TENANT TOKEN")]
    Line(usize),
    /// A token that could be guessed.
    #[error("the token of line {0} is shorter than {TOKEN_BYTES_MIN} characters")]
    Short(usize),
}

const TOKEN_BYTES_MIN: usize = 16;

impl Tokens {
    /// Reads a token a line. Blank lines and those that begin with `#` are passed over.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidTokens> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let written = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let read = |(number, line): (usize, &str)| {
            let mut words = line.split_whitespace();
            let (scope, token) = match (words.next(), words.next(), words.next()) {
                (Some(token), None, None) => (Scope::All, token),
                (Some(tenant), Some(token), None) if BackendId::new(tenant, "a").is_ok() => {
                    (Scope::Tenant(tenant.to_owned()), token)
                }
                _ => return Err(InvalidTokens::Line(number)),
            };
            if token.len() < TOKEN_BYTES_MIN {
                return Err(InvalidTokens::Short(number));
            }
            Ok((scope, digest(&SHA256, token.as_bytes())))
        };
        let tokens: Vec<_> = written.map(read).collect::<Result<_, _>>()?;
        if tokens.is_empty() {
            return Err(InvalidTokens::None);
        }
        Ok(Self(tokens))
    }

    /// What the bearer of an `Authorization` value may do. Every token is compared, whichever it is.
    pub(super) fn scope(&self, authorization: &[u8]) -> Option<&Scope> {
        let (scheme, token) = authorization.split_at_checked("Bearer ".len())?;
        if !scheme.eq_ignore_ascii_case(b"Bearer ") {
            return None;
        }
        let sent = digest(&SHA256, token.trim_ascii());
        let mut found = None;
        for (scope, known) in &self.0 {
            if verify_slices_are_equal(known.as_ref(), sent.as_ref()).is_ok() {
                found = Some(scope);
            }
        }
        found
    }
}

impl Scope {
    /// Whether this tenant's servers are its bearer's to see.
    pub(super) fn covers(&self, tenant: &str) -> bool {
        match self {
            Self::All => true,
            Self::Tenant(own) => own == tenant,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_all_or_for_one_tenant() {
        let (all, one) = ("0123456789abcdef", "fedcba9876543210");
        let tokens = Tokens::parse(&format!("# of June\n{all}\n\n acme  {one}\r\n")).unwrap();
        let scope = |sent: &str| tokens.scope(sent.as_bytes()).cloned();
        assert_eq!(scope(&format!("Bearer {all}")), Some(Scope::All));
        assert_eq!(
            scope(&format!("bearer {one} ")),
            Some(Scope::Tenant("acme".into()))
        );
        for sent in ["", "Bearer", "Bearer ", all, "Basic 0123456789abcdef"] {
            assert_eq!(scope(sent), None, "{sent}");
        }
        assert_eq!(scope(&format!("Bearer {}", &all[..15])), None);
        assert!(!Scope::Tenant("acme".into()).covers("acm") && Scope::All.covers("acm"));
        for (text, wrong) in [
            ("# none", InvalidTokens::None),
            ("short", InvalidTokens::Short(1)),
            ("a b c", InvalidTokens::Line(1)),
            ("Acme 0123456789abcdef", InvalidTokens::Line(1)),
        ] {
            assert_eq!(Tokens::parse(text).err(), Some(wrong), "{text}");
        }
    }
}

//! How long an answer holds, for whom, and where it says so.

use std::ops::Range;

use crate::peek::members::{members, text};

/// For whom an answer is (caching, Cache Scope Field).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For anybody.
    Public,
    /// For whoever comes with the same authorization.
    Private,
}

/// A result that may be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cacheable<'a> {
    /// The result, as it was written.
    pub result: &'a str,
    /// The digits of `ttlMs` within it.
    pub ttl_at: Range<usize>,
    /// Their value: milliseconds from when the answer was received.
    pub ttl_ms: u64,
    /// For whom it is.
    pub scope: Scope,
}

impl<'a> Cacheable<'a> {
    /// The result of a whole message, if that is the response to the request with this id and may be kept: complete,
    /// with a `ttlMs` above zero and a `cacheScope`, each once.
    pub fn of(message: &'a [u8], id: &str) -> Option<Self> {
        let message = std::str::from_utf8(message).ok()?;
        let [own_id, result, error] = once(message, ["id", "result", "error"])?;
        if own_id != Some(id) || error.is_some() {
            return None;
        }
        let result = result?;
        let [kind, ttl, scope] = once(result, ["resultType", "ttlMs", "cacheScope"])?;
        // Absent, it means the same (schema, Result).
        let is_complete = kind.is_none_or(|kind| text(kind).as_deref() == Some("complete"));
        let scope = match text(scope?)?.as_ref() {
            "public" => Scope::Public,
            "private" => Scope::Private,
            _ => return None,
        };
        let ttl = ttl?;
        let ttl_ms = ttl.parse::<u64>().ok().filter(|ttl_ms| *ttl_ms > 0)?;
        let start = (ttl.as_ptr() as usize).checked_sub(result.as_ptr() as usize)?;
        is_complete.then_some(Self {
            result,
            ttl_at: start..start + ttl.len(),
            ttl_ms,
            scope,
        })
    }
}

/// The values of these members of a whole object. `None` where one of them comes twice: readers differ in which counts.
fn once<'a, const N: usize>(json: &'a str, names: [&str; N]) -> Option<[Option<&'a str>; N]> {
    let mut found = [None; N];
    let mut read = members(json);
    for (name, value) in read.by_ref() {
        for (wanted, place) in names.iter().zip(&mut found) {
            if name == *wanted && place.replace(value).is_some() {
                return None;
            }
        }
    }
    read.is_whole().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::{Cacheable, Scope};

    #[test]
    fn a_result_says_how_long_it_holds() {
        let message = r#"{"jsonrpc":"2.0","id":"a","result":{"tools":[{"ttlMs":9}], "ttlMs" : 3000 ,"cacheScope":"public","resultType":"complete"}}"#;
        let found = Cacheable::of(message.as_bytes(), "\"a\"").unwrap();
        assert_eq!((found.ttl_ms, found.scope), (3000, Scope::Public));
        assert_eq!(&found.result[found.ttl_at.clone()], "3000");
        assert!(found.result.starts_with("{\"tools\"") && found.result.ends_with("\"complete\"}"));
        assert_eq!(Cacheable::of(message.as_bytes(), "1"), None, "another's");
        let bare = r#"{"id":1,"result":{"ttlMs":1,"cacheScope":"private"}}"#;
        let scope = Cacheable::of(bare.as_bytes(), "1").map(|found| found.scope);
        assert_eq!(scope, Some(Scope::Private));
    }

    #[test]
    fn what_may_not_be_kept_is_none() {
        for message in [
            r#"{"id":1,"result":{"ttlMs":0,"cacheScope":"public"}}"#,
            r#"{"id":1,"result":{"ttlMs":-5,"cacheScope":"public"}}"#,
            r#"{"id":1,"result":{"ttlMs":1.5,"cacheScope":"public"}}"#,
            r#"{"id":1,"result":{"ttlMs":"5","cacheScope":"public"}}"#,
            r#"{"id":1,"result":{"ttlMs":5}}"#,
            r#"{"id":1,"result":{"ttlMs":5,"cacheScope":"shared"}}"#,
            r#"{"id":1,"result":{"cacheScope":"public"}}"#,
            r#"{"id":1,"result":{"ttlMs":5,"cacheScope":"public","resultType":"input_required"}}"#,
            r#"{"id":1,"result":{"ttlMs":5,"ttlMs":6,"cacheScope":"public"}}"#,
            r#"{"id":1,"result":{"ttlMs":5,"cacheScope":"private","cacheScope":"public"}}"#,
            r#"{"id":1,"result":{"ttlMs":5,"cacheScope":"public"},"error":{}}"#,
            r#"{"id":1,"error":{"ttlMs":5,"cacheScope":"public"}}"#,
            r#"{"id":1,"result":{"ttlMs":5,"cacheScope":"public"}"#,
            r#"{"id":1,"result":7}"#,
            r#"{"method":"x","params":{"ttlMs":5,"cacheScope":"public"}}"#,
        ] {
            assert_eq!(Cacheable::of(message.as_bytes(), "1"), None, "{message}");
        }
    }
}

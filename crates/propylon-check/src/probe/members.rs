//! The members of a JSON object, kept as raw text: a large body is never turned into a tree of values.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Members of one object, at most.
const MEMBERS_MAX: usize = 256;
/// Raw bytes of a member that is turned into a value, at most.
pub(crate) const VALUE_BYTES_MAX: usize = 64 << 10;

/// An object's members in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Reads an object; `None` when `raw` is none, or has too many members.
    pub(crate) fn read(raw: &'a str) -> Option<Self> {
        serde_json::from_str(raw).ok()
    }

    /// The raw text of a member. Of a name given twice the last counts, as in most readers of JSON.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .rev()
            .find(|(member, _)| member == name)
            .map(|(_, raw)| raw.get())
    }

    /// A member's value, if it is not too large to be one.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        self.raw(name).and_then(small_value)
    }

    /// A member that is an object.
    pub(crate) fn object(&self, name: &str) -> Option<Members<'a>> {
        self.raw(name).and_then(Members::read)
    }

    /// A member that is a string.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.raw(name)
            .and_then(|raw| serde_json::from_str(raw).ok())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, raw)| (name.as_ref(), raw.get()))
    }
}

/// The value of raw text, if it is not too large to be one.
pub(crate) fn small_value(raw: &str) -> Option<Value> {
    (raw.len() <= VALUE_BYTES_MAX)
        .then(|| serde_json::from_str(raw).ok())
        .flatten()
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<Name<'de>>()? {
            if members.len() >= MEMBERS_MAX {
                return Err(A::Error::custom("too many members"));
            }
            members.push((name.0, map.next_value()?));
        }
        Ok(Members(members))
    }
}

/// A member's name, borrowed unless it has escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::{Members, VALUE_BYTES_MAX};

    #[test]
    fn members_are_found_raw() {
        let members = Members::read(r#"{"a":1,"\u0062":"x\n","a":[2, 3]}"#).unwrap();
        assert_eq!(members.raw("a"), Some("[2, 3]"));
        assert_eq!(members.text("b").as_deref(), Some("x\n"));
        assert!(members.text("a").is_none());
        assert!(!members.has("c"));
    }

    #[test]
    fn hostile_objects_are_bounded() {
        let many: Vec<String> = (0..300).map(|n| format!("\"{n}\":0")).collect();
        assert!(Members::read(&format!("{{{}}}", many.join(","))).is_none());
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(VALUE_BYTES_MAX));
        assert!(Members::read(&large).unwrap().value("a").is_none());
        assert!(Members::read("[1]").is_none());
    }
}

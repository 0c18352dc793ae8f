//! What of 2026-07-28 may be kept and given again (server/utilities/caching): which question a request asks, and how
//! long and for whom an answer holds.

mod answer;
mod question;

pub use answer::{Cacheable, Scope};
pub use question::Question;

/// What a cacheable result is about, and with it which notification makes it stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// `server/discover`, of whose changes nothing tells.
    Discover,
    /// `tools/list`.
    Tools,
    /// `prompts/list`.
    Prompts,
    /// `resources/list` and `resources/templates/list`.
    Resources,
    /// `resources/read`.
    Read,
}

impl Topic {
    /// Every topic, each at the place of its number.
    pub const ALL: [Self; 5] = [
        Self::Discover,
        Self::Tools,
        Self::Prompts,
        Self::Resources,
        Self::Read,
    ];

    /// The topic of a method whose results carry caching hints.
    pub fn of_method(method: &str) -> Option<Self> {
        match method {
            "server/discover" => Some(Self::Discover),
            "tools/list" => Some(Self::Tools),
            "prompts/list" => Some(Self::Prompts),
            "resources/list" | "resources/templates/list" => Some(Self::Resources),
            "resources/read" => Some(Self::Read),
            _ => None,
        }
    }
}

/// What a notification says has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Every answer on these topics. A list of resources that has changed may lack one that was read.
    Topics(&'static [Topic]),
    /// What was read of this resource, and of those it lies in: the one that was subscribed to may be any of them
    /// (2026-07-28 resources, Subscriptions).
    Resource(Box<str>),
}

/// What every message contains that says so.
pub const NOTIFICATION: &[u8] = b"\"notifications";

impl Change {
    /// What this message says has changed, if it does.
    pub fn told_by(message: &[u8]) -> Option<Self> {
        let peek = crate::peek(message);
        match peek.method.as_deref()? {
            "notifications/tools/list_changed" => Some(Self::Topics(&[Topic::Tools])),
            "notifications/prompts/list_changed" => Some(Self::Topics(&[Topic::Prompts])),
            "notifications/resources/list_changed" => {
                Some(Self::Topics(&[Topic::Resources, Topic::Read]))
            }
            "notifications/resources/updated" => Some(match peek.params.uri {
                Some(uri) => Self::Resource(uri.into()),
                None => Self::Topics(&[Topic::Read]),
            }),
            _ => None,
        }
    }

    /// Whether an answer on `topic`, for a read of `uri`, no longer holds.
    pub fn concerns(&self, topic: Topic, uri: Option<&str>) -> bool {
        match self {
            Self::Topics(topics) => topics.contains(&topic),
            Self::Resource(changed) => {
                topic == Topic::Read && uri.is_none_or(|uri| lies_in(changed, uri))
            }
        }
    }
}

/// Whether `changed` is `uri`, or something under it.
fn lies_in(changed: &str, uri: &str) -> bool {
    changed.strip_prefix(uri).is_some_and(|rest| {
        rest.is_empty() || uri.ends_with('/') || rest.starts_with(['/', '?', '#'])
    })
}

#[cfg(test)]
mod tests {
    use super::{Change, Topic};

    #[test]
    fn topics_stand_at_their_numbers() {
        for (number, topic) in Topic::ALL.into_iter().enumerate() {
            assert_eq!(topic as usize, number);
        }
    }

    #[test]
    fn a_notification_says_what_has_changed() {
        let concerned = |message: &str, topic, uri| {
            let change = Change::told_by(message.as_bytes()).expect(message);
            change.concerns(topic, uri)
        };
        let listed = r#"{"jsonrpc":"2.0","method":"notifications\/tools\/list_changed"}"#;
        assert!(concerned(listed, Topic::Tools, None));
        assert!(!concerned(listed, Topic::Prompts, None));
        let resources = r#"{"method":"notifications/resources/list_changed","params":{}}"#;
        assert!(concerned(resources, Topic::Resources, None));
        assert!(concerned(resources, Topic::Read, Some("a:b")));
        let updated =
            r#"{"method":"notifications/resources/updated","params":{"uri":"file:///a/b"}}"#;
        for (uri, is_concerned) in [
            ("file:///a/b", true),
            ("file:///a", true),
            ("file:///a/", true),
            ("file:///a/b/c", false),
            ("file:///", true),
            ("file:///a/bc", false),
            ("file:///x", false),
        ] {
            assert_eq!(
                concerned(updated, Topic::Read, Some(uri)),
                is_concerned,
                "{uri}"
            );
        }
        assert!(!concerned(updated, Topic::Resources, None));
        for other in [
            r#"{"method":"notifications/progress","params":{}}"#,
            r#"{"id":1,"result":{}}"#,
            "",
        ] {
            assert_eq!(Change::told_by(other.as_bytes()), None, "{other}");
        }
    }
}

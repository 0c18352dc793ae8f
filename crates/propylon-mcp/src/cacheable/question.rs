//! Which question a request asks, apart from everything that makes no difference to the answer.

use std::borrow::Cow;

use super::Topic;
use crate::peek::members::{members, text};

/// A request whose answer may be kept, reduced to what the answer depends on.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What it is about.
    pub topic: Topic,
    /// `params.uri` of a read.
    pub uri: Option<Cow<'a, str>>,
    method: Cow<'a, str>,
    /// The members of `params` but `_meta`, by name, each as its exact text.
    params: Vec<(Cow<'a, str>, &'a str)>,
    /// Those of `_meta` that an answer may depend on.
    meta: Vec<(Cow<'a, str>, &'a str)>,
}

/// What of `_meta` belongs to one request alone, and changes what comes with an answer but not the answer: progress,
/// log messages, and the trace (2026-07-28 basic, `_meta`). What a client is and can do stays: servers adapt to it.
const INCIDENTAL: &[&str] = &[
    "baggage",
    "io.modelcontextprotocol/logLevel",
    "progressToken",
    "traceparent",
    "tracestate",
];

/// What makes a request part of a multi round-trip, whose results must not be cached (caching, Cache Key).
const ROUND_TRIP: &[&str] = &["inputResponses", "requestState"];

impl<'a> Question<'a> {
    /// The question that a whole message asks. `None` where its answer must not be kept, and wherever two readers
    /// could take the message differently: a member that comes twice, or one that no request has.
    pub fn of(message: &'a [u8]) -> Option<Self> {
        let message = std::str::from_utf8(message).ok()?;
        let mut method = None;
        let mut params = Vec::new();
        for (name, value) in sorted(message)? {
            match name.as_ref() {
                "jsonrpc" | "id" => {}
                "method" => method = Some(text(value)?),
                "params" => params = sorted(value)?,
                _ => return None,
            }
        }
        let method = method?;
        let topic = Topic::of_method(&method)?;
        let mut question = Self {
            topic,
            uri: None,
            method,
            params: Vec::new(),
            meta: Vec::new(),
        };
        for (name, value) in params {
            match name.as_ref() {
                name if ROUND_TRIP.contains(&name) => return None,
                "_meta" => question.meta = sorted(value)?,
                _ => {
                    if name == "uri" && topic == Topic::Read {
                        question.uri = Some(text(value)?);
                    }
                    question.params.push((name, value));
                }
            }
        }
        let meta = &mut question.meta;
        meta.retain(|(name, _)| !INCIDENTAL.contains(&name.as_ref()));
        Some(question)
    }

    /// Gives every part that two questions must share to be the same one.
    pub fn each_part(&self, mut part: impl FnMut(&[u8])) {
        part(self.method.as_bytes());
        for members in [&self.params, &self.meta] {
            part(&(members.len() as u64).to_be_bytes());
            for (name, value) in members {
                part(name.as_bytes());
                part(value.as_bytes());
            }
        }
    }
}

/// The members of an object by name. `None` for what is no whole object, or has one of them twice.
fn sorted(json: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    let mut read = members(json);
    let mut found: Vec<_> = read.by_ref().collect();
    found.sort_unstable();
    let twice = found
        .iter()
        .zip(found.iter().skip(1))
        .any(|((one, _), (next, _))| one == next);
    (read.is_whole() && !twice).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::Question;

    fn parts(message: &str) -> Option<Vec<Vec<u8>>> {
        let mut parts = Vec::new();
        Question::of(message.as_bytes())?.each_part(|part| parts.push(part.to_vec()));
        Some(parts)
    }

    #[test]
    fn what_makes_no_difference_is_left_out() {
        let plain = parts(
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"a","_meta":{"io.modelcontextprotocol/clientInfo":{"name":"x"}}}}"#,
        );
        assert!(plain.is_some());
        let same = r#" { "params" : {"_meta":{"progressToken":7,"traceparent":"00-a","io.modelcontextprotocol/logLevel":"debug","io.modelcontextprotocol/clientInfo":{"name":"x"}},"cursor":"a"},"method":"tools/list","id":"q","jsonrpc":"2.0"}"#;
        assert_eq!(parts(same), plain);
        for other in [
            r#"{"id":1,"method":"tools/list","params":{"cursor":"b","_meta":{"io.modelcontextprotocol/clientInfo":{"name":"x"}}}}"#,
            r#"{"id":1,"method":"prompts/list","params":{"cursor":"a","_meta":{"io.modelcontextprotocol/clientInfo":{"name":"x"}}}}"#,
            r#"{"id":1,"method":"tools/list","params":{"cursor":"a","_meta":{"io.modelcontextprotocol/clientInfo":{"name":"y"}}}}"#,
            r#"{"id":1,"method":"tools/list","params":{"cursor":"a","_meta":{"com.example/tenant":1,"io.modelcontextprotocol/clientInfo":{"name":"x"}}}}"#,
            r#"{"id":1,"method":"tools/list","params":{"cursor":"a"}}"#,
            r#"{"id":1,"method":"tools/list"}"#,
        ] {
            assert!(parts(other).is_some(), "{other}");
            assert_ne!(parts(other), plain, "{other}");
        }
    }

    #[test]
    fn what_must_not_be_kept_is_no_question() {
        for message in [
            r#"{"id":1,"method":"tools/call","params":{"name":"x"}}"#,
            r#"{"id":1,"method":"resources/read","params":{"uri":"a","inputResponses":{}}}"#,
            r#"{"id":1,"method":"resources/read","params":{"uri":"a","requestState":null}}"#,
            r#"{"id":1,"method":"resources/read","params":{"uri":7}}"#,
            r#"{"id":1,"method":"tools/list","method":"tools/list"}"#,
            r#"{"id":1,"method":"tools/list","params":{"cursor":"a","cursor":"b"}}"#,
            r#"{"id":1,"method":"tools/list","params":{"_meta":{"a":1,"\u0061":1}}}"#,
            r#"{"id":1,"method":"tools/list","params":{"_meta":[]}}"#,
            r#"{"id":1,"method":"tools/list","extra":1}"#,
            r#"{"id":1,"method":"tools/list","params":{}"#,
            r#"[{"id":1,"method":"tools/list"}]"#,
        ] {
            assert_eq!(parts(message), None, "{message}");
        }
        let read = Question::of(br#"{"method":"resources/read","params":{"uri":"a\u003ab"}}"#);
        assert_eq!(read.unwrap().uri.as_deref(), Some("a:b"));
    }
}

//! The shared cache: whether a request may be answered from it, and whether its answer may be kept.

use propylon_mcp::cacheable::{Question, Scope, Topic};
use propylon_mcp::{Era, media};

use super::classify::Facts;
use crate::cache::{Keys, Mode, Secret};
use crate::http1::field::{Field, elements};
use crate::http1::head::{RequestHead, ResponseHead};
use crate::http1::lines::Lines;
use crate::relay::body::Body;

/// What a request has to do with the cache.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Its method has no answers that are kept.
    None,
    /// It has, but this request must not be answered with one, nor its answer be kept.
    Bypass,
    /// It is looked up.
    Ask(Keys, Mode),
}

/// Plans a request. `at` is all that its answer may depend on besides what it asks and who asks; a client that has shown
/// a certificate comes with its `identity`.
pub(crate) fn plan(
    secret: &Secret,
    request: &RequestHead,
    facts: &Facts,
    body: &Body,
    (at, identity): (&[&[u8]], Option<&str>),
) -> Plan {
    let is_modern = facts.era == Some(Era::Modern) && facts.revision.is_some();
    let method = facts.rpc.method.as_deref().unwrap_or_default();
    if !is_modern || request.method() != "POST" || Topic::of_method(method).is_none() {
        return Plan::None;
    }
    let head = request.head();
    let says = |what| request.lines.lists(head, Field::CacheControl, what);
    let is_usable = body.inbound.is_done()
        && facts.rpc.id.as_deref().is_some_and(|id| id != "null")
        && facts.mismatch.is_none()
        && !says("no-store")
        && accepts_json(request);
    let Some(question) = is_usable.then(|| Question::of(body.data())).flatten() else {
        return Plan::Bypass;
    };
    let mode = match says("no-cache") || says("max-age=0") {
        true => Mode::Refresh,
        false => Mode::Any,
    };
    Plan::Ask(
        secret.keys(question, at, &credentials(request, identity)),
        mode,
    )
}

/// Whether an answer that is no stream will do: every client must take both kinds (2026-07-28 streamable-http, Sending
/// Messages 2).
fn accepts_json(request: &RequestHead) -> bool {
    let mut accepts = request.lines.all(request.head(), Field::Accept);
    let all = |element: &[u8]| element.starts_with(b"*/*");
    accepts.any(|value| elements(value).any(|element| media::is_json(element) || all(element)))
}

/// Headers that say nothing of who asks. Everything else may be a credential of some server's own, or a claim that a
/// proxy in front makes.
const NEUTRAL: &[&str] = &[
    "accept-language",
    "content-type",
    "dnt",
    "priority",
    "referer",
    "user-agent",
];

/// What tells one who asks from another: nothing without `Authorization` or a certificate, and with one of them every
/// header that might.
fn credentials<'r>(request: &'r RequestHead, identity: Option<&'r str>) -> Vec<&'r [u8]> {
    let head = request.head();
    let named = |name: &[u8], what: &str| name.eq_ignore_ascii_case(what.as_bytes());
    let lines = || {
        let told = request.lines.iter();
        told.filter(|line| matches!(line.field, Field::Other | Field::ClientClaim))
    };
    if identity.is_none() && !lines().any(|line| named(line.name(head), "authorization")) {
        return Vec::new();
    }
    lines()
        .filter(|line| {
            let name = line.name(head);
            let is_browsers = name.get(..4).is_some_and(|start| named(start, "sec-"));
            !is_browsers && !NEUTRAL.iter().any(|neutral| named(name, neutral))
        })
        .flat_map(|line| [line.name(head), line.value(head)])
        .chain(identity.map(str::as_bytes))
        .collect()
}

/// For whom an answer with this head may be kept, at most; `None` for nobody.
pub(crate) fn may_keep(head: &[u8], response: &ResponseHead) -> Option<Scope> {
    let lines: &Lines = &response.lines;
    let says = |what| lines.lists(head, Field::CacheControl, what);
    let is_coded = lines
        .first(head, Field::ContentEncoding)
        .is_some_and(|coding| !coding.eq_ignore_ascii_case(b"identity"));
    let sets_cookie = || {
        let mut all = lines.iter();
        all.any(|line| line.name(head).eq_ignore_ascii_case(b"set-cookie"))
    };
    let is_personal = lines.has(Field::McpSessionId) || sets_cookie();
    if response.status != 200 || is_coded || is_personal || says("no-store") {
        return None;
    }
    Some(match says("private") {
        true => Scope::Private,
        false => Scope::Public,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::head::HeadLimits;

    const LIMITS: HeadLimits = HeadLimits {
        bytes_max: 4096,
        count_max: 32,
    };

    const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;

    fn plan_of(lines: &str, message: &str, secret: &Secret) -> Plan {
        plan_with(lines, message, secret, None)
    }

    fn plan_with(lines: &str, message: &str, secret: &Secret, identity: Option<&str>) -> Plan {
        let length = message.len();
        let text = format!(
            "POST /mcp HTTP/1.1\r\nHost: a\r\nAccept: application/json, text/event-stream\r\n{lines}Content-Length: {length}\r\n\r\n{message}"
        );
        let request = RequestHead::parse(&mut text.into_bytes(), LIMITS);
        let mut request = request.unwrap().unwrap();
        let mut facts = Facts::of_head(&request);
        let body = Body::of(&mut request, &mut Vec::new()).unwrap();
        facts.see(&body.peek().unwrap(), body.data(), false);
        plan(secret, &request, &facts, &body, (&[b"/mcp"], identity))
    }

    fn kind(lines: &str, message: &str) -> &'static str {
        match plan_of(lines, message, &Secret::random()) {
            Plan::None => "none",
            Plan::Bypass => "bypass",
            Plan::Ask(_, Mode::Refresh) => "refresh",
            Plan::Ask(..) => "ask",
        }
    }

    #[test]
    fn only_what_may_be_kept_is_asked_for() {
        for (lines, message, expected) in [
            ("", LIST, "ask"),
            ("Cache-Control: max-age=60\r\n", LIST, "ask"),
            ("Cache-Control: no-cache\r\n", LIST, "refresh"),
            ("Cache-Control: max-age=0\r\n", LIST, "refresh"),
            ("Cache-Control: no-cache, no-store\r\n", LIST, "bypass"),
            ("", &LIST.replace("tools/list", "tools/call"), "none"),
            ("", &LIST.replace("2026-07-28", "2025-11-25"), "none"),
            ("", &LIST.replace("\"id\":1", "\"id\":null"), "bypass"),
            (
                "",
                &LIST.replace("{\"_meta\"", "{\"requestState\":\"s\",\"_meta\""),
                "bypass",
            ),
        ] {
            assert_eq!(kind(lines, message), expected, "{lines}{message}");
        }
    }

    #[test]
    fn whoever_may_be_another_has_another_key() {
        let secret = Secret::random();
        let own = |lines: &str| match plan_of(lines, LIST, &secret) {
            Plan::Ask(keys, _) => keys.own,
            other => panic!("{other:?}"),
        };
        let alice = own("Authorization: Bearer a\r\n");
        assert!(alice.is_some());
        assert_eq!(
            alice,
            own("User-Agent: other\r\nAuthorization: Bearer a\r\n")
        );
        for other in [
            "Authorization: Bearer b\r\n",
            "Authorization: Bearer a\r\nCookie: user=b\r\n",
            "Authorization: Bearer a\r\nX-Api-Key: b\r\n",
            "Authorization: Bearer a\r\nX-Forwarded-User: b\r\n",
        ] {
            assert_ne!(alice, own(other), "{other}");
        }
        let shown = |identity| match plan_with("", LIST, &secret, Some(identity)) {
            Plan::Ask(keys, _) => keys.own,
            other => panic!("{other:?}"),
        };
        assert_ne!(shown("alice"), shown("bob"));
        assert!(shown("alice").is_some());
        assert_eq!(
            own("Cookie: user=a\r\n"),
            None,
            "no credentials as the cache counts them"
        );
    }

    #[test]
    fn a_head_can_narrow_for_whom_an_answer_is() {
        for (lines, expected) in [
            ("", Some(Scope::Public)),
            (
                "Cache-Control: no-cache, no-transform\r\n",
                Some(Scope::Public),
            ),
            ("Cache-Control: private\r\n", Some(Scope::Private)),
            ("Cache-Control: no-store\r\n", None),
            ("Content-Encoding: gzip\r\n", None),
            ("Set-Cookie: a=b\r\n", None),
            ("Mcp-Session-Id: a\r\n", None),
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
            let response = ResponseHead::parse(head.as_bytes(), LIMITS)
                .unwrap()
                .unwrap();
            assert_eq!(may_keep(head.as_bytes(), &response), expected, "{lines}");
        }
    }
}

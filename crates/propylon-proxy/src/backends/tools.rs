//! The tools of a registered server that may be called: every message is read whole before any of it leaves.
//!
//! Two readers may take a message differently: one that the proxy cannot read as the strictest and as the most lenient
//! server alike is refused.

use std::collections::BTreeSet;

use propylon_mcp::peek::members::{elements, members, text};

use crate::error::ProxyError;
use crate::http1::field::Field;
use crate::http1::head::RequestHead;
use crate::reason::Reason;
use crate::relay::body::Body;
use crate::upstream::Upstream;

const CALL: &str = "tools/call";

/// The tools that may be called, where not all may.
fn allowed(upstream: &Upstream) -> Option<&BTreeSet<String>> {
    upstream.backend.as_ref()?.spec.tools.as_ref()
}

/// Whether the whole body must be seen before any of it leaves.
pub(crate) fn must_see(body: &Body, upstream: &Upstream) -> bool {
    !body.is_empty() && allowed(upstream).is_some()
}

/// Lets a request through that calls no tool but those that may be called.
pub(crate) fn judge(
    request: &RequestHead,
    body: &Body,
    upstream: &Upstream,
) -> Result<(), ProxyError> {
    let Some(allowed) = allowed(upstream).filter(|_| !body.is_empty()) else {
        return Ok(());
    };
    let refused = |what| ProxyError::found(Reason::ToolRefused, what);
    let coding = request
        .lines
        .first(request.head(), Field::ContentEncoding)
        .filter(|coding| !coding.eq_ignore_ascii_case(b"identity"));
    if coding.is_some() {
        return Err(refused("a body with a content coding cannot be read"));
    }
    if !body.inbound.is_done() {
        return Err(refused("the body is larger than limits.peek_bytes"));
    }
    read(body.data(), allowed).map_err(refused)
}

/// Reads a message, or a batch of them.
fn read(body: &[u8], allowed: &BTreeSet<String>) -> Result<(), &'static str> {
    let json = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8")?;
    let json = json.trim_ascii();
    let Some(inner) = json
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    else {
        return message(json, allowed);
    };
    let mut end = 0;
    for element in elements(json) {
        message(element, allowed)?;
        let start = element.as_ptr() as usize - json.as_ptr() as usize;
        end = start + element.len();
    }
    // What the reader of elements stopped at was not read.
    let rest = json.get(end..).unwrap_or_default().trim_ascii();
    let is_whole = rest == "]" && end > 0 || inner.trim_ascii().is_empty();
    is_whole.then_some(()).ok_or("the body is not JSON")
}

fn message(json: &str, allowed: &BTreeSet<String>) -> Result<(), &'static str> {
    let [method, params] = once(json, ["method", "params"])?;
    let Some(method) = method else {
        return Ok(());
    };
    let method = text(method).ok_or("its method is not a text")?;
    if method != CALL {
        let is_near = method.trim().eq_ignore_ascii_case(CALL);
        return if is_near {
            Err("its method is nearly tools/call")
        } else {
            Ok(())
        };
    }
    let [name] = once(params.ok_or("it calls no tool")?, ["name"])?;
    let name = name.and_then(text).ok_or("it calls no tool")?;
    if allowed.contains(&*name) {
        Ok(())
    } else {
        Err("the tool is not one that may be called")
    }
}

/// The values of these members of an object, which it has once, in this spelling.
fn once<'j, const N: usize>(
    json: &'j str,
    names: [&str; N],
) -> Result<[Option<&'j str>; N], &'static str> {
    let mut found = [None; N];
    let mut all = members(json);
    for (member, value) in all.by_ref() {
        let Some(index) = names.iter().position(|name| resembles(&member, name)) else {
            continue;
        };
        let (Some(slot), Some(name)) = (found.get_mut(index), names.get(index)) else {
            continue;
        };
        if member != *name || slot.is_some() {
            return Err("a member that decides is there twice, or oddly spelt");
        }
        *slot = Some(value);
    }
    if all.is_whole() {
        Ok(found)
    } else {
        Err("the body is not one JSON object")
    }
}

/// Whether some reader takes one for the other: Go's matches names whatever their case, by Unicode's rules.
fn resembles(member: &str, name: &str) -> bool {
    let folded = member.chars().map(|c| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    });
    folded.eq(name.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_reader_reads_alike_is_let_through() {
        let allowed = BTreeSet::from(["echo".to_owned()]);
        let good = [
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"name":"rm"}}}"#,
            r#" {"params":{"name":"ec\u0068o"},"method":"tools\/call","id":1} "#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"[{"method":"tools/call","params":{"name":"echo"}},{"method":"ping"}]"#,
            "[]",
        ];
        for body in good {
            assert_eq!(read(body.as_bytes(), &allowed), Ok(()), "{body}");
        }
        let bad = [
            r#"{"method":"tools/call","params":{"name":"rm"}}"#,
            r#"{"method":"tools/call","params":{"name":"Echo"}}"#,
            r#"{"method":"tools/call","params":{"name":"echo","name":"rm"}}"#,
            r#"{"method":"tools/call","params":{"name":"echo","Name":"rm"}}"#,
            r#"{"method":"tools/call","params":{"name":"echo"},"params":{"name":"rm"}}"#,
            r#"{"method":"ping","method":"tools/call","params":{"name":"rm"}}"#,
            r#"{"method":"ping","METHOD":"tools/call","params":{"name":"rm"}}"#,
            "{\"method\":\"ping\",\"param\u{17f}\":{\"name\":\"rm\"}}",
            r#"{"method":"Tools/Call","params":{"name":"rm"}}"#,
            r#"{"method":"tools/call ","params":{"name":"rm"}}"#,
            r#"{"method":"tools/call","params":["rm"]}"#,
            r#"{"method":"tools/call","params":{"name":["rm"]}}"#,
            r#"{"method":"tools/call"}"#,
            r#"{"method":["tools/call"],"params":{"name":"rm"}}"#,
            r#"[{"method":"ping"},{"method":"tools/call","params":{"name":"rm"}}]"#,
            r#"[{"method":"ping"} {"method":"tools/call","params":{"name":"rm"}}]"#,
            r#"[x,{"method":"tools/call","params":{"name":"rm"}}]"#,
            r#"[[{"method":"tools/call","params":{"name":"rm"}}]]"#,
            r#"{"method":"ping"}{"method":"tools/call","params":{"name":"rm"}}"#,
            r#"{"method":"ping""#,
            r#"{method:"tools/call","params":{"name":"rm"}}"#,
            "",
            "x",
        ];
        for body in bad {
            assert!(read(body.as_bytes(), &allowed).is_err(), "{body}");
        }
        assert!(read(b"\xff\xfe{\0", &allowed).is_err());
    }
}

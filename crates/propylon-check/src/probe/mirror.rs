//! Whether the mirrored headers of a modern request say what its body says (2026-07-28 streamable-http, Server Validation).
//!
//! Written apart from the proxy's own check on purpose: the judge and the judged must not share a mistake.

use serde_json::Value;

use super::head::{RequestHead, latin};
use super::members::Members;
use super::message::{HEADER_MISMATCH, Refusal};

/// A mirrored argument: the schema's property and the header's name after `Mcp-Param-`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MirroredParam {
    pub(crate) property: String,
    pub(crate) header: String,
}

fn mismatch(message: String) -> Refusal {
    Refusal::new(400, HEADER_MISMATCH, format!("Header mismatch: {message}"))
}

/// The one value of a header; `None` without it, refused when there are two or it has bytes a value may not have.
fn single(head: &RequestHead, name: &str) -> Result<Option<String>, Refusal> {
    let mut values = head.all(name);
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(mismatch(format!("{name} is there twice")));
    }
    let Some(value) = first else { return Ok(None) };
    let safe = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~');
    if value.iter().all(safe) {
        Ok(Some(latin(value)))
    } else {
        Err(mismatch(format!("{name} has invalid characters")))
    }
}

/// A header's value, taken out of the Base64 sentinel if it is in one.
fn decoded(name: &str, value: String) -> Result<String, Refusal> {
    let Some(inner) = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="))
    else {
        return Ok(value);
    };
    let text = base64(inner.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| mismatch(format!("{name} is not Base64 of UTF-8")))
}

/// A required header whose body value is `body`.
fn required(head: &RequestHead, name: &str, body: &str, may_encode: bool) -> Result<(), Refusal> {
    let Some(value) = single(head, name)? else {
        return Err(mismatch(format!("{name} is missing")));
    };
    let value = if may_encode {
        decoded(name, value)?
    } else {
        value
    };
    if value == body {
        return Ok(());
    }
    Err(mismatch(format!(
        "{name} header value '{value}' does not match body value '{body}'"
    )))
}

/// Checks `MCP-Protocol-Version` against the body's.
pub(crate) fn check_version(head: &RequestHead, body: &str) -> Result<(), Refusal> {
    required(head, "MCP-Protocol-Version", body, false)
}

/// Checks `Mcp-Method` and, for the methods that have one, `Mcp-Name`.
pub(crate) fn check_standard(
    head: &RequestHead,
    method: &str,
    params: &Members<'_>,
) -> Result<(), Refusal> {
    required(head, "Mcp-Method", method, false)?;
    let source = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        "tasks/get" | "tasks/update" | "tasks/cancel" => "taskId",
        _ => return Ok(()),
    };
    match params.text(source) {
        Some(name) => required(head, "Mcp-Name", &name, true),
        None => Ok(()),
    }
}

/// Checks the `Mcp-Param-*` headers the tool asks for.
pub(crate) fn check_params(
    head: &RequestHead,
    arguments: &Members<'_>,
    mirrored: &[MirroredParam],
) -> Result<(), Refusal> {
    for MirroredParam { property, header } in mirrored {
        let name = format!("Mcp-Param-{header}");
        let body = arguments.value(property).filter(|value| !value.is_null());
        let given = single(head, &name)?;
        match (body, given) {
            (None, None) => {}
            (Some(_), None) => return Err(mismatch(format!("{name} is missing"))),
            (None, Some(_)) => {
                return Err(mismatch(format!(
                    "{name} is there, and argument {property} is not"
                )));
            }
            (Some(body), Some(given)) => {
                let given = decoded(&name, given)?;
                if !same(&given, &body) {
                    return Err(mismatch(format!(
                        "{name} header value '{given}' does not match body value {body}"
                    )));
                }
            }
        }
    }
    Ok(())
}

fn same(header: &str, body: &Value) -> bool {
    match body {
        Value::String(text) => header == text,
        Value::Bool(flag) => header == if *flag { "true" } else { "false" },
        Value::Number(number) => match (header.parse::<f64>(), number.as_f64()) {
            (Ok(header), Some(body)) => {
                (header - body).abs() < 0.5 && header.fract() == body.fract()
            }
            _ => false,
        },
        _ => false,
    }
}

/// Strict standard Base64, padding and all (RFC 4648, 4).
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = text.get(..text.len() - padding)?;
    if padding > 2 {
        return None;
    }
    let (mut bytes, mut bits, mut count) = (Vec::with_capacity(text.len() / 4 * 3), 0_u32, 0_u32);
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    (bits & ((1 << count) - 1) == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{MirroredParam, base64, check_params, check_standard, check_version};
    use crate::probe::head::{RequestHead, parse};
    use crate::probe::members::Members;

    fn head(fields: &str) -> RequestHead {
        parse(format!("POST / HTTP/1.1\r\n{fields}\r\n").as_bytes())
            .unwrap()
            .unwrap()
            .0
    }

    #[test]
    fn base64_is_strict() {
        assert_eq!(
            base64(b"SGVsbG8sIOS4lueVjA==").unwrap(),
            "Hello, 世界".as_bytes()
        );
        assert_eq!(base64(b"").unwrap(), b"");
        for bad in ["SGVsbG8", "SGV=bG8=", "====", "SGVsbG9=", "SG-_"] {
            assert!(base64(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn standard_headers_are_held_to_the_body() {
        let params = Members::read(r#"{"name":"Hello, 世界"}"#).unwrap();
        let check = |fields: &str| {
            check_standard(&head(fields), "tools/call", &params).map_err(|refusal| refusal.code)
        };
        assert_eq!(
            check("mcp-method: tools/call\r\nMcp-Name: =?base64?SGVsbG8sIOS4lueVjA==?=\r\n"),
            Ok(())
        );
        for bad in [
            "",
            "Mcp-Method: tools/call\r\n",
            "Mcp-Method: Tools/call\r\nMcp-Name: =?base64?SGVsbG8sIOS4lueVjA==?=\r\n",
            "Mcp-Method: tools/call\r\nMcp-Name: other\r\n",
            "Mcp-Method: tools/call\r\nMcp-Name: =?base64?!!!!?=\r\n",
            "Mcp-Method: tools/call\r\nMcp-Name: \u{4e16}\r\n",
            "Mcp-Method: tools/call\r\nMcp-Method: tools/call\r\nMcp-Name: =?base64?SGVsbG8sIOS4lueVjA==?=\r\n",
        ] {
            assert_eq!(check(bad), Err(-32_020), "{bad}");
        }
        assert!(check_version(&head("mcp-protocol-version: 2026-07-28\r\n"), "2026-07-28").is_ok());
        assert!(
            check_version(&head("mcp-protocol-version: 2025-11-25\r\n"), "2026-07-28").is_err()
        );
    }

    #[test]
    fn arguments_are_mirrored_or_refused() {
        let arguments = Members::read(r#"{"r":"us","n":42,"b":true,"z":null}"#).unwrap();
        let mirrored = ["r", "n", "b", "z"].map(|name| MirroredParam {
            property: name.into(),
            header: name.into(),
        });
        let check = |fields: &str| {
            check_params(&head(fields), &arguments, &mirrored).map_err(|refusal| refusal.code)
        };
        assert_eq!(
            check(
                "Mcp-Param-R: us\r\nMcp-Param-N: 42.0\r\nMcp-Param-B: true\r\nMcp-Param-Other: x\r\n"
            ),
            Ok(())
        );
        assert!(check("Mcp-Param-R: us\r\nMcp-Param-N: 42\r\n").is_err());
        assert!(check("Mcp-Param-R: eu\r\nMcp-Param-N: 42\r\nMcp-Param-B: true\r\n").is_err());
        assert!(check("Mcp-Param-R: us\r\nMcp-Param-N: 43\r\nMcp-Param-B: true\r\n").is_err());
        assert!(
            check("Mcp-Param-R: us\r\nMcp-Param-N: 42\r\nMcp-Param-B: true\r\nMcp-Param-Z: x\r\n")
                .is_err()
        );
    }
}

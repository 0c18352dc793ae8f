//! `x-mcp-header`: which arguments of which tools are to be mirrored, read from a `tools/list` result.

use std::borrow::Cow;

use memchr::memmem;

use crate::peek::members::{elements, member, members, text};

/// What every result that names tools contains. A writer that escapes these letters is not known.
pub const TOOLS: &[u8] = b"\"tools\"";

/// Most annotations of one tool; one that has more is not remembered.
pub const ANNOTATIONS_MAX: usize = 32;
/// Most bytes of one tool's annotations, their names and paths together.
pub const ANNOTATED_BYTES_MAX: usize = 4096;

const KEYWORD: &str = "x-mcp-header";
const KEYWORD_QUOTED: &[u8] = b"\"x-mcp-header\"";

/// One argument that a tool's `inputSchema` marks with `x-mcp-header`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// What follows `Mcp-Param-` in the header's name.
    pub header: Box<str>,
    /// The names of the properties that lead to the argument, from the outermost.
    pub path: Box<[Box<str>]>,
    /// Whether the argument is an integer, and so compared as a number.
    pub is_integer: bool,
}

/// A tool as a `tools/list` result has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Its `name`.
    pub name: Box<str>,
    /// Its annotations; none where it has none, or breaks a rule of theirs: its clients then leave the whole tool out.
    pub annotations: Box<[Annotation]>,
}

/// The tools that a response to `tools/list` names, in their order; none where it is no such response.
pub fn tools_of(response: &[u8]) -> Vec<Tool> {
    let list = || {
        let result = member(std::str::from_utf8(response).ok()?, "result")?;
        member(result, "tools")
    };
    let tool = |json| {
        let name = text(member(json, "name")?)?;
        let annotations = annotations_of(json).unwrap_or_default();
        Some(Tool {
            name: name.into(),
            annotations: annotations.into(),
        })
    };
    elements(list().unwrap_or("[]")).filter_map(tool).collect()
}

/// The annotations of a tool; `None` where they break a rule.
fn annotations_of(tool: &str) -> Option<Vec<Annotation>> {
    if memmem::find(tool.as_bytes(), KEYWORD_QUOTED).is_none() {
        return Some(Vec::new());
    }
    let mut walk = Walk::default();
    walk.visit(member(tool, "inputSchema")?)?;
    Some(walk.found)
}

/// On its way through a schema, along `properties` alone (2026-07-28 streamable-http, Schema Extension).
#[derive(Default)]
struct Walk<'a> {
    path: Vec<Cow<'a, str>>,
    found: Vec<Annotation>,
    bytes: usize,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, schema: &'a str) -> Option<()> {
        const DEPTH_MAX: usize = 16;
        if self.path.len() > DEPTH_MAX {
            return None;
        }
        let (mut header, mut kind, mut properties) = (None, None, None);
        for (name, value) in members(schema) {
            match name.as_ref() {
                KEYWORD => header = Some(value),
                "type" => kind = Some(value),
                "properties" => properties = Some(value),
                // An annotation anywhere else makes the tool invalid.
                _ if memmem::find(value.as_bytes(), KEYWORD_QUOTED).is_some() => return None,
                _ => {}
            }
        }
        if let Some(header) = header {
            self.take(&text(header)?, &text(kind?)?)?;
        }
        for (name, property) in members(properties.unwrap_or("{}")) {
            self.path.push(name);
            self.visit(property)?;
            self.path.pop();
        }
        Some(())
    }

    fn take(&mut self, header: &str, kind: &str) -> Option<()> {
        let is_primitive = matches!(kind, "string" | "integer" | "boolean");
        let is_token = !header.is_empty() && header.bytes().all(is_token_byte);
        let is_known = |known: &Annotation| known.header.eq_ignore_ascii_case(header);
        if self.path.is_empty() || !is_primitive || !is_token || self.found.iter().any(is_known) {
            return None;
        }
        self.bytes += header.len() + self.path.iter().map(|name| name.len()).sum::<usize>();
        if self.found.len() == ANNOTATIONS_MAX || self.bytes > ANNOTATED_BYTES_MAX {
            return None;
        }
        self.found.push(Annotation {
            header: header.into(),
            path: self.path.iter().map(|name| name.as_ref().into()).collect(),
            is_integer: kind == "integer",
        });
        Some(())
    }
}

/// Whether a header's name may hold the byte (RFC 9110, 5.6.2).
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

#[cfg(test)]
mod tests {
    use super::{ANNOTATIONS_MAX, tools_of};

    /// The headers of the one tool with this schema, with their paths.
    fn check(schema: &str, expected: &[&str]) {
        let response = format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"resultType":"complete","tools":[{{"name":"t","inputSchema":{schema}}}]}}}}"#
        );
        let tools = tools_of(response.as_bytes());
        assert_eq!(tools.len(), 1, "{schema}");
        assert_eq!(&*tools[0].name, "t");
        let found: Vec<_> = tools[0]
            .annotations
            .iter()
            .map(|known| {
                let number = if known.is_integer { " #" } else { "" };
                format!("{}={}{number}", known.header, known.path.join("."))
            })
            .collect();
        assert_eq!(found, expected, "{schema}");
    }

    /// An object with one annotated property of that type.
    fn one(header: &str, kind: &str) -> String {
        format!(
            r#"{{"type":"object","properties":{{"p":{{"type":{kind},"x-mcp-header":{header}}}}}}}"#
        )
    }

    #[test]
    fn annotations_are_found_along_properties() {
        check(
            r#"{"type":"object","properties":{"q":{"type":"string"}}}"#,
            &[],
        );
        check(&one(r#""Region""#, r#""string""#), &["Region=p"]);
        check(&one(r#""user_id.v2""#, r#""integer""#), &["user_id.v2=p #"]);
        check(&one(r#""Method""#, r#""boolean""#), &["Method=p"]);
        check(
            r#"{"properties":{"page":{"type":"object","properties":{"si\u007ae":{"x-mcp-header":"Size","type":"integer"}}},
               "x-mcp-header":{"type":"string","description":"a property of that name: \"x-mcp-header\""}}}"#,
            &["Size=page.size #"],
        );
        check(
            r#"{"properties":{"p":{"x-mcp-header":"A","x-mcp-header":"B","type":"string"}}}"#,
            &["B=p"],
        );
    }

    #[test]
    fn one_broken_rule_leaves_the_tool_out() {
        for header in [
            r#""""#,
            r#""My Region""#,
            r#""a:b""#,
            r#""Région""#,
            r#""a\tb""#,
            r#""a\r\nb""#,
            "7",
            "null",
        ] {
            check(&one(header, r#""string""#), &[]);
        }
        for kind in [
            r#""number""#,
            r#""object""#,
            r#""array""#,
            r#""null""#,
            r#"["string","null"]"#,
            "7",
        ] {
            check(&one(r#""A""#, kind), &[]);
        }
        let good = r#""g":{"type":"string","x-mcp-header":"Good"}"#;
        for bad in [
            r#""b":{"type":"string","x-mcp-header":"gOOD"}"#,
            r#""b":{"x-mcp-header":"B"}"#,
            r#""b":{"type":"array","items":{"type":"string","x-mcp-header":"B"}}"#,
            r#""b":{"oneOf":[{"properties":{"c":{"type":"string","x-mcp-header":"B"}}}]}"#,
        ] {
            check(&format!(r#"{{"properties":{{{good},{bad}}}}}"#), &[]);
        }
        check(
            &format!(r#"{{"properties":{{{good}}},"$defs":{{"d":{{"x-mcp-header":"B"}}}}}}"#),
            &[],
        );
        check(r#"{"x-mcp-header":"Root","type":"string"}"#, &[]);
    }

    #[test]
    fn what_is_too_much_is_not_remembered() {
        let many = |count: usize| {
            let property =
                |number| format!(r#""p{number}":{{"type":"string","x-mcp-header":"H{number}"}}"#);
            let all: Vec<_> = (0..count).map(property).collect();
            format!(r#"{{"properties":{{{}}}}}"#, all.join(","))
        };
        let expected: Vec<_> = (0..ANNOTATIONS_MAX)
            .map(|number| format!("H{number}=p{number}"))
            .collect();
        let expected: Vec<_> = expected.iter().map(String::as_str).collect();
        check(&many(ANNOTATIONS_MAX), &expected);
        check(&many(ANNOTATIONS_MAX + 1), &[]);
        check(
            &one(&format!("\"{}\"", "h".repeat(5000)), r#""string""#),
            &[],
        );
        let deep = |levels: usize| {
            let inner = one(r#""A""#, r#""string""#);
            (0..levels).fold(inner, |inner, _| {
                format!(r#"{{"properties":{{"p":{inner}}}}}"#)
            })
        };
        check(&deep(40), &[]);
    }

    #[test]
    fn only_a_list_of_tools_names_any() {
        for other in [
            "{}",
            r#"{"error":{"code":1}}"#,
            r#"{"result":{"tools":{}}}"#,
            r#"{"result":{"resources":[{"name":"r"}]}}"#,
            r#"{"result":{"tools":[7,{"name":7},{}]}}"#,
            r#"{"params":{"tools":[{"name":"t"}]}}"#,
        ] {
            assert_eq!(tools_of(other.as_bytes()), [], "{other}");
        }
        assert_eq!(tools_of(b"\xff"), []);
        let two = tools_of(br#"{"result":{"tools":[{"name":"a"},{"name":"b","inputSchema":{}}]}}"#);
        assert_eq!(
            two.iter().map(|tool| &*tool.name).collect::<Vec<_>>(),
            ["a", "b"]
        );
    }
}

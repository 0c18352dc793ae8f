//! True headers pass and lies do not, whatever the body looks like.

use proptest::prelude::{any, prop_assert_eq, proptest};

use super::*;
use crate::peek::peek;

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;

fn body(method: &str, params: &str) -> String {
    let comma = if params.is_empty() { "" } else { "," };
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params}{comma}{META}}}}}"#)
}

fn lines<'a>(values: &'a [&'a str]) -> Lines<'a> {
    Lines::of(values.iter().map(|value| value.as_bytes()))
}

/// `None` where the rule does not bind.
fn judge(headers: Headers<'_>, body: &str) -> Option<Result<(), Mismatch>> {
    let [version, method, name] = headers.map(lines);
    let peek = peek(body.as_bytes());
    let mirror = Mirror {
        version,
        method,
        name,
    };
    binds(version, &peek).then(|| verify(mirror, &peek))
}

fn check(headers: Headers<'_>, body: &str, expected: Result<(), (Header, Fault)>) {
    let expected = expected.map_err(|(header, fault)| Mismatch::Header(header, fault));
    assert_eq!(judge(headers, body), Some(expected), "{headers:?} {body}");
}

/// The lines of version, method and name.
type Headers<'a> = [&'a [&'a str]; 3];

const NOW: &[&str] = &["2026-07-28"];

#[test]
fn what_the_body_says_passes() {
    let cases: &[(&[&str], &[&str], String)] = &[
        (&["tools/list"], &[], body("tools/list", "")),
        (
            &["tools/call"],
            &["a b"],
            body("tools/call", r#""name":"a b""#),
        ),
        (
            &["tools/call"],
            &["=?base64?w6k=?="],
            body("tools/call", r#""name":"é""#),
        ),
        (
            &["tools/call"],
            &["x"],
            body(r"tools\/call", r#""name":"\u0078""#),
        ),
        (
            &["prompts/get"],
            &["p"],
            body("prompts/get", r#""name":"p","uri":"u""#),
        ),
        (
            &["resources/read"],
            &["file:///a%20b"],
            body("resources/read", r#""name":"p","uri":"file:///a%20b""#),
        ),
        (
            &["tasks/get"],
            &["t-1"],
            body("tasks/get", r#""taskId":"t-1""#),
        ),
        (&["tasks/get"], &[], body("tasks/get", r#""taskId":"t-1""#)),
        (
            &["x/own"],
            &["whatever"],
            body("x/own", r#""name":"other""#),
        ),
        (
            &["tools/call"],
            &["last"],
            body("tools/call", r#""name":"first","name":"last""#),
        ),
        (&[], &[], r#"{"method":"notifications/x"}"#.into()),
        // The server says what is wrong with these.
        (&["tools/call"], &[], body("tools/call", "")),
        (
            &["tools/list"],
            &[],
            r#"{"id":1,"method":"tools/list"}"#.into(),
        ),
    ];
    for (method, name, body) in cases {
        check([NOW, method, name], body, Ok(()));
    }
}

#[test]
fn a_version_or_method_the_body_does_not_say_is_refused() {
    use {
        Fault::*,
        Header::{Method, ProtocolVersion},
    };
    let call = body("tools/call", r#""name":"run""#);
    let cases: &[(Headers, &str, (Header, Fault))] = &[
        (
            [&[], &["tools/call"], &["run"]],
            &call,
            (ProtocolVersion, Missing),
        ),
        (
            [&["2025-11-25"], &["tools/call"], &["run"]],
            &call,
            (ProtocolVersion, Differs),
        ),
        (
            [&["2026-07-29"], &["tools/call"], &["run"]],
            &call,
            (ProtocolVersion, Differs),
        ),
        (
            [&["2025-11-25", "2026-07-28"], &["tools/call"], &["run"]],
            &call,
            (ProtocolVersion, Repeated),
        ),
        ([NOW, &[], &["run"]], &call, (Method, Missing)),
        ([NOW, &["tools/list"], &["run"]], &call, (Method, Differs)),
        ([NOW, &["TOOLS/CALL"], &["run"]], &call, (Method, Differs)),
        (
            [NOW, &["tools/call", "tools/call"], &["run"]],
            &call,
            (Method, Repeated),
        ),
        (
            [NOW, &["=?base64?dG9vbHMvY2FsbA==?="], &["run"]],
            &call,
            (Method, Differs),
        ),
    ];
    for (headers, body, expected) in cases {
        check(*headers, body, Err(*expected));
    }
}

#[test]
fn a_name_the_body_does_not_say_is_refused() {
    use {
        Fault::*,
        Header::{Method, Name},
    };
    let call = body("tools/call", r#""name":"run""#);
    let read = body("resources/read", r#""name":"public","uri":"secret""#);
    let cases: &[(Headers, &str, (Header, Fault))] = &[
        ([NOW, &["tools/call"], &[]], &call, (Name, Missing)),
        ([NOW, &["tools/call"], &["other"]], &call, (Name, Differs)),
        (
            [NOW, &["tools/call"], &["run", "other"]],
            &call,
            (Name, Repeated),
        ),
        (
            [NOW, &["tools/call"], &["=?base64?cnVu"]],
            &call,
            (Name, Differs),
        ),
        (
            [NOW, &["tools/call"], &["=?base64?cnV?="]],
            &call,
            (Name, Malformed),
        ),
        (
            [NOW, &["tools/call"], &["r\u{fc}n"]],
            &call,
            (Name, Malformed),
        ),
        (
            [NOW, &["resources/read"], &["public"]],
            &read,
            (Name, Differs),
        ),
        (
            [NOW, &["tasks/get"], &["t"]],
            &body("tasks/get", r#""taskId":"u""#),
            (Name, Differs),
        ),
        (
            [NOW, &["tools/call"], &["run"]],
            &body("tools/call", ""),
            (Name, Differs),
        ),
        (
            [NOW, &["tools/list"], &[]],
            r#"{"id":1,"result":{}}"#,
            (Method, Differs),
        ),
    ];
    for (headers, body, expected) in cases {
        check(*headers, body, Err(*expected));
    }
}

#[test]
fn a_body_that_cannot_be_compared_matches_nothing() {
    let deep = "[".repeat(200);
    for body in ["[]", "{\"a\":NaN}", "1", &format!(r#"{{"a":{deep}"#)] {
        let judged = judge([NOW, &["tools/list"], &[]], body);
        assert_eq!(judged, Some(Err(Mismatch::Body)), "{body}");
    }
}

#[test]
fn half_a_body_is_held_to_what_was_seen() {
    let whole = body("tools/call", r#""name":"run""#);
    for end in 1..whole.len() {
        check([NOW, &["tools/call"], &["run"]], &whole[..end], Ok(()));
        if end > whole.find("params").unwrap() {
            let missing = Err((Header::Name, Fault::Missing));
            check([NOW, &["tools/call"], &[]], &whole[..end], missing);
        }
    }
}

#[test]
fn earlier_revisions_bind_nothing() {
    let initialize = r#"{"id":1,"method":"initialize","params":{"protocolVersion":"2026-07-28"}}"#;
    let call = r#"{"id":1,"method":"tools/call","params":{"name":"run"}}"#;
    for version in [
        &[][..],
        &["2025-11-25"],
        &["2025-03-26", "2025-11-25"],
        &["x"],
    ] {
        for body in [initialize, call, "[]", "nonsense"] {
            assert_eq!(
                judge([version, &["lie"], &["lie", "lie"]], body),
                None,
                "{version:?} {body}"
            );
        }
    }
}

fn annotation(header: &str, path: &[&str], is_integer: bool) -> Annotation {
    Annotation {
        header: header.into(),
        path: path.iter().map(|name| (*name).into()).collect(),
        is_integer,
    }
}

#[test]
fn known_params_are_their_arguments() {
    let known = [
        annotation("region", &["region"], false),
        annotation("count", &["page", "count"], true),
        annotation("flag", &["flag"], false),
    ];
    let judge = |arguments: &str, header: &str, values: &[&str]| {
        verify_params(&known, Some(arguments), |name| {
            lines(if name == header { values } else { &[] })
        })
    };
    let cases: &[(&str, &str, &str, bool)] = &[
        (r#"{"region":"eu"}"#, "region", "eu", true),
        (r#"{"region":"e\u0075"}"#, "region", "=?base64?ZXU=?=", true),
        (r#"{"region":""}"#, "region", "", true),
        (r#"{"region":"us","region":"eu"}"#, "region", "eu", true),
        (r#"{"region":"us"}"#, "region", "eu", false),
        (r#"{"region":null}"#, "region", "null", false),
        (r#"{"region":["eu"]}"#, "region", "[\"eu\"]", false),
        ("{}", "region", "eu", false),
        (r#"{"flag":true}"#, "flag", "true", true),
        (r#"{"flag":true}"#, "flag", "True", false),
        (r#"{"page":{"count":42}}"#, "count", "42", true),
        (r#"{"page":{"count":42}}"#, "count", "42.0", true),
        (r#"{"page":{"count":4.2e1}}"#, "count", "42", true),
        (r#"{"page":{"count":-7}}"#, "count", "-7", true),
        (r#"{"page":{"count":42}}"#, "count", "43", false),
        (
            r#"{"page":{"count":9007199254740993}}"#,
            "count",
            "9007199254740992",
            false,
        ),
        (r#"{"page":{"count":42}}"#, "count", "inf", false),
        (r#"{"page":42}"#, "count", "42", false),
        (r#"{"count":42}"#, "count", "42", false),
    ];
    for (arguments, header, value, expected) in cases {
        let judged = judge(arguments, header, &[value]);
        assert_eq!(judged.is_ok(), *expected, "{arguments} {header}: {value}");
    }
    let missing = Err(Mismatch::Header(Header::Param, Fault::Missing));
    assert_eq!(judge(r#"{"region":"eu"}"#, "region", &[]), missing);
    assert_eq!(judge(r#"{"region":"eu"}"#, "flag", &[]), missing);
    for none in [
        r#"{"region":null}"#,
        r#"{"region":["eu"]}"#,
        r#"{"page":7}"#,
        "{}",
    ] {
        assert_eq!(judge(none, "region", &[]), Ok(()), "{none}");
    }
    assert!(judge(r#"{"region":"eu"}"#, "region", &["eu", "eu"]).is_err());
    assert!(judge(r#"{"region":"eu"}"#, "region", &["=?base64?e?="]).is_err());
    let unseen = |values| {
        verify_params(&known, None, |name| {
            lines(if name == "region" { values } else { &[] })
        })
    };
    assert_eq!(unseen(&["anything"]), Ok(()));
    assert!(unseen(&["=?base64?e?="]).is_err() && unseen(&["a", "a"]).is_err());
}

proptest! {
    #[test]
    fn any_name_passes_as_it_is_and_encoded(name: String, other in any::<String>()) {
        let said = serde_json::to_string(&name).unwrap();
        let body = body("tools/call", &format!(r#""name":{said}"#));
        let coded = format!("=?base64?{}?=", base64(name.as_bytes()));
        prop_assert_eq!(judge([NOW, &["tools/call"], &[&coded]], &body), Some(Ok(())));
        let lie = format!("=?base64?{}?=", base64(other.as_bytes()));
        let judged = judge([NOW, &["tools/call"], &[&lie]], &body);
        prop_assert_eq!(judged == Some(Ok(())), name == other);
    }
}

/// The other direction, written apart from the one under test.
fn base64(bytes: &[u8]) -> String {
    let alphabet: Vec<char> = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(['+', '/'])
        .collect();
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits: String = chunk.iter().map(|byte| format!("{byte:08b}")).collect();
        for digit in bits.as_bytes().chunks(6) {
            let digit = format!("{:0<6}", std::str::from_utf8(digit).unwrap());
            text.push(alphabet[usize::from_str_radix(&digit, 2).unwrap()]);
        }
        text.push_str(&"=".repeat(3 - chunk.len()));
    }
    text
}

//! Tests of the peek: cases by hand, and agreement with a full parser.

mod agreement;
mod rendering;

use super::{Peek, RpcId, Shape, peek};

const CALL: &str = r#"{"method":"tools/call","params":{"name":"get_weather","arguments":{"city":"Oslo","days":3},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}},"jsonrpc":"2.0","id":"q-7"}"#;

fn keys(peek: &Peek<'_>) -> Vec<String> {
    peek.param_keys.iter().map(str::to_owned).collect()
}

/// The shape, method, id, name and version of a message, absent ones as `-`.
fn summary(message: &[u8]) -> String {
    let peek = peek(message);
    format!(
        "{:?} {} {} {} {}",
        peek.shape,
        peek.method.as_deref().unwrap_or("-"),
        peek.id.as_ref().map_or("-", RpcId::as_json),
        peek.name.as_deref().unwrap_or("-"),
        peek.protocol_version.as_deref().unwrap_or("-"),
    )
}

fn check(cases: &[(&str, &str)]) {
    for (message, expected) in cases {
        assert_eq!(summary(message.as_bytes()), *expected, "{message}");
    }
}

#[test]
fn names_the_shape() {
    check(&[
        (CALL, r#"Request tools/call "q-7" get_weather 2026-07-28"#),
        (
            r#"{"jsonrpc":"2.0","method":"ping","id":null}"#,
            "Request ping null - -",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"ping","id":{}}"#,
            "Request ping - - -",
        ),
        (
            r#"{"method":"notifications/initialized"}"#,
            "Notification notifications/initialized - - -",
        ),
        (r#"{"id":4,"result":{}}"#, "Response - 4 - -"),
        (
            r#"{"id":4,"error":{"code":-1,"message":""}}"#,
            "Response - 4 - -",
        ),
        ("[]", "Batch - - - -"),
        ("  [{\"method\":\"x\"", "Batch - - - -"),
        ("{}", "NotJson - - - -"),
        (r#"{"method":5,"id":1}"#, "NotJson - 1 - -"),
        (r#""text""#, "NotJson - - - -"),
        ("42", "NotJson - - - -"),
        ("", "Truncated - - - -"),
        (" \n", "Truncated - - - -"),
        ("{", "Truncated - - - -"),
    ]);
}

#[test]
fn finds_the_name() {
    check(&[
        (
            r#"{"method":"resources/read","id":1,"params":{"uri":"file:///a"}}"#,
            "Request resources/read 1 file:///a -",
        ),
        (
            r#"{"method":"tasks/get","id":1,"params":{"taskId":"t1"}}"#,
            "Request tasks/get 1 t1 -",
        ),
        (
            r#"{"method":"m","id":1,"params":{"taskId":"t","uri":"u","name":"n"}}"#,
            "Request m 1 n -",
        ),
        (
            r#"{"method":"m","id":1,"params":{"uri":"u","name":7}}"#,
            "Request m 1 u -",
        ),
        (
            r#"{"method":"m","id":1,"params":{"arguments":{"name":"inner"}}}"#,
            "Request m 1 - -",
        ),
        (
            r#"{"method":"m","id":1,"params":["name","x"]}"#,
            "Request m 1 - -",
        ),
        // While `params` is open a `name` may follow, and would be preferred.
        (
            r#"{"method":"m","id":1,"params":{"uri":"u","#,
            "Truncated m 1 - -",
        ),
        (
            r#"{"method":"m","id":1,"params":{"name":"n","#,
            "Truncated m 1 n -",
        ),
        (
            r#"{"method":"m","id":1,"params":{"uri":"u"},"#,
            "Truncated m 1 u -",
        ),
    ]);
}

#[test]
fn finds_the_version() {
    check(&[
        (
            r#"{"method":"initialize","id":0,"params":{"protocolVersion":"2025-06-18"}}"#,
            "Request initialize 0 - 2025-06-18",
        ),
        (
            r#"{"params":{"protocolVersion":"2025-06-18"},"method":"initialize","id":0}"#,
            "Request initialize 0 - 2025-06-18",
        ),
        (
            r#"{"method":"tools/list","id":0,"params":{"protocolVersion":"2025-06-18"}}"#,
            "Request tools/list 0 - -",
        ),
        (
            r#"{"method":"initialize","id":0,"params":{"protocolVersion":"a","_meta":{"io.modelcontextprotocol/protocolVersion":"b"}}}"#,
            "Request initialize 0 - b",
        ),
        (
            r#"{"method":"m","id":0,"_meta":{"io.modelcontextprotocol/protocolVersion":"b"}}"#,
            "Request m 0 - -",
        ),
    ]);
}

#[test]
fn lets_the_last_of_a_name_win() {
    check(&[
        (
            r#"{"method":"a","id":1,"id":2,"method":"b"}"#,
            "Request b 2 - -",
        ),
        (r#"{"method":"a","id":1,"method":null}"#, "NotJson - 1 - -"),
        (
            r#"{"method":"a","id":1,"params":{"name":"x"},"params":{"uri":"y"}}"#,
            "Request a 1 y -",
        ),
        (
            r#"{"method":"a","id":1,"params":{"name":"x","name":"y","n\u0061me":"z"}}"#,
            "Request a 1 z -",
        ),
        (
            r#"{"method":"a","id":1,"params":{"name":"x"},"params":null}"#,
            "Request a 1 - -",
        ),
    ]);
    let peek = peek(br#"{"method":"a","id":1,"params":{"arguments":{"x":1},"arguments":7}}"#);
    assert_eq!(keys(&peek), ["arguments", "arguments"]);
}

#[test]
fn reads_escapes_and_odd_text() {
    check(&[
        ("\u{feff}{\"method\":\"m\",\"id\":1}", "Request m 1 - -"),
        (
            r#"{"\u006dethod":"tools\/c\u0061ll","i\u0064":"\u0031"}"#,
            r#"Request tools/call "\u0031" - -"#,
        ),
        (r#"{"method":"\ud83d\ude00","id":1}"#, "Request 😀 1 - -"),
        // Half a surrogate pair is valid JSON that no text can hold: the member counts as absent.
        (
            r#"{"method":"m","id":1,"params":{"name":"\ud83d"}}"#,
            "Request m 1 - -",
        ),
        (r#"{"\ud83d":1,"method":"m","id":1}"#, "Request m 1 - -"),
        (
            r#"{"method":"m","id":123456789012345678901234567890e999}"#,
            "Request m 123456789012345678901234567890e999 - -",
        ),
        (r#"{"method":"a\u0000b","id":1}"#, "Request a\0b 1 - -"),
    ]);
    assert_eq!(summary(b"\xef\xbb"), "Truncated - - - -");
    assert_eq!(summary(b"{\"method\":\"m\xc3"), "Truncated - - - -");
}

#[test]
fn refuses_what_is_not_json() {
    let broken: &[&[u8]] = &[
        b"{\"method\":\"m\",\"id\":01}",
        b"{\"method\":\"m\",\"id\":1,}",
        b"{\"method\":\"m\",,\"id\":1}",
        b"{,\"method\":\"m\"}",
        b"{\"method\" \"m\"}",
        b"{\"method\":\"m\"}}",
        b"{\"method\":\"m\"} x",
        b"{\"method\":\"m\"}\xc3",
        b"{\"method\":\"m\",\"x\":[1}}",
        b"{\"method\":\"m\",\"x\":{]}",
        b"{\"method\":\"m\",\"x\":+1}",
        b"{\"method\":\"m\",\"x\":.5}",
        b"{\"method\":\"m\",\"x\":1.}",
        b"{\"method\":\"m\",\"x\":truE}",
        b"{\"method\":\"m\0\"}",
        b"{\"method\":\"a string that is longer than twenty-four bytes\n\"}",
        b"{\"method\":\"\\x\"}",
        b"{\"method\":\"\\u00g0\"}",
        b"{\"method\":\"\xff\"}",
        b"{method:1}",
        b"{'method':1}",
        b"\0",
        b"<html>",
    ];
    for message in broken {
        assert_eq!(
            summary(message),
            "NotJson - - - -",
            "{}",
            message.escape_ascii()
        );
    }
}

#[test]
fn limits_nesting() {
    let nested = |levels: usize| {
        format!(
            "{{\"method\":\"m\",\"x\":{}{}}}",
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    assert_eq!(
        summary(nested(super::NESTING_MAX - 1).as_bytes()),
        "Notification m - - -"
    );
    assert_eq!(
        summary(nested(super::NESTING_MAX).as_bytes()),
        "TooDeep - - - -"
    );
    let in_arguments = |levels: usize| {
        format!(
            "{{\"method\":\"m\",\"params\":{{\"arguments\":{}{}}}}}",
            "{\"a\":".repeat(levels),
            "1".to_owned() + &"}".repeat(levels)
        )
    };
    assert_eq!(
        summary(in_arguments(super::NESTING_MAX - 2).as_bytes()),
        "Notification m - - -"
    );
    assert_eq!(
        summary(in_arguments(super::NESTING_MAX - 1).as_bytes()),
        "TooDeep - - - -"
    );
    assert_eq!(
        summary("{\"a\":".repeat(1_000_000).as_bytes()),
        "TooDeep - - - -"
    );
}

#[test]
fn limits_ids_and_keys() {
    let long = "i".repeat(super::RPC_ID_BYTES_MAX - 2);
    assert!(
        peek(format!(r#"{{"method":"m","id":"{long}"}}"#).as_bytes())
            .id
            .is_some()
    );
    let peeked = format!(r#"{{"method":"m","id":"{long}i"}}"#);
    assert_eq!(summary(peeked.as_bytes()), "Request m - - -");

    let many: Vec<String> = (0..17)
        .map(|index| format!("\"k{index}\":{index}"))
        .collect();
    let sixteen = format!(r#"{{"method":"m","params":{{{}}}}}"#, many[..16].join(","));
    let seventeen = format!(r#"{{"method":"m","params":{{{}}}}}"#, many.join(","));
    let (sixteen, seventeen) = (peek(sixteen.as_bytes()), peek(seventeen.as_bytes()));
    assert!(sixteen.param_keys.is_complete() && !seventeen.param_keys.is_complete());
    assert_eq!(
        (keys(&sixteen), keys(&sixteen).len()),
        (keys(&seventeen), 16)
    );

    let long_key = format!(
        r#"{{"method":"m","params":{{"{}":1,"b":2}}}}"#,
        "k".repeat(65)
    );
    let long_key = peek(long_key.as_bytes());
    assert_eq!(keys(&long_key), ["b"]);
    assert!(!long_key.param_keys.is_complete());
}

#[test]
fn names_parameters_without_values() {
    let whole = peek(CALL.as_bytes());
    assert_eq!(keys(&whole), ["city", "days"]);
    assert!(whole.param_keys.is_complete());
    assert_eq!(format!("{:?}", whole.param_keys), r#"["city", "days"]"#);

    let cut = peek(br#"{"method":"tools/call","params":{"name":"n","arguments":{"city":"Os"#);
    assert_eq!(
        (cut.shape, keys(&cut)),
        (Shape::Truncated, vec!["city".to_owned()])
    );
    assert!(!cut.param_keys.is_complete());

    let undecided = peek(br#"{"method":"tools/call","params":{"name":"n","#);
    assert!(keys(&undecided).is_empty() && !undecided.param_keys.is_complete());
}

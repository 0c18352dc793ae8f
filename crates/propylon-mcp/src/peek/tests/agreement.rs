//! Whatever the message and however it is written, the peek says what a full parser says.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::{Index, select};
use proptest::test_runner::TestCaseResult;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::{NESTING_MAX, PARAM_KEY_BYTES_MAX, ParamKeys, Peek, RpcId, Shape, peek};
use super::rendering::message;

fn expected_shape(message: &Value) -> Shape {
    match (message["method"].is_string(), message.get("id").is_some()) {
        (true, true) => Shape::Request,
        (true, false) => Shape::Notification,
        _ if message.get("result").is_some() || message.get("error").is_some() => Shape::Response,
        _ => Shape::NotJson,
    }
}

fn expected_version(message: &Value) -> Option<&str> {
    let params = &message["params"];
    let fallback = params["protocolVersion"]
        .as_str()
        .filter(|_| message["method"] == "initialize");
    params["_meta"]["io.modelcontextprotocol/protocolVersion"]
        .as_str()
        .or(fallback)
}

fn decoded(keys: &ParamKeys<'_>) -> BTreeSet<String> {
    keys.iter()
        .map(|raw| serde_json::from_str(&format!("\"{raw}\"")).unwrap())
        .collect()
}

fn check_whole(peek: &Peek<'_>, message: &Value) -> TestCaseResult {
    let params = &message["params"];
    prop_assert_eq!(peek.shape, expected_shape(message));
    prop_assert_eq!(peek.method.as_deref(), message["method"].as_str());
    let id = peek
        .id
        .as_ref()
        .map(|id| serde_json::from_str::<Value>(id.as_json()).unwrap());
    let expected_id = message
        .get("id")
        .filter(|id| id.is_string() || id.is_number() || id.is_null());
    prop_assert_eq!(id.as_ref(), expected_id);
    let name = ["name", "uri", "taskId"]
        .iter()
        .find_map(|key| params[key].as_str());
    prop_assert_eq!(peek.name.as_deref(), name);
    prop_assert_eq!(peek.protocol_version.as_deref(), expected_version(message));
    let members = &peek.params;
    prop_assert_eq!(members.name.as_deref(), params["name"].as_str());
    prop_assert_eq!(members.uri.as_deref(), params["uri"].as_str());
    prop_assert_eq!(members.task_id.as_deref(), params["taskId"].as_str());
    let arguments = members
        .arguments
        .map(|text| serde_json::from_str::<Value>(text).unwrap());
    prop_assert_eq!(
        arguments.as_ref(),
        params.get("arguments").filter(|value| value.is_object())
    );
    let named = params["arguments"].as_object().or(params.as_object());
    let expected_keys: BTreeSet<String> = named
        .into_iter()
        .flat_map(|object| object.keys().cloned())
        .collect();
    if peek.param_keys.is_complete() {
        prop_assert_eq!(decoded(&peek.param_keys), expected_keys);
    } else {
        // Written as escapes, a character takes at most twelve bytes.
        let may_be_long = expected_keys
            .iter()
            .any(|key| key.chars().count() * 12 > PARAM_KEY_BYTES_MAX);
        prop_assert!(named.is_none() || may_be_long);
        prop_assert!(decoded(&peek.param_keys).is_subset(&expected_keys));
    }
    Ok(())
}

/// Whatever the cut message tells is what the whole one tells.
fn check_cut(cut: &Peek<'_>, whole: &Peek<'_>) -> TestCaseResult {
    prop_assert_eq!(cut.shape, Shape::Truncated);
    prop_assert!(cut.method.is_none() || cut.method == whole.method);
    prop_assert!(cut.id.is_none() || cut.id == whole.id);
    prop_assert!(cut.name.is_none() || cut.name == whole.name);
    prop_assert!(cut.protocol_version.is_none() || cut.protocol_version == whole.protocol_version);
    prop_assert!(decoded(&cut.param_keys).is_subset(&decoded(&whole.param_keys)));
    prop_assert!(
        !cut.param_keys.is_complete() || decoded(&cut.param_keys) == decoded(&whole.param_keys)
    );
    Ok(())
}

/// What no text in UTF-8 has, wherever it is put: a byte of no character, the rest of one, an overlong form, half a
/// surrogate pair, and what is beyond Unicode.
const BROKEN: [&[u8]; 5] = [
    b"\xff",
    b"\x80",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn agrees_with_a_full_parser(tree in message(), seed: u64) {
        let text = tree.render(seed);
        check_whole(&peek(text.as_bytes()), &serde_json::from_str(&text).unwrap())?;
    }

    #[test]
    fn a_cut_is_never_wrong(tree in message(), seed: u64) {
        let text = tree.without_repetitions().render(seed);
        let whole = peek(text.as_bytes());
        for end in 0..text.len() {
            check_cut(&peek(&text.as_bytes()[..end]), &whole)?;
        }
    }

    #[test]
    fn agrees_on_what_is_json(tree in message(), seed: u64, edits in vec((any::<Index>(), any::<Index>()), 0..3)) {
        let alphabet = b"{}[]\",:\\0-.eut \n\x01a";
        let mut bytes = tree.render(seed).into_bytes();
        for (place, letter) in edits {
            let place = place.index(bytes.len());
            bytes[place] = *letter.get(alphabet);
        }
        let shape = peek(&bytes).shape;
        let Ok(text) = str::from_utf8(&bytes) else {
            prop_assert!(matches!(shape, Shape::NotJson | Shape::Batch));
            return Ok(());
        };
        let parsed = serde_json::from_str::<Box<RawValue>>(text);
        match text.trim_start_matches([' ', '\n', '\r', '\t']).bytes().next() {
            None => prop_assert_eq!(shape, Shape::Truncated),
            Some(b'[') => prop_assert_eq!(shape, Shape::Batch),
            Some(b'{') => match parsed {
                Ok(_) => prop_assert!(!matches!(shape, Shape::Truncated | Shape::Batch | Shape::TooDeep)),
                // serde_json calls the last `\u` cut when fewer than four bytes follow, whatever they are.
                Err(error) if error.is_eof() && bytes.windows(2).rev().take(5).any(|pair| pair == b"\\u") => {
                    prop_assert!(matches!(shape, Shape::Truncated | Shape::NotJson));
                }
                Err(error) if error.is_eof() => prop_assert_eq!(shape, Shape::Truncated),
                Err(_) => prop_assert_eq!(shape, Shape::NotJson),
            },
            Some(_) => prop_assert_eq!(shape, Shape::NotJson),
        }
    }

    #[test]
    fn no_text_is_no_json(tree in message(), seed: u64, place: Index, broken in select(BROKEN.to_vec())) {
        let mut bytes = tree.render(seed).into_bytes();
        let place = place.index(bytes.len() + 1);
        bytes.splice(place..place, broken.iter().copied());
        prop_assert!(str::from_utf8(&bytes).is_err());
        prop_assert_eq!(peek(&bytes).shape, Shape::NotJson);
    }

    #[test]
    fn nesting_is_limited_wherever_it_is(
        around in vec(any::<bool>(), 0..NESTING_MAX * 2),
        member in select(vec!["x", "params", "arguments", "id", "method"]),
    ) {
        let opened: String = around.iter().map(|list| if *list { "[" } else { "{\"a\":" }).collect();
        let closed: String = around.iter().rev().map(|list| if *list { "]" } else { "}" }).collect();
        let value = format!("{opened}1{closed}");
        let (text, depth) = match member {
            "arguments" => (format!(r#"{{"method":"m","params":{{"arguments":{value}}}}}"#), around.len() + 2),
            "method" => (format!(r#"{{"method":{value},"id":1,"method":"m"}}"#), around.len() + 1),
            _ => (format!(r#"{{"method":"m","{member}":{value}}}"#), around.len() + 1),
        };
        let peeked = peek(text.as_bytes());
        prop_assert_eq!(peeked.shape == Shape::TooDeep, depth > NESTING_MAX, "{} deep", depth);
        // The full parser allows one level less.
        if depth < NESTING_MAX {
            check_whole(&peeked, &serde_json::from_str(&text).unwrap())?;
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..64)) {
        let peek = peek(&bytes);
        prop_assert!(peek.param_keys.iter().all(|key| key.len() <= PARAM_KEY_BYTES_MAX));
    }

    #[test]
    fn an_id_is_what_json_calls_a_scalar(text in "[-0-9.eE+\"\\\\u ]{0,6}|null|\"[^\"]{0,4}\"") {
        let value = serde_json::from_str::<Box<RawValue>>(&text);
        let scalar = value.is_ok_and(|value| value.get() == text);
        prop_assert_eq!(RpcId::from_json(&text).is_some(), scalar);
    }
}

//! Tests of the framer and the parser: cases by hand, and every split giving the same events.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::{Index, select};

use super::{Event, EventTooLong, Framer, Item, Parser};

fn parse(stream: &[u8]) -> Vec<Item> {
    Parser::new().push(stream).unwrap()
}

fn event(event: &str, data: &str, id: Option<&str>) -> Item {
    Item::Event(Event {
        event: event.to_owned(),
        data: data.to_owned(),
        id: id.map(str::to_owned),
        retry: None,
    })
}

fn comment(text: &str) -> Item {
    Item::Comment(text.to_owned())
}

#[test]
fn parses_events() {
    let cases: &[(&str, Vec<Item>)] = &[
        ("", vec![]),
        ("data: x\n\n", vec![event("message", "x", None)]),
        ("data: x\n", vec![]),
        (
            "data:x\ndata:  y\ndata\n\n",
            vec![event("message", "x\n y\n", None)],
        ),
        (
            "event: endpoint\ndata: /m?s=1\n\n",
            vec![event("endpoint", "/m?s=1", None)],
        ),
        // A priming event (2025-11-25 transports, Sending Messages 6) has an id and empty data.
        ("id: 7\ndata: \n\n", vec![event("message", "", Some("7"))]),
        ("id: 7\n\ndata: x\n\n", vec![event("message", "x", None)]),
        (
            "event: gone\n\ndata: x\n\n",
            vec![event("message", "x", None)],
        ),
        ("id: a\0b\ndata: x\n\n", vec![event("message", "x", None)]),
        (":\r\n: hi\r\n\r\n", vec![comment(""), comment("hi")]),
        (
            "data: a\r\n: in\r\ndata: b\r\n\r\n",
            vec![comment("in"), event("message", "a\nb", None)],
        ),
        (
            "data: x\r\rdata: y\r\r",
            vec![event("message", "x", None), event("message", "y", None)],
        ),
        (
            "\u{feff}data: x\n\n\u{feff}data: y\n\n",
            vec![event("message", "x", None)],
        ),
        ("datax: 1\nDATA: 2\n data: 3\n\n", vec![]),
    ];
    for (stream, items) in cases {
        assert_eq!(parse(stream.as_bytes()), *items, "{stream:?}");
    }
    assert_eq!(
        parse(b"data: \xff\n\n"),
        [event("message", "\u{fffd}", None)]
    );
}

#[test]
fn keeps_the_last_id_and_retry() {
    let mut parser = Parser::new();
    parser
        .push(b"id: 1\nretry: 1500\ndata: x\n\nid: 2\n")
        .unwrap();
    assert_eq!((parser.last_event_id(), parser.is_mid_event()), ("1", true));
    parser
        .push(b"retry: 2s\nretry: 99999999999999999999\n\n")
        .unwrap();
    assert_eq!(
        (parser.last_event_id(), parser.is_mid_event()),
        ("2", false)
    );
    assert_eq!(parser.retry(), Some(Duration::MAX));
}

#[test]
fn refuses_events_past_the_limit() {
    let mut parser = Parser::with_limit(16);
    assert_eq!(parser.push(b"data: 0123456789\n\n").unwrap().len(), 1);
    assert_eq!(
        parser.push(b"data: 0123456789x"),
        Err(EventTooLong { limit: 16 })
    );
    let mut parser = Parser::with_limit(16);
    assert_eq!(
        parser.push(b"data: 01234\ndata: 01234\ndata: "),
        Err(EventTooLong { limit: 16 })
    );
}

#[test]
fn finds_boundaries() {
    let cases: &[(&str, bool, usize)] = &[
        ("", true, 0),
        ("data: x\n\n", true, 1),
        ("data: x\n", false, 0),
        ("data: x", false, 0),
        ("data\n\n", true, 1),
        ("dat\n\n", true, 0),
        ("id: 1\n\n", true, 0),
        ("id: 1\n", false, 0),
        (": ping", false, 0),
        (": ping\n", true, 0),
        ("data: x\n: ping\n", false, 0),
        ("data: x\r\n\r\n", true, 1),
        ("data: x\r\n\r", false, 1),
        ("data: x\r\r", false, 1),
        ("data: x\r\r: hi\n", true, 1),
        ("data: x\r", false, 0),
        ("\u{feff}", false, 0),
        ("\u{feff}data: x\n\n", true, 1),
        ("data: x\n\n\u{feff}data: x\n\n", true, 1),
        ("data: x\n\ndata: y\n\n: z\n", true, 2),
    ];
    for (stream, between_events, events_completed) in cases {
        let boundary = Framer::new().push(stream.as_bytes());
        assert_eq!(boundary.between_events, *between_events, "{stream:?}");
        assert_eq!(boundary.events_completed, *events_completed, "{stream:?}");
    }
}

/// Streams of lines that mean something, with any line ends and some noise between.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(vec![
        "\n",
        "\n",
        "\r",
        "\r\n",
        "\r\n",
        "data: {}",
        "data",
        "dat",
        "a:",
        ":",
        "id: 1",
        "event: e",
        "retry: 5",
        "x",
        "\u{feff}",
        "é",
        "data: more than a few bytes, so that a search has something to skip",
    ]);
    let noise = vec(any::<u8>(), 0..3);
    vec((piece, proptest::option::weighted(0.1, noise)), 0..24).prop_map(|pieces| {
        let bytes = pieces
            .into_iter()
            .map(|(piece, noise)| [piece.as_bytes(), &noise.unwrap_or_default()].concat());
        bytes.collect::<Vec<_>>().concat()
    })
}

fn split(stream: &[u8], cuts: &[Index]) -> Vec<Vec<u8>> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    ends.push(stream.len());
    ends.sort_unstable();
    let mut start = 0;
    ends.into_iter()
        .map(|end| stream[std::mem::replace(&mut start, end)..end].to_vec())
        .collect()
}

fn events(items: &[Item]) -> Vec<&Item> {
    items
        .iter()
        .filter(|item| matches!(item, Item::Event(_)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_split_gives_the_same(stream in stream(), cuts in vec(any::<Index>(), 0..8)) {
        let whole = parse(&stream);
        let boundary = Framer::new().push(&stream);
        prop_assert_eq!(boundary.events_completed, events(&whole).len());

        let (mut parser, mut framer) = (Parser::new(), Framer::new());
        let (mut items, mut completed) = (Vec::new(), 0);
        for piece in split(&stream, &cuts) {
            let pushed = parser.push(&piece).unwrap();
            let boundary = framer.push(&piece);
            prop_assert_eq!(boundary.events_completed, events(&pushed).len());
            prop_assert!(!boundary.between_events || !parser.is_mid_event());
            completed += boundary.events_completed;
            items.extend(pushed);
        }
        prop_assert_eq!(items, whole);
        prop_assert_eq!(completed, boundary.events_completed);
        prop_assert_eq!(framer.is_between_events(), boundary.between_events);
    }

    #[test]
    fn comments_change_no_event(stream in stream(), cuts in vec(any::<Index>(), 0..8), marked in any::<bool>()) {
        let stream = [if marked { "\u{feff}".as_bytes() } else { b"" }, &stream].concat();
        let mut framer = Framer::new();
        let (mut commented, mut sent) = (Vec::new(), 0);
        for piece in split(&stream, &cuts) {
            if let Some(comment) = framer.comment() {
                let sent = &stream[..sent];
                prop_assert!(!sent.ends_with(b"\r"));
                prop_assert!(is_outside_events(sent), "{:?}", String::from_utf8_lossy(sent));
                commented.extend_from_slice(comment);
            }
            let (mark, rest) = piece.split_at(framer.mark_to_end(&piece).unwrap_or(0));
            commented.extend_from_slice(mark);
            if !mark.is_empty() {
                commented.push(b'\n');
            }
            commented.extend_from_slice(rest);
            framer.push(&piece);
            sent += piece.len();
        }
        let (ours, own) = (parse(&commented), parse(&stream));
        prop_assert_eq!(events(&ours), events(&own));
        let (mut plain, mut with) = (Parser::new(), Parser::new());
        plain.push(&stream).unwrap();
        with.push(&commented).unwrap();
        prop_assert_eq!(plain.last_event_id(), with.last_event_id());
        prop_assert_eq!(plain.retry(), with.retry());
    }

    #[test]
    fn a_comment_at_any_boundary_changes_no_event(stream in stream()) {
        let plain = parse(&stream);
        let mut framer = Framer::new();
        for (cut, byte) in (1..).zip(&stream) {
            framer.push(&[*byte]);
            if let Some(comment) = framer.comment() {
                let (before, after) = stream.split_at(cut);
                let commented = parse(&[before, comment, after].concat());
                prop_assert_eq!(events(&commented), events(&plain));
            }
        }
    }
}

/// Whether no event has begun and not ended, by the parser's word and not the framer's.
fn is_outside_events(sent: &[u8]) -> bool {
    let mut parser = Parser::new();
    parser.push(sent).unwrap();
    !parser.is_mid_event()
}

//! REDbot, a judge of HTTP that is not ours: through the proxy it finds nothing that it does not find without.

use std::collections::BTreeSet;
use std::time::Duration;

use propylon_testkit::{Answer, Exchange, Guarded, Upstream};
use serde_json::Value;

use crate::front::serve_one;
use crate::real::servers::peers;

const PLAIN: &str = "{\"ok\":true,\"data\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}\n";
/// [`PLAIN`], compressed.
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\xca\xcf\x56\xb2\x2a\x29\x2a\x4d\xd5\x51\
    \x4a\x49\x2c\x49\x54\xb2\x52\xaa\x18\x26\x40\xa9\x96\x0b\x00\xd9\x68\x80\x43\xde\x00\x00\
    \x00";

/// The one thing that it may say of us: a proxy says in `Via` that it is there (RFC 9110, 7.6.3).
const VIA: [&str; 2] = ["VIA_PRESENT", "INFO"];

/// What REDbot says of one resource: the id and level of every note, of its own requests for ranges, validators and
/// encodings too.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    notes: BTreeSet<(String, String)>,
    status: u64,
    /// The names of the answer's fields as REDbot saw them.
    fields: BTreeSet<String>,
}

fn judge(url: &str) -> Verdict {
    let mut command = peers().command("redbot");
    command.args(["-o", "har", url]);
    let mut process = Guarded::start(command);
    let ended = process.wait(Duration::from_secs(60));
    let said = process.output().text();
    assert!(ended.is_some_and(|status| status.success()), "{said}");
    let report: Value = serde_json::from_str(&process.stdout().text())
        .unwrap_or_else(|error| panic!("{error} in what REDbot said:\n{said}"));
    let entry = &report["log"]["entries"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let notes = entry["_red_messages"].as_array().into_iter().flatten();
    let fields = entry["response"]["headers"]
        .as_array()
        .into_iter()
        .flatten();
    Verdict {
        notes: notes
            .map(|note| (text(&note["note_id"]), text(&note["level"])))
            .collect(),
        status: entry["response"]["status"].as_u64().unwrap_or_default(),
        fields: fields
            .map(|field| text(&field["name"]).to_lowercase())
            .collect(),
    }
}

/// What a plain origin does for one resource; `/mcp` itself is never asked for.
fn origin(exchange: &Exchange) -> Answer {
    let json = "Content-Type: application/json";
    match exchange.target() {
        "/mcp/full" => full(exchange),
        "/mcp/chunked" => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
            Answer::raw(head).chunk("{\"a\":").chunk("1}").last_chunk()
        }
        "/mcp/old" => {
            Answer::raw("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}").close()
        }
        "/mcp/events" => {
            let kept = ["Cache-Control: no-cache, no-transform"];
            Answer::stream_head(&kept).chunk("data: 1\n\n").last_chunk()
        }
        "/mcp/hops" => {
            let lines = [
                json,
                "Connection: close, X-Hop",
                "X-Hop: 1",
                "Keep-Alive: timeout=5",
                "Proxy-Connection: close",
                "Via: 1.1 inner",
                "X-End: 1",
            ];
            Answer::sized(200, &lines, "{}").close()
        }
        "/mcp/empty" => Answer::raw("HTTP/1.1 204 No Content\r\n\r\n"),
        "/mcp/moved" => Answer::sized(307, &["Location: /mcp/full"], ""),
        "/mcp/guarded" => {
            let lines = [
                json,
                "WWW-Authenticate: Bearer realm=\"it\"",
                "Set-Cookie: a=1; Path=/",
                "Set-Cookie: b=2; Path=/; HttpOnly",
            ];
            Answer::sized(401, &lines, "{}")
        }
        _ => Answer::sized(404, &[json], "{}"),
    }
}

/// A resource with everything a cache may ask about: validators, ranges, and a gzip of its own.
fn full(exchange: &Exchange) -> Answer {
    let gzip = exchange
        .header("accept-encoding")
        .is_some_and(|value| value.contains("gzip"));
    let (tag, body): (_, &[u8]) = if gzip {
        ("\"g\"", GZIP)
    } else {
        ("\"p\"", PLAIN.as_bytes())
    };
    let tag = format!("ETag: {tag}");
    let mut lines = vec![
        "Content-Type: application/json",
        "Cache-Control: max-age=60",
        "Last-Modified: Mon, 02 Nov 2026 10:00:00 GMT",
        "Accept-Ranges: bytes",
        "Vary: Accept-Encoding",
        &tag,
    ];
    let known = exchange
        .header("if-none-match")
        .is_some_and(|value| tag.contains(value));
    if known || exchange.header("if-modified-since").is_some() {
        let head: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        return Answer::raw(format!("HTTP/1.1 304 Not Modified\r\n{head}\r\n"));
    }
    if gzip {
        lines.push("Content-Encoding: gzip");
    }
    let asked = exchange.header("range").and_then(|range| {
        let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
        Some((first.parse::<usize>().ok()?, last.parse::<usize>().ok()?))
    });
    let Some((first, last)) = asked else {
        return Answer::sized(200, &lines, body);
    };
    let range = format!("Content-Range: bytes {first}-{last}/{}", body.len());
    lines.push(&range);
    Answer::sized(206, &lines, &body[first..=last])
}

/// Judges a resource without the proxy and through it; `sees` is a note that both verdicts must hold, so that the judge
/// is known to have looked.
fn check(resource: &str, sees: &str) -> (Verdict, Verdict) {
    let upstream = Upstream::start(origin);
    let proxy = serve_one(&upstream);
    let direct = judge(&upstream.url(resource));
    let through = judge(&proxy.url(resource));
    proxy.stop();
    let held = |verdict: &Verdict| verdict.notes.iter().any(|(id, _)| id == sees);
    assert!(held(&direct) && held(&through), "{direct:#?}\n{through:#?}");
    let mut expected = direct.notes.clone();
    expected.insert(VIA.map(str::to_owned).into());
    let new: Vec<_> = through.notes.difference(&expected).collect();
    assert!(new.is_empty(), "{resource}: through the proxy also {new:?}");
    assert!(
        through.fields.contains("via"),
        "{resource}: {:?}",
        through.fields
    );
    assert_eq!(through.status, direct.status, "{resource}");
    (direct, through)
}

#[test]
fn validators_ranges_and_encodings() {
    let (direct, through) = check("/mcp/full", "CL_CORRECT");
    let lost: Vec<_> = direct.notes.difference(&through.notes).collect();
    assert!(lost.is_empty(), "only without the proxy: {lost:?}");
    for sees in ["INM_304", "IMS_304", "RANGE_CORRECT", "CONNEG_GZIP_GOOD"] {
        assert!(
            through.notes.iter().any(|(id, _)| id == sees),
            "{sees}: {through:#?}"
        );
    }
}

#[test]
fn framing() {
    for (resource, status) in [
        ("/mcp/chunked", 200),
        ("/mcp/old", 200),
        ("/mcp/events", 200),
        ("/mcp/empty", 204),
    ] {
        let (_, through) = check(resource, "DATE_CLOCKLESS");
        assert_eq!(through.status, status, "{resource}");
    }
}

#[test]
fn fields_of_one_hop() {
    let (direct, through) = check("/mcp/hops", "VIA_PRESENT");
    for field in ["x-hop", "keep-alive", "proxy-connection"] {
        assert!(direct.fields.contains(field), "{direct:#?}");
        assert!(!through.fields.contains(field), "{through:#?}");
    }
    assert!(through.fields.contains("x-end"));
}

#[test]
fn redirects_and_refusals() {
    for resource in ["/mcp/moved", "/mcp/guarded", "/mcp/none"] {
        check(resource, "CL_CORRECT");
    }
}

#[test]
fn answers_of_the_proxy_itself() {
    let upstream = Upstream::start(origin);
    let proxy = serve_one(&upstream);
    let unknown = judge(&proxy.url("/elsewhere"));
    let ready = judge(&proxy.url("/health"));
    upstream.die();
    let refused = judge(&proxy.url("/mcp/full"));
    proxy.stop();
    for (status, verdict) in [(404, unknown), (200, ready), (502, refused)] {
        assert_eq!(verdict.status, status, "{verdict:#?}");
        let bad = verdict.notes.iter().any(|(_, level)| level == "BAD");
        assert!(!bad && !verdict.notes.is_empty(), "{verdict:#?}");
    }
}

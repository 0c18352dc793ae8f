//! The MCP messages of the bench: what the load sends and what the upstream must answer, byte for byte.

/// Ports of the upstream process, each standing for one replica.
pub(crate) const INSTANCES: usize = 3;
/// Length of a session id in text: a UUID.
pub(crate) const SESSION_LENGTH: usize = 36;
/// JSON-RPC ids have a fixed width, so that a request is made by changing digits in place.
pub(crate) const ID_FIRST: u64 = 100_000_000;
pub(crate) const ID_LENGTH: usize = 9;
pub(crate) const PATH: &str = "/mcp";

const AUTHORIZATION: &str = "Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6ImJlbmNoIn0.eyJzdWIiOiJiZW5jaCIsImF1ZCI6Im1jcCIsInNjb3BlIjoidG9vbHMifQ.c2lnbmF0dXJlLW9mLXRoZS1iZW5jaC1ub3QtYS1yZWFsLW9uZQ";
const VERSION: &str = "2025-06-18";
const AGENT: &str = "propylon-bench/0.1";

const CALL_BEFORE_ID: &str = r#"{"jsonrpc":"2.0","id":"#;
const CALL_AFTER_ID: &str = r#","method":"tools/call","params":{"name":"get_weather","arguments":{"city":"Lisbon","units":"metric","days":3,"language":"en"}}}"#;
const ANSWER_AFTER_ID: &str = r#","result":{"content":[{"type":"text","text":"Lisbon: 18 C, clear, wind 12 km/h from the north-west, humidity 61 %"}],"structuredContent":{"instance":"#;
const ANSWER_END: &str = r#"},"isError":false}}"#;

/// A `tools/call` request whose id can be changed in place.
pub(crate) struct Call {
    bytes: Vec<u8>,
    id_at: usize,
    id: u64,
}

impl Call {
    pub(crate) fn new(host: &str, session: &str) -> Self {
        let length = CALL_BEFORE_ID.len() + ID_LENGTH + CALL_AFTER_ID.len();
        let mut text = head("POST", host, Some(session));
        text.push_str(&format!(
            "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{CALL_BEFORE_ID}"
        ));
        let id_at = text.len();
        text.push_str(&format!("{ID_FIRST}{CALL_AFTER_ID}"));
        Self {
            bytes: text.into_bytes(),
            id_at,
            id: ID_FIRST,
        }
    }

    /// Moves to the next id and returns the request's bytes.
    pub(crate) fn next(&mut self) -> &[u8] {
        self.id += 1;
        let digits = self.id.to_string();
        if let Some(place) = self.bytes.get_mut(self.id_at..self.id_at + ID_LENGTH) {
            place.copy_from_slice(digits.as_bytes());
        }
        &self.bytes
    }

    /// The instance that answered, if `body` is the exact answer to the request last taken.
    pub(crate) fn answered_by(&self, body: &[u8]) -> Option<u8> {
        let rest = body.strip_prefix(CALL_BEFORE_ID.as_bytes())?;
        let rest = rest.strip_prefix(self.id.to_string().as_bytes())?;
        let rest = rest.strip_prefix(ANSWER_AFTER_ID.as_bytes())?;
        match rest.strip_suffix(ANSWER_END.as_bytes())? {
            [instance @ b'0'..=b'9'] => Some(instance - b'0'),
            _ => None,
        }
    }
}

/// The `initialize` request.
pub(crate) fn initialize(host: &str) -> Vec<u8> {
    let body = initialize_body();
    let mut text = head("POST", host, None);
    text.push_str(&format!(
        "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    text.into_bytes()
}

/// Its body.
pub(crate) fn initialize_body() -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"protocolVersion":"{VERSION}","capabilities":{{}},"clientInfo":{{"name":"bench","version":"0.1"}}}}}}"#
    )
}

/// The GET that opens a session's event stream.
pub(crate) fn open_stream(host: &str, session: &str) -> Vec<u8> {
    let mut text = head("GET", host, Some(session));
    text.push_str("\r\n");
    text.into_bytes()
}

fn head(method: &str, host: &str, session: Option<&str>) -> String {
    let mut text = format!("{method} {PATH} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in headers(method, session) {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text
}

/// What every request carries besides its host and the form of its body.
pub(crate) fn headers<'a>(
    method: &str,
    session: Option<&'a str>,
) -> impl Iterator<Item = (&'static str, &'a str)> {
    let accept = if method == "GET" {
        "text/event-stream"
    } else {
        "application/json, text/event-stream"
    };
    [
        ("User-Agent", AGENT),
        ("Accept", accept),
        ("Authorization", AUTHORIZATION),
        ("MCP-Protocol-Version", VERSION),
    ]
    .into_iter()
    .chain(session.map(|id| ("Mcp-Session-Id", id)))
}

/// The body of a `tools/call`.
pub(crate) fn call(id: u64) -> String {
    format!("{CALL_BEFORE_ID}{id}{CALL_AFTER_ID}")
}

/// The JSON-RPC id of a `tools/call` body, as its bytes.
pub(crate) fn call_id(body: &[u8]) -> Option<&[u8]> {
    let rest = body.strip_prefix(CALL_BEFORE_ID.as_bytes())?;
    let id = rest.get(..ID_LENGTH)?;
    (rest.get(ID_LENGTH..)? == CALL_AFTER_ID.as_bytes()).then_some(id)
}

/// The answer to a `tools/call`.
pub(crate) fn answer(id: &[u8], instance: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(CALL_BEFORE_ID.as_bytes());
    out.extend_from_slice(id);
    out.extend_from_slice(ANSWER_AFTER_ID.as_bytes());
    out.push(b'0' + instance);
    out.extend_from_slice(ANSWER_END.as_bytes());
}

/// Length of every answer's body.
pub(crate) const ANSWER_LENGTH: usize =
    CALL_BEFORE_ID.len() + ID_LENGTH + ANSWER_AFTER_ID.len() + 1 + ANSWER_END.len();

/// The answer to `initialize`.
pub(crate) fn initialized() -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"result":{{"protocolVersion":"{VERSION}","capabilities":{{"tools":{{}}}},"serverInfo":{{"name":"bench","version":"0.1"}}}}}}"#
    )
}

/// The headers that a proxy must have carried for the upstream to answer.
pub(crate) fn is_credential(value: &[u8]) -> bool {
    value == AUTHORIZATION.as_bytes()
}

pub(crate) fn is_version(value: &[u8]) -> bool {
    value == VERSION.as_bytes()
}

/// The instance that minted a session, which its first digit names.
pub(crate) fn minted_by(session: &str) -> Option<u8> {
    session
        .bytes()
        .next()?
        .checked_sub(b'0')
        .filter(|digit| usize::from(*digit) < INSTANCES)
}

const EVENT_BEFORE_INSTANCE: &str = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","logger":"bench","data":{"instance":"#;
const EVENT_BEFORE_SEQUENCE: &str = r#","sequence":"#;
const EVENT_BEFORE_SENT: &str = r#","sent_ns":"#;
const EVENT_END: &str = "}}}";

/// One event: who sent it, which of its stream it is, and when it left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) instance: u8,
    pub(crate) sequence: u64,
    pub(crate) sent_ns: u64,
}

impl Event {
    /// The event as an SSE frame.
    pub(crate) fn frame(&self) -> String {
        format!(
            "event: message\nid: {0}\ndata: {EVENT_BEFORE_INSTANCE}{1}{EVENT_BEFORE_SEQUENCE}{0}{EVENT_BEFORE_SENT}{2}{EVENT_END}\n\n",
            self.sequence, self.instance, self.sent_ns
        )
    }

    /// Reads a frame without its closing blank line.
    ///
    /// `Ok(None)` is a comment, which a proxy may add; an error is a frame that is not the one sent.
    pub(crate) fn read(frame: &str) -> Result<Option<Self>, String> {
        if frame.lines().all(|line| line.starts_with(':')) {
            return Ok(None);
        }
        let parsed = frame
            .lines()
            .find_map(|line| line.strip_prefix("data: "))
            .and_then(|data| {
                let (instance, rest) = data
                    .strip_prefix(EVENT_BEFORE_INSTANCE)?
                    .split_once(EVENT_BEFORE_SEQUENCE)?;
                let (sequence, rest) = rest.split_once(EVENT_BEFORE_SENT)?;
                let sent = rest.strip_suffix(EVENT_END)?;
                Some(Self {
                    instance: instance.parse().ok()?,
                    sequence: sequence.parse().ok()?,
                    sent_ns: sent.parse().ok()?,
                })
            });
        match parsed {
            Some(event) if event.frame().trim_end_matches('\n') == frame => Ok(Some(event)),
            _ => Err(format!("an event arrived changed: {frame:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_matches_only_its_own_call() {
        let mut call = Call::new("127.0.0.1:1", "session");
        let bytes = call.next().to_vec();
        let body_at = memchr::memmem::find(&bytes, b"\r\n\r\n").expect("a head ends") + 4;
        let body = &bytes[body_at..];
        let mut sent = Vec::new();
        answer(call_id(body).expect("an id"), 2, &mut sent);
        assert_eq!(sent.len(), ANSWER_LENGTH);
        assert_eq!(call.answered_by(&sent), Some(2));
        call.next();
        assert_eq!(call.answered_by(&sent), None);
        let mut changed = sent.clone();
        changed[60] ^= 1;
        assert_eq!(call.answered_by(&changed), None);
    }

    #[test]
    fn an_event_survives_its_frame_and_a_change_is_seen() {
        let event = Event {
            instance: 1,
            sequence: 7,
            sent_ns: 123,
        };
        let frame = event.frame();
        let frame = frame.trim_end_matches('\n');
        assert_eq!(
            Event::read(frame),
            Ok(Some(Event {
                instance: 1,
                sequence: 7,
                sent_ns: 123
            }))
        );
        assert_eq!(Event::read(": keepalive"), Ok(None));
        assert!(Event::read(&frame.replace("id: 7", "id: 8")).is_err());
        assert!(Event::read("data: hello").is_err());
    }

    #[test]
    fn a_session_names_its_instance() {
        assert_eq!(minted_by("2abc"), Some(2));
        assert_eq!(minted_by("9abc"), None);
        assert_eq!(minted_by(""), None);
    }
}

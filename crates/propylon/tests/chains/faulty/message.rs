//! Heads of HTTP/1.1 messages as they cross the relay: lines in order, values as bytes.

use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpStream;

const HEAD_BYTES_MAX: usize = 256 * 1024;

/// A start line and header lines.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) start: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
}

impl Head {
    /// Reads one head; none when the peer closed before it began.
    pub(super) fn read(from: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let mut lines: Vec<Vec<u8>> = Vec::new();
        let mut total = 0;
        loop {
            let mut line = Vec::new();
            let count = from
                .by_ref()
                .take(HEAD_BYTES_MAX as u64)
                .read_until(b'\n', &mut line)?;
            total += count;
            if count == 0 && lines.is_empty() {
                return Ok(None);
            }
            if count == 0 || total > HEAD_BYTES_MAX {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            while line
                .last()
                .is_some_and(|byte| matches!(byte, b'\r' | b'\n'))
            {
                line.pop();
            }
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let mut lines = lines.into_iter();
        let start = String::from_utf8_lossy(&lines.next().unwrap_or_default()).into_owned();
        let headers = lines.filter_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            let name = String::from_utf8_lossy(&line[..colon]).into_owned();
            Some((name, line[colon + 1..].trim_ascii().to_vec()))
        });
        Ok(Some(Self {
            start,
            headers: headers.collect(),
        }))
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        let (_, value) = self
            .headers
            .iter()
            .find(|(each, _)| each.eq_ignore_ascii_case(name))?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.headers
            .retain(|(each, _)| !each.eq_ignore_ascii_case(name));
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers
            .push((name.to_owned(), value.as_bytes().to_vec()));
    }

    pub(super) fn method(&self) -> &str {
        self.start.split(' ').next().unwrap_or_default()
    }

    pub(super) fn target(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    /// The status of a response; 0 when there is none.
    pub(super) fn status(&self) -> u16 {
        self.start
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0)
    }

    pub(super) fn is_event_stream(&self) -> bool {
        self.get("content-type")
            .is_some_and(|value| value.starts_with("text/event-stream"))
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}\r\n", self.start).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }
}

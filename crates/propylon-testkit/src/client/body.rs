//! A response's body as it arrived: bytes, the instant of each piece, and how it ended.

use std::time::Instant;

use super::{Ending, RawClient, Response};

/// A body read to its end.
#[derive(Clone, Debug)]
pub struct Body {
    /// Its bytes, without transfer coding.
    pub bytes: Vec<u8>,
    /// When each piece came and how many bytes it brought.
    pub pieces: Vec<(Instant, usize)>,
    /// [`Ending::Complete`] when the message says it is whole; a body ended by the close of the connection says
    /// [`Ending::Fin`].
    pub ending: Ending,
    /// The trailer section of a chunked body, as it came.
    pub trailers: String,
}

impl Body {
    /// The bytes as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The bytes as JSON; `Null` when they are none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    pub(super) fn read(client: &mut RawClient, response: &Response) -> Self {
        let mut body = Self {
            bytes: vec![],
            pieces: vec![],
            ending: Ending::Complete,
            trailers: String::new(),
        };
        let length = response
            .header("content-length")
            .and_then(|value| value.parse::<usize>().ok());
        let read = if matches!(response.status, 100..200 | 204 | 304) {
            Ok(())
        } else if response.header("transfer-encoding").is_some() {
            body.read_chunks(client)
        } else {
            body.read_sized(client, length)
        };
        if let Err(ending) = read {
            body.ending = ending;
        }
        body
    }

    fn read_sized(&mut self, client: &mut RawClient, length: Option<usize>) -> Result<(), Ending> {
        while length.is_none_or(|length| self.bytes.len() < length) {
            if client.rest().is_empty() {
                client.fill()?;
            }
            let wanted = length.map_or(usize::MAX, |length| length - self.bytes.len());
            let piece = client.take(client.rest().len().min(wanted));
            self.pieces.push((Instant::now(), piece.len()));
            self.bytes.extend_from_slice(&piece);
        }
        Ok(())
    }

    fn read_chunks(&mut self, client: &mut RawClient) -> Result<(), Ending> {
        loop {
            let length = chunk_length(client)?;
            if length == 0 {
                loop {
                    let line = line(client)?;
                    if line.is_empty() {
                        return Ok(());
                    }
                    self.trailers.push_str(&line);
                    self.trailers.push_str("\r\n");
                }
            }
            while client.rest().len() < length + 2 {
                client.fill()?;
            }
            self.bytes.extend_from_slice(&client.take(length));
            self.pieces.push((Instant::now(), length));
            client.take(2);
        }
    }
}

/// Reads a chunk's size line.
pub(super) fn chunk_length(client: &mut RawClient) -> Result<usize, Ending> {
    let line = line(client)?;
    let size = line.split(';').next().unwrap_or_default().trim();
    Ok(usize::from_str_radix(size, 16).unwrap_or_else(|_| panic!("not a chunk size: {line:?}")))
}

fn line(client: &mut RawClient) -> Result<String, Ending> {
    loop {
        if let Some(end) = client
            .rest()
            .windows(2)
            .position(|window| window == b"\r\n")
        {
            let line = client.take(end);
            client.take(2);
            return Ok(String::from_utf8_lossy(&line).into_owned());
        }
        client.fill()?;
    }
}

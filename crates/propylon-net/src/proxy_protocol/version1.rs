//! Version 1, a line of text: `PROXY TCP4 192.0.2.7 198.51.100.1 50000 443`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::decode::{Malformed, Progress, Told};

pub(super) const BEGINNING: &[u8] = b"PROXY ";

/// The longest line there is, its end included (section 2.1).
const LINE_BYTES_MAX: usize = 107;

pub(super) fn decode(bytes: &[u8]) -> Result<Progress, Malformed> {
    let Some(line) = bytes.strip_suffix(b"\n") else {
        return match LINE_BYTES_MAX.saturating_sub(bytes.len()) {
            0 => Err(Malformed("its line has no end")),
            room => Ok(Progress::RestOfLine(room)),
        };
    };
    let line = line
        .strip_suffix(b"\r")
        .and_then(|line| std::str::from_utf8(line).ok())
        .ok_or(Malformed("its line is not text that ends in CR LF"))?;
    let mut words = line.split(' ').skip(1);
    match words.next() {
        // Whatever stands behind it is to be ignored.
        Some("UNKNOWN") => return Ok(Progress::Done(None)),
        Some("TCP4") => told::<Ipv4Addr>(words),
        Some("TCP6") => told::<Ipv6Addr>(words),
        _ => None,
    }
    .map(|told| Progress::Done(Some(told)))
    .ok_or(Malformed("its line does not say who connected to whom"))
}

fn told<'w, A>(mut words: impl Iterator<Item = &'w str>) -> Option<Told>
where
    A: std::str::FromStr + Into<IpAddr>,
{
    let mut address = || words.next()?.parse::<A>().ok().map(Into::into);
    let (source, destination) = (address()?, address()?);
    let mut port = || words.next().and_then(port);
    let (from, to) = (port()?, port()?);
    words.next().is_none().then_some(Told {
        source: SocketAddr::new(source, from),
        destination: SocketAddr::new(destination, to),
        is_secure: false,
    })
}

/// Digits alone, without a zero before others.
fn port(text: &str) -> Option<u16> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_padded = text.len() > 1 && text.starts_with('0');
    (is_plain && !is_padded)
        .then(|| text.parse().ok())
        .flatten()
}

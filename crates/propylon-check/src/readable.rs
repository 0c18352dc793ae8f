//! Looks into an opaque id for addresses, ports and host names, as they are and in the usual encodings.

use std::net::IpAddr;

/// What an id tells of where something is; `None` when nothing can be read out of it.
pub(crate) fn revealed(id: &str) -> Option<String> {
    let mut texts = vec![("as it is", id.to_owned())];
    let is_digit = |c: char| c.is_ascii_alphanumeric() || "+/-_=".contains(c);
    let pieces = id.split(|c| !is_digit(c)).chain([id]);
    for piece in pieces {
        texts.extend(
            base64(piece)
                .and_then(printable)
                .map(|text| ("in Base64", text)),
        );
        texts.extend(hex(piece).and_then(printable).map(|text| ("in hex", text)));
    }
    texts
        .iter()
        .find_map(|(how, text)| address_in(text).map(|found| format!("{found}, {how}")))
}

/// An address, or a name with a port, in a text.
fn address_in(text: &str) -> Option<String> {
    let words = text.split(|character: char| {
        !(character.is_ascii_alphanumeric() || "-_.:[]".contains(character))
    });
    for word in words {
        let (host, port) = match word.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() && !port.is_empty() => {
                (host, Some(port))
            }
            _ => (word, None),
        };
        let bare = host.trim_matches(['[', ']']);
        let is_address =
            bare.parse::<IpAddr>().is_ok() && (bare.contains('.') || bare.contains("::"));
        let is_name = port.is_some()
            && bare.contains(|character: char| character.is_ascii_alphabetic())
            && !bare.contains(':');
        let is_internal = [".local", ".internal", ".svc", ".lan"]
            .iter()
            .any(|end| bare.ends_with(end) || bare.contains(&format!("{end}.")));
        if is_address || is_name || is_internal {
            return Some(word.to_owned());
        }
    }
    None
}

fn printable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let is_text = text.len() >= 4 && text.chars().all(|character| !character.is_control());
    is_text.then_some(text)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if text.len() < 8 || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

/// Base64 in either alphabet, with or without padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if digits.len() < 6 {
        return None;
    }
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0_u32);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::revealed;

    #[test]
    fn addresses_are_found_in_every_dress() {
        let check = |id: &str, expected: bool| {
            assert_eq!(revealed(id).is_some(), expected, "{id}: {:?}", revealed(id))
        };
        check("0a1b2c3d-0000-4000-8000-0123456789ab", false);
        check("c7e1f9b04d1c4e0b8e7f2a6b5c4d3e2f", false);
        check("10.0.0.7:3001~abc", true);
        check("MTAuMC4wLjc6MzAwMQ==", true);
        check("MTAuMC4wLjc6MzAwMQ.0a1b2c3d", true);
        check("31302e302e302e373a33303031", true);
        check("eyJob3N0IjoibWNwLTEuaW50ZXJuYWwiLCJwb3J0IjozMDAxfQ", true);
        check("mcp-1:3001/abc", true);
    }
}

//! Version 2, binary: a signature, a command, a length, two addresses, and extensions.

use std::net::{IpAddr, SocketAddr};

use super::decode::{Malformed, Progress, Told};

pub(super) const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// Signature, command, family, length.
const FIXED: usize = 16;
/// What may follow: addresses take 216 bytes at most, and extensions of real balancers a few hundred.
pub(super) const REST_BYTES_MAX: usize = 4096;

const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;

const UNSPECIFIED: u8 = 0x00;
const TCP_OVER_IPV4: u8 = 0x11;
const TCP_OVER_IPV6: u8 = 0x21;
const UNIX_STREAM: u8 = 0x31;
/// What the addresses of a Unix socket take.
const UNIX_BYTES: usize = 216;

const TYPE_CRC32C: u8 = 0x03;
const TYPE_SSL: u8 = 0x20;
const CLIENT_SSL: u8 = 0x01;

pub(super) fn decode(bytes: &[u8]) -> Result<Progress, Malformed> {
    let Some((fixed, rest)) = bytes.split_first_chunk::<FIXED>() else {
        return Ok(Progress::More(FIXED - bytes.len()));
    };
    let [.., command, family, high, low] = *fixed;
    if !matches!(command, LOCAL | PROXY) {
        return Err(Malformed("its version or command is unknown"));
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > REST_BYTES_MAX {
        return Err(Malformed("it is longer than 4096 bytes"));
    }
    if rest.len() < length {
        return Ok(Progress::More(length - rest.len()));
    }
    let (ends, extensions) = match family {
        TCP_OVER_IPV4 => addresses::<4>(rest)?,
        TCP_OVER_IPV6 => addresses::<16>(rest)?,
        UNIX_STREAM => (None, rest.get(UNIX_BYTES..).ok_or(SHORT)?),
        UNSPECIFIED => return Ok(Progress::Done(None)),
        _ => return Err(Malformed("it is of a connection that is not TCP")),
    };
    let is_secure = extensions_tell_of_tls(bytes, extensions)?;
    let told = ends.map(|(source, destination)| Told {
        source,
        destination,
        is_secure,
    });
    Ok(Progress::Done(told.filter(|_| command == PROXY)))
}

const SHORT: Malformed = Malformed("it is shorter than its addresses");

type Ends = Option<(SocketAddr, SocketAddr)>;

/// Two addresses of so many bytes, two ports, and what follows.
fn addresses<const N: usize>(rest: &[u8]) -> Result<(Ends, &[u8]), Malformed>
where
    IpAddr: From<[u8; N]>,
{
    let take = || {
        let (source, rest) = rest.split_first_chunk::<N>()?;
        let (destination, rest) = rest.split_first_chunk::<N>()?;
        let (from, rest) = rest.split_first_chunk::<2>()?;
        let (to, rest) = rest.split_first_chunk::<2>()?;
        let socket = |ip: &[u8; N], port: &[u8; 2]| {
            SocketAddr::new(IpAddr::from(*ip), u16::from_be_bytes(*port))
        };
        Some((Some((socket(source, from), socket(destination, to))), rest))
    };
    take().ok_or(SHORT)
}

/// Looks through the extensions (section 2.2): whether there was TLS, and that a checksum is right.
fn extensions_tell_of_tls(header: &[u8], mut rest: &[u8]) -> Result<bool, Malformed> {
    let mut is_secure = false;
    while let Some(([kind, high, low], after)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let broken = Malformed("an extension is longer than the header");
        let (value, after) = after.split_at_checked(length).ok_or(broken)?;
        match *kind {
            TYPE_SSL => is_secure = value.first().is_some_and(|bits| bits & CLIENT_SSL != 0),
            TYPE_CRC32C => {
                let sent = value.try_into().map(u32::from_be_bytes).ok();
                let at = header.len() - after.len() - length;
                if sent != Some(checksum(header, at)) {
                    return Err(Malformed("its checksum is wrong"));
                }
            }
            _ => {}
        }
        rest = after;
    }
    match rest.is_empty() {
        true => Ok(is_secure),
        false => Err(Malformed("an extension has no length")),
    }
}

/// CRC-32C of a header whose own four bytes of checksum, at `at`, count as zero. A bit at a time: it is rarely sent, and short.
pub(super) fn checksum(header: &[u8], at: usize) -> u32 {
    let own = at..at + 4;
    let bytes = header.iter().enumerate();
    let sum = bytes.fold(u32::MAX, |sum, (index, byte)| {
        let byte = if own.contains(&index) { 0 } else { *byte };
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            let reduce = if sum & 1 == 1 { 0x82f6_3b78 } else { 0 };
            (sum >> 1) ^ reduce
        })
    });
    !sum
}

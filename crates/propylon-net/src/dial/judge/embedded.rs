//! IPv4 inside IPv6: the address that a translator, a tunnel or the kernel would really reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One way to write an IPv4 address into an IPv6 one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Embedded {
    /// The address inside.
    pub(super) inner: Ipv4Addr,
    /// The form's name.
    pub(super) form: &'static str,
    /// Where it is set down.
    pub(super) source: &'static str,
}

/// The IPv4 address inside `address`, if it has one of the known forms.
pub(super) fn embedded(address: IpAddr) -> Option<Embedded> {
    let IpAddr::V6(address) = address else {
        return None;
    };
    let [.., a, b, c, d] = address.octets();
    let last = Ipv4Addr::new(a, b, c, d);
    let (inner, form, source) = match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] => (last, "IPv4-mapped", "RFC 4291, 2.5.5.2"),
        [0, 0, 0, 0, 0xffff, 0, ..] => (last, "IPv4-translated", "RFC 2765, 2.1"),
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 || low > 1 => {
            (last, "IPv4-compatible", "RFC 4291, 2.5.5.1")
        }
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => (last, "NAT64", "RFC 6052, 2.1"),
        [0x64, 0xff9b, 1, ..] => (last, "NAT64, local use", "RFC 8215"),
        [0x2002, high, low, ..] => (joined(high, low), "6to4", "RFC 3056, 2"),
        // The client's address is stored with every bit turned.
        [0x2001, 0, ..] => (Ipv4Addr::from(!u32::from(last)), "Teredo", "RFC 4380, 4"),
        [_, _, _, _, 0 | 0x200, 0x5efe, ..] => (last, "ISATAP", "RFC 5214, 6.1"),
        _ => return None,
    };
    Some(Embedded {
        inner,
        form,
        source,
    })
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

/// The address written the way it is written here; without IPv4 in disguise.
pub(super) fn mapped(address: Ipv6Addr) -> IpAddr {
    address.to_canonical()
}

//! The address blocks that nobody on the internet can own, from the IANA special-purpose registries.
//!
//! The registries are at <https://www.iana.org/assignments/iana-ipv4-special-registry> and
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>. Blocks that they call globally reachable stand here
//! too where they lie inside one that is not: the longest match decides.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// One row of a registry.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The addresses.
    pub net: IpNet,
    /// The registry's name for it.
    pub name: &'static str,
    /// Where it is set down.
    pub source: &'static str,
    /// Whether the registry lets anyone on the internet reach it.
    pub is_global: bool,
}

const fn v4(a: [u8; 4], len: u8, name: &'static str, source: &'static str) -> Block {
    let net = Ipv4Net::new_assert(Ipv4Addr::new(a[0], a[1], a[2], a[3]), len);
    Block {
        net: IpNet::V4(net),
        name,
        source,
        is_global: false,
    }
}

const fn v6(a: [u16; 5], len: u8, name: &'static str, source: &'static str) -> Block {
    let address = Ipv6Addr::new(a[0], a[1], a[2], a[3], 0, 0, 0, a[4]);
    Block {
        net: IpNet::V6(Ipv6Net::new_assert(address, len)),
        name,
        source,
        is_global: false,
    }
}

const fn global(block: Block) -> Block {
    Block {
        is_global: true,
        ..block
    }
}

/// The registries' rows, and multicast, which has registries of its own; IPv4 first, by address.
pub const SPECIAL_BLOCKS: &[Block] = &[
    v4([0, 0, 0, 0], 8, "this network", "RFC 791, 3.2"),
    v4([10, 0, 0, 0], 8, "private use", "RFC 1918"),
    v4([100, 64, 0, 0], 10, "shared address space", "RFC 6598"),
    v4([127, 0, 0, 0], 8, "loopback", "RFC 1122, 3.2.1.3"),
    v4([169, 254, 0, 0], 16, "link local", "RFC 3927"),
    v4([172, 16, 0, 0], 12, "private use", "RFC 1918"),
    v4(
        [192, 0, 0, 0],
        24,
        "IETF protocol assignments",
        "RFC 6890, 2.1",
    ),
    global(v4(
        [192, 0, 0, 9],
        32,
        "port control protocol anycast",
        "RFC 7723",
    )),
    global(v4([192, 0, 0, 10], 32, "TURN anycast", "RFC 8155")),
    v4([192, 0, 2, 0], 24, "documentation (TEST-NET-1)", "RFC 5737"),
    global(v4([192, 31, 196, 0], 24, "AS112-v4", "RFC 7535")),
    global(v4([192, 52, 193, 0], 24, "AMT", "RFC 7450")),
    v4(
        [192, 88, 99, 0],
        24,
        "6to4 relay anycast, deprecated",
        "RFC 7526",
    ),
    v4([192, 168, 0, 0], 16, "private use", "RFC 1918"),
    global(v4(
        [192, 175, 48, 0],
        24,
        "direct delegation AS112 service",
        "RFC 7534",
    )),
    v4([198, 18, 0, 0], 15, "benchmarking", "RFC 2544"),
    v4(
        [198, 51, 100, 0],
        24,
        "documentation (TEST-NET-2)",
        "RFC 5737",
    ),
    v4(
        [203, 0, 113, 0],
        24,
        "documentation (TEST-NET-3)",
        "RFC 5737",
    ),
    v4([224, 0, 0, 0], 4, "multicast", "RFC 5771"),
    v4([240, 0, 0, 0], 4, "reserved", "RFC 1112, 4"),
    v4([255, 255, 255, 255], 32, "limited broadcast", "RFC 8190"),
    v6([0, 0, 0, 0, 0], 128, "unspecified", "RFC 4291"),
    v6([0, 0, 0, 0, 1], 128, "loopback", "RFC 4291"),
    v6(
        [0x64, 0xff9b, 1, 0, 0],
        48,
        "IPv4/IPv6 translation, local use",
        "RFC 8215",
    ),
    v6([0x100, 0, 0, 0, 0], 64, "discard only", "RFC 6666"),
    v6([0x100, 0, 0, 1, 0], 64, "dummy prefix", "RFC 9780"),
    v6(
        [0x2001, 0, 0, 0, 0],
        23,
        "IETF protocol assignments",
        "RFC 2928",
    ),
    global(v6(
        [0x2001, 1, 0, 0, 1],
        128,
        "port control protocol anycast",
        "RFC 7723",
    )),
    global(v6([0x2001, 1, 0, 0, 2], 128, "TURN anycast", "RFC 8155")),
    global(v6(
        [0x2001, 1, 0, 0, 3],
        128,
        "DNS-SD registration anycast",
        "RFC 9665",
    )),
    v6([0x2001, 2, 0, 0, 0], 48, "benchmarking", "RFC 5180"),
    global(v6([0x2001, 3, 0, 0, 0], 32, "AMT", "RFC 7450")),
    global(v6([0x2001, 4, 0x112, 0, 0], 48, "AS112-v6", "RFC 7535")),
    v6(
        [0x2001, 0x10, 0, 0, 0],
        28,
        "ORCHID, deprecated",
        "RFC 4843",
    ),
    global(v6([0x2001, 0x20, 0, 0, 0], 28, "ORCHIDv2", "RFC 7343")),
    global(v6(
        [0x2001, 0x30, 0, 0, 0],
        28,
        "drone remote id tags",
        "RFC 9374",
    )),
    v6([0x2001, 0xdb8, 0, 0, 0], 32, "documentation", "RFC 3849"),
    global(v6(
        [0x2620, 0x4f, 0x8000, 0, 0],
        48,
        "direct delegation AS112 service",
        "RFC 7534",
    )),
    v6([0x3fff, 0, 0, 0, 0], 20, "documentation", "RFC 9637"),
    v6(
        [0x5f00, 0, 0, 0, 0],
        16,
        "segment routing identifiers",
        "RFC 9602",
    ),
    v6([0xfc00, 0, 0, 0, 0], 7, "unique local", "RFC 4193"),
    v6([0xfe80, 0, 0, 0, 0], 10, "link local", "RFC 4291"),
    v6(
        [0xfec0, 0, 0, 0, 0],
        10,
        "site local, deprecated",
        "RFC 3879",
    ),
    v6([0xff00, 0, 0, 0, 0], 8, "multicast", "RFC 4291"),
];

/// All that IANA has given out as global unicast; the rest of IPv6 is reserved.
const GLOBAL_UNICAST: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// IPv6 outside of what has been given out, and outside every row above.
const RESERVED: Block = v6([0, 0, 0, 0, 0], 0, "not global unicast", "RFC 4291, 2.4");

/// The block that keeps `address` off the internet, if one does.
pub(super) fn special_block(address: IpAddr) -> Option<&'static Block> {
    let longest = SPECIAL_BLOCKS
        .iter()
        .filter(|block| block.net.contains(&address))
        .max_by_key(|block| block.net.prefix_len());
    match (longest, address) {
        (Some(block), _) => (!block.is_global).then_some(block),
        (None, IpAddr::V6(address)) if !GLOBAL_UNICAST.contains(&address) => Some(&RESERVED),
        (None, _) => None,
    }
}

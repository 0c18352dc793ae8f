//! What may be written at a key: the words an error, the reference and the schema use for it.

/// More threads than any machine this runs on has cores.
pub(crate) const WORKERS_MAX: u64 = 1024;

/// What may be written at a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `stdout`, `off`, or a path with a slash.
    AccessLog,
    /// An IP address and a port.
    Address,
    /// A list of them.
    Addresses,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number.
    Count {
        /// What is counted, in the plural.
        of: &'static str,
        /// The least allowed.
        min: u64,
        /// The most allowed.
        max: u64,
    },
    /// A DNS name that can be looked up.
    Domain,
    /// A list of them.
    Domains,
    /// A time with its unit.
    Duration {
        /// Whether `0s` is allowed.
        zero: bool,
    },
    /// A time with its unit, not zero, or `off`.
    DurationOrOff,
    /// An address for mail.
    Email,
    /// The path of a file.
    File,
    /// An address block, a name, or a suffix of names.
    GuardEntry,
    /// A list of them.
    GuardEntries,
    /// `true` or `false`.
    Flag,
    /// The path of a folder.
    Folder,
    /// A DNS name, an address, or `*.` before a name.
    Host,
    /// `keep`, `upstream`, or a host with or without a port.
    HostHeader,
    /// A URL of `https://`.
    HttpsUrl,
    /// A key of `upstreams`.
    Name,
    /// A list of addresses and CIDR networks.
    Networks,
    /// One of `Networks`.
    Network,
    /// An origin of web pages, `null`, or `*`.
    Origin,
    /// A list of them.
    Origins,
    /// An absolute URL path.
    Path {
        /// One that makes sense at this key.
        example: &'static str,
    },
    /// An absolute URL path, or `off`.
    PathOrOff,
    /// A TCP port.
    Port,
    /// A list of them.
    Ports,
    /// The SHA-256 of a public key.
    Pin,
    /// A list of them.
    Pins,
    /// `https`, with or without a port.
    Redirect,
    /// The name of a server, or its address.
    ServerName,
    /// A number of bytes.
    Size {
        /// The least allowed.
        min: u64,
        /// The most allowed.
        max: u64,
    },
    /// A status of an answer that is an error, and not 404.
    Status,
    /// A list of them.
    Statuses,
    /// An instance's MCP endpoint.
    Url,
    /// A list of them.
    Urls,
    /// A whole number of threads, or `auto`.
    Workers,
}

impl Kind {
    /// The kind in a word or two, as in "`30` is not a duration".
    pub fn name(self) -> &'static str {
        match self {
            Kind::AccessLog => "place for the access log",
            Kind::Address | Kind::Addresses => "address and port",
            Kind::Choice(_) => "known word here",
            Kind::Count { .. } => "number allowed here",
            Kind::Domain | Kind::Domains => "domain",
            Kind::Duration { .. } | Kind::DurationOrOff => "duration",
            Kind::Email => "mail address",
            Kind::Folder => "folder",
            Kind::HttpsUrl => "https URL",
            Kind::File => "file",
            Kind::Flag => "yes or no",
            Kind::GuardEntry | Kind::GuardEntries => "network or name",
            Kind::Host => "host name",
            Kind::HostHeader => "host",
            Kind::Name => "name",
            Kind::Network | Kind::Networks => "network",
            Kind::Origin | Kind::Origins => "origin",
            Kind::Path { .. } | Kind::PathOrOff => "path",
            Kind::Pin | Kind::Pins => "pin",
            Kind::Port | Kind::Ports => "port",
            Kind::Redirect => "place to send clients to",
            Kind::ServerName => "server name",
            Kind::Size { .. } => "size",
            Kind::Status | Kind::Statuses => "status of a refusal",
            Kind::Url | Kind::Urls => "URL of an MCP endpoint",
            Kind::Workers => "number of threads",
        }
    }

    /// The kind of one item, where this is a list.
    pub(crate) fn item(self) -> Kind {
        match self {
            Kind::Addresses => Kind::Address,
            Kind::Domains => Kind::Domain,
            Kind::GuardEntries => Kind::GuardEntry,
            Kind::Networks => Kind::Network,
            Kind::Origins => Kind::Origin,
            Kind::Pins => Kind::Pin,
            Kind::Ports => Kind::Port,
            Kind::Statuses => Kind::Status,
            Kind::Urls => Kind::Url,
            kind => kind,
        }
    }

    /// What its number counts; empty where it is no number.
    pub fn unit(self) -> &'static str {
        match self {
            Kind::Count { of, .. } => of,
            Kind::Duration { .. } | Kind::DurationOrOff => "time",
            Kind::Size { .. } => "bytes",
            Kind::Workers => "threads",
            _ => "",
        }
    }

    /// What may be written, with an example.
    pub fn expected(self) -> String {
        match self {
            Kind::Choice(words) => one_of(words),
            Kind::Count { of, min, max } => format!("a whole number of {of} from {min} to {max}"),
            Kind::Path { example } => format!("an absolute path, such as {example}"),
            Kind::Size { min, max: u64::MAX } => {
                format!(
                    "a number of bytes, such as 64KiB, 4MiB or 1GB; at least {}",
                    bytes(min)
                )
            }
            Kind::Size { min, max } => format!(
                "a number of bytes from {} to {}, such as 64KiB or 4MiB",
                bytes(min),
                bytes(max)
            ),
            Kind::Workers => {
                format!("`auto`, or a whole number of threads from 1 to {WORKERS_MAX}")
            }
            kind => kind.phrase().to_owned(),
        }
    }

    /// The same for a kind without bounds or words of its own.
    fn phrase(self) -> &'static str {
        match self {
            Kind::AccessLog => "`stdout`, `off`, or a path with a slash, such as ./access.log",
            Kind::Address => "an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080",
            Kind::Addresses => "a list of addresses and ports, such as [10.0.0.2:53]",
            Kind::Duration { zero: false } => {
                "a time greater than zero, such as 250ms, 30s, 5m, 1h or 7d"
            }
            Kind::Duration { zero: true } => "a time such as 0s, 250ms, 30s, 5m or 1h",
            Kind::Domain => "a name that is in DNS, such as mcp.example.com",
            Kind::Domains => "a list of names, such as [mcp.example.com]",
            Kind::DurationOrOff => "a time such as 15s or 1m, or `off`",
            Kind::Email => "an address for mail, a name and a host with an at sign between",
            Kind::File => "the path of a file; a relative one is beside the description",
            Kind::Flag => "`true` or `false`",
            Kind::Folder => "the path of a folder; a relative one is beside the description",
            Kind::GuardEntry | Kind::GuardEntries | Kind::Port | Kind::Ports => self.of_guard(),
            Kind::Host => "a name without a port, such as mcp.example.com or *.example.com",
            Kind::HostHeader => {
                "`keep`, `upstream`, or a host such as mcp.example.com or mcp.example.com:8443"
            }
            Kind::HttpsUrl => "a URL such as https://acme.example.com/directory",
            Kind::Name => "the name of one of `upstreams`",
            Kind::Network => "an address or a CIDR network, such as 192.0.2.1 or 10.0.0.0/8",
            Kind::Networks => {
                "a list of addresses and CIDR networks, such as [10.0.0.0/8, 192.0.2.1]"
            }
            Kind::Origin => {
                "an origin such as https://app.example.com or http://localhost:5173, `null`, or `*`"
            }
            Kind::Origins => "a list of origins, such as [https://app.example.com]",
            Kind::PathOrOff => "an absolute path, such as /health, or `off`",
            Kind::Pin => "`sha256/` and the Base64 of a public key's SHA-256",
            Kind::Pins => {
                "a list of pins, such as [sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=]"
            }
            Kind::Redirect => "`https`, or with the port that clients reach it at, `https:8443`",
            Kind::ServerName => "a name, such as weather.internal, or an address",
            Kind::Status => "a status from 400 to 599 other than 404",
            Kind::Statuses => "a list of statuses, such as [400, 503]",
            Kind::Url => "a URL, such as http://127.0.0.1:3001/mcp",
            Kind::Urls => {
                "a list of URLs, such as [http://10.0.0.1:3001/mcp, http://10.0.0.2:3001/mcp]"
            }
            // Those above say it with their own bounds and words.
            Kind::Choice(_)
            | Kind::Count { .. }
            | Kind::Path { .. }
            | Kind::Size { .. }
            | Kind::Workers => "",
        }
    }
}

impl Kind {
    /// The same for what the guard of registered servers is told.
    fn of_guard(self) -> &'static str {
        match self {
            Kind::GuardEntries => {
                "a list of networks and names, such as [10.0.0.0/8, *.corp.example.com]"
            }
            Kind::Port => "a port from 1 to 65535",
            Kind::Ports => "a list of ports, such as [443, 8443]",
            _ => "an address, a CIDR network, a name, or a suffix such as *.example.com",
        }
    }
}

fn bytes(size: u64) -> String {
    crate::quantity::format_size(size)
}

/// `a`, `b` or `c`.
pub(crate) fn one_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => format!("`{word}`"),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(|word| format!("`{word}`")).collect();
            format!("{} or `{last}`", first.join(", "))
        }
    }
}

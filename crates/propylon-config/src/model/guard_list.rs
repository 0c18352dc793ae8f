//! The lists of what may and may not be dialled for users: address blocks, names, and suffixes of names.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// Entries of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GuardList {
    entries: Vec<GuardEntry>,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GuardEntry {
    Net(IpNet),
    Name(String),
    /// Written `*.example.com` or `.example.com`: every name under it, and not the name itself.
    Suffix(String),
}

/// A text that is neither a block, nor a name, nor a suffix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither an address block (10.0.0.0/8), a name (a.example.com) nor a suffix (*.example.com)"
)]
pub struct InvalidEntry(String);

impl GuardList {
    /// Reads the entries.
    ///
    /// # Errors
    /// The first text that is none.
    pub fn read<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, InvalidEntry> {
        let entries: Result<_, _> = texts
            .into_iter()
            .map(|text| text.as_ref().parse())
            .collect();
        Ok(Self { entries: entries? })
    }

    pub(crate) fn of(entries: Vec<GuardEntry>) -> Self {
        Self { entries }
    }

    /// The entry that names `name`, as it was written.
    pub fn name(&self, name: &str) -> Option<String> {
        self.entries
            .iter()
            .find(|entry| match entry {
                GuardEntry::Name(listed) => listed == name,
                GuardEntry::Suffix(suffix) => name
                    .strip_suffix(suffix.as_str())
                    .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
                GuardEntry::Net(_) => false,
            })
            .map(GuardEntry::to_string)
    }

    /// The narrowest block that holds `address`.
    pub fn block(&self, address: IpAddr) -> Option<IpNet> {
        self.entries
            .iter()
            .filter_map(|entry| match entry {
                GuardEntry::Net(net) if net.contains(&address) => Some(*net),
                _ => None,
            })
            .max_by_key(IpNet::prefix_len)
    }
}

impl std::fmt::Display for GuardEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Net(net) => net.fmt(f),
            Self::Name(name) => f.write_str(name),
            Self::Suffix(suffix) => write!(f, "*.{suffix}"),
        }
    }
}

impl FromStr for GuardEntry {
    type Err = InvalidEntry;

    fn from_str(text: &str) -> Result<Self, InvalidEntry> {
        if let Ok(net) = text.parse::<IpNet>() {
            return Ok(Self::Net(net.trunc()));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Net(address.into()));
        }
        let (name, is_suffix) = match text.strip_prefix("*.").or_else(|| text.strip_prefix('.')) {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let ascii = idna::domain_to_ascii_strict(name.trim_end_matches('.'))
            .ok()
            .filter(|name| !name.is_empty() && !name.ends_with(|c: char| c.is_ascii_digit()));
        match ascii {
            Some(name) if is_suffix => Ok(Self::Suffix(name)),
            Some(name) => Ok(Self::Name(name)),
            None => Err(InvalidEntry(text.to_owned())),
        }
    }
}

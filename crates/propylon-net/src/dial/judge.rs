//! The policy for addresses that users choose: which URL, name and address may be dialled, and which rule says no.
//!
//! Everything here is arithmetic on texts and numbers: no sockets, no look-ups.

mod address;
mod blocks;
mod embedded;
mod names;
mod policy;
mod redirect;
mod url;

pub use address::judge_address;
pub use blocks::{Block, SPECIAL_BLOCKS};
pub use names::judge_name;
pub use policy::{Policy, Refusal, Rule};
pub use propylon_config::{GuardList as List, InvalidEntry};
pub use redirect::judge_redirect;
pub use url::{Site, SiteHost, judge_url};

#[cfg(test)]
mod tests;

//! The table of practices: what goes wrong between an MCP client and an MCP server, and the fix.
//!
//! One [`Practice`] is one defect a proxy can put between the two. Its id is the same word in the
//! proxy's logs, the checker's report, the linter, generated configuration, SARIF and the book.
//! This crate is data: it reads no file, opens no socket and asks no clock.

mod document;
mod finding;
mod fix;
mod practice;
mod practices;
mod table;

pub use document::{Section, section};
pub use finding::{CheckResult, Evidence, Verdict};
pub use fix::{Product, fix};
pub use practice::{EraScope, Group, Practice, Seen, Severity};
pub use table::{PRACTICES, find};

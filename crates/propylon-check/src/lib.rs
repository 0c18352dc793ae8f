//! The judge of any proxy chain: the checks, and the MCP server that reports back what reached it.

mod cannot_run;
mod checks;
mod digest;
mod engine;
mod facts;
mod judge;
mod lab;
mod measure;
mod need;
mod options;
mod outcome;
mod over;
pub mod probe;
mod progress;
mod readable;
pub mod report;
mod talk;
pub mod timeline;
mod wire;

pub use cannot_run::{CannotRun, Refusal};
pub use engine::check;
pub use options::{CheckOptions, Hidden, Profile};
pub use progress::Progress;
pub use report::RunReport;
pub use wire::{CertificateFault, Endpoint, EndpointError, HttpVersion, Redirected, Trouble};

//! The MCP data path: from an accepted connection to a relayed answer.
//!
//! One thread per core, each with its own listeners, upstream connections and timers. The life of
//! a request reads top to bottom in `pipeline.rs`; each phase is a plain function in `phase/`.

mod access_log;
mod acme;
mod affinity;
pub mod backends;
mod cache;
mod cached;
mod certificates;
mod client;
mod control;
mod conversation;
mod diagnosed;
mod diagnosis;
mod error;
mod http1;
mod http2;
mod look;
mod lost;
mod metadata;
mod metrics;
mod mirrored;
mod outgoing;
mod phase;
mod pipeline;
mod proxy;
mod reach;
mod reason;
mod record;
mod relay;
mod renew;
mod response;
mod seal;
mod streams;
mod tables;
mod upstream;
mod worker;

pub use access_log::LogError;
pub use diagnosis::{SIGNS, Sign, diagnosis_markdown};
pub use proxy::{Handle, Proxy, StartError};
pub use reason::{Explanation, REASONS, Reason, reasons_markdown};
pub use record::log_fields_markdown;
pub use seal::Keyring;

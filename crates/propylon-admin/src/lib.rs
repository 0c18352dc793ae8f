//! The operator's own listeners: liveness, readiness and metrics, and the API that servers are registered with.

pub mod backends;
mod probes;
mod server;

pub use probes::Admin;
pub use server::ServerError as AdminError;

//! The admin listener: liveness, readiness and metrics, on a port of its own.

mod server;

pub use server::{Admin, AdminError};

//! Sockets: the one opener of outbound connections, and the listeners.

pub mod dial;
pub mod listener;

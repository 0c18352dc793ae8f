//! Sockets: the one opener of outbound connections, the listeners, and TLS on either.

pub mod dial;
pub mod https;
pub mod listener;
pub mod proxy_protocol;
pub mod tls;

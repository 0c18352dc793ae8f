//! The client's side: its connection, and the requests that come on it.

pub(crate) mod connection;
pub(crate) mod http2;
pub(crate) mod own_answer;

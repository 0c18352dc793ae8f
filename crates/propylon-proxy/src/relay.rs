//! Bodies on their way: read into a worker's one buffer, sent at once, kept only where a socket is full.

pub(crate) mod body;
pub(crate) mod deadline;
pub(crate) mod event_stream;
pub(crate) mod exchange;
pub(crate) mod first_event;
pub(crate) mod http_sse;
pub(crate) mod inbound;
pub(crate) mod outbound;
pub(crate) mod watch;

//! One file of facts and one page for each practice; the table lists them.

pub(crate) mod request_replayed;
pub(crate) mod response_timeout_short;
pub(crate) mod session_header_lost;
pub(crate) mod session_scattered;
pub(crate) mod sse_buffered;

//! One file of facts and one page for each practice; the table lists them.

pub(crate) mod accept_rewritten;
pub(crate) mod authorization_lost;
pub(crate) mod body_altered;
pub(crate) mod content_type_rewritten;
pub(crate) mod endpoint_unrouted;
pub(crate) mod error_body_replaced;
pub(crate) mod forwarded_spoofable;
pub(crate) mod host_rewritten;
pub(crate) mod last_event_id_lost;
pub(crate) mod method_headers_lost;
pub(crate) mod mirror_unchecked;
pub(crate) mod param_headers_lost;
pub(crate) mod request_replayed;
pub(crate) mod response_header_lost;
pub(crate) mod response_timeout_short;
pub(crate) mod session_header_lost;
pub(crate) mod session_scattered;
pub(crate) mod sse_buffered;
pub(crate) mod trace_context_lost;
pub(crate) mod version_header_lost;

//! An HTTP client that hides nothing: exact bytes out, lines and pieces in with the instant each came.

mod body;
mod carrier;
mod certificate;
mod client;
mod connection;
mod dialer;
mod endpoint;
mod head;
mod hello;
mod http1;
mod http2;
pub(crate) mod request;
mod response;
mod tls;
mod trouble;

pub use certificate::CertificateFault;
pub(crate) use client::Client;
pub use connection::HttpVersion;
pub(crate) use connection::{Connection, Ending};
pub(crate) use dialer::Dialer;
pub use dialer::Redirected;
pub use endpoint::{Endpoint, EndpointError};
pub(crate) use head::Head;
pub(crate) use hello::OldVersion;
pub(crate) use request::Request;
pub(crate) use response::Response;
pub use trouble::Trouble;

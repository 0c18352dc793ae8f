//! An exchange that failed: why, on which side, and whether its bytes ever left.

use std::io;

use crate::http1::head::HeadError;
use crate::reason::Reason;

/// Why an exchange ended without the upstream's whole answer reaching the client.
#[derive(Debug)]
pub(crate) struct ProxyError {
    pub(crate) reason: Reason,
    /// What was found, for the log; never carries anything a client or server sent.
    pub(crate) detail: Detail,
}

/// The particulars of a failure, in words that hold no payload.
#[derive(Debug)]
pub(crate) enum Detail {
    None,
    Found(&'static str),
    Io(io::ErrorKind),
    Dial(String),
}

impl ProxyError {
    pub(crate) fn found(reason: Reason, what: &'static str) -> Self {
        Self {
            reason,
            detail: Detail::Found(what),
        }
    }

    pub(crate) fn client_io(error: &io::Error) -> Self {
        Self {
            reason: Reason::ClientClosed,
            detail: Detail::Io(error.kind()),
        }
    }

    pub(crate) fn upstream_io(error: &io::Error) -> Self {
        Self {
            reason: Reason::UpstreamClosed,
            detail: Detail::Io(error.kind()),
        }
    }

    pub(crate) fn bad_request(error: HeadError) -> Self {
        match error {
            HeadError::TooLarge => Reason::HeaderLimit.into(),
            HeadError::Invalid(what) => Self::found(Reason::RequestInvalid, what),
        }
    }

    pub(crate) fn bad_response(error: HeadError) -> Self {
        match error {
            HeadError::TooLarge => {
                Self::found(Reason::UpstreamResponseInvalid, "a head beyond the limits")
            }
            HeadError::Invalid(what) => Self::found(Reason::UpstreamResponseInvalid, what),
        }
    }

    /// Whether the client's connection can carry another request: only where the failure came after
    /// its own request had been read whole, which holds for those that say it of the upstream.
    pub(crate) fn leaves_client_clean(&self) -> bool {
        matches!(
            self.reason,
            Reason::BackendRefused
                | Reason::SessionLost
                | Reason::SessionUnknown
                | Reason::TaskLost
                | Reason::UpstreamRefused
                | Reason::UpstreamTls
                | Reason::UpstreamUnreachable
                | Reason::RouteUnknown
                | Reason::HeaderMismatch
                | Reason::OriginRefused
                | Reason::StreamLimit
                | Reason::TenantRateLimit
                | Reason::TenantStreamLimit
                | Reason::ToolRefused
        )
    }

    /// The words for the log.
    pub(crate) fn detail(&self) -> Option<String> {
        match &self.detail {
            Detail::None => None,
            Detail::Found(what) => Some((*what).to_owned()),
            Detail::Io(kind) => Some(kind.to_string()),
            Detail::Dial(words) => Some(words.clone()),
        }
    }
}

/// What the strict readers of requests found wrong.
impl From<&'static str> for ProxyError {
    fn from(what: &'static str) -> Self {
        Self::found(Reason::RequestInvalid, what)
    }
}

impl From<Reason> for ProxyError {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            detail: Detail::None,
        }
    }
}

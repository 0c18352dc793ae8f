//! What a run of the checks is told: where, as whom, how long, and which.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use propylon_practices::Product;

use crate::wire::{Endpoint, HttpVersion, Redirected};

/// How long the run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Quiet periods of 8 s; under 30 s in all.
    Quick,
    /// Quiet periods of 75 s; under 100 s in all.
    Standard,
    /// Quiet periods of 330 s.
    Full,
}

impl Profile {
    /// How long streams and calls are left silent.
    #[must_use]
    pub const fn quiet(self) -> Duration {
        match self {
            Self::Quick => Duration::from_secs(8),
            Self::Standard => Duration::from_secs(75),
            Self::Full => Duration::from_secs(330),
        }
    }

    /// The word used on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Full => "full",
        }
    }
}

/// Text that cannot be printed: a token, or a header that may hold one.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the wire.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(…)")
    }
}

/// What a run is told.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// The URL under test.
    pub endpoint: Endpoint,
    /// How long the run may take.
    pub profile: Profile,
    /// The probe's token; without it nothing that disturbs is asked of the probe.
    pub token: Option<Hidden>,
    /// How long an answer may take that should come at once.
    pub timeout: Duration,
    /// The only HTTP version to speak; each that the endpoint offers when absent.
    pub http: Option<HttpVersion>,
    /// Headers that every request carries: name and value.
    pub headers: Vec<(String, Hidden)>,
    /// Headers of a second principal, for what one must not see of the other.
    pub second_headers: Vec<(String, Hidden)>,
    /// Ids to run; all when empty.
    pub select: Vec<String>,
    /// Ids to leave out.
    pub skip: Vec<String>,
    /// A PEM file of authorities to trust besides the system's.
    pub authority: Option<PathBuf>,
    /// Names to be found at addresses of the operator's choice.
    pub resolve: Vec<Redirected>,
    /// The product the fixes are for; guessed from the answers when absent.
    pub product: Option<Product>,
    /// The path of the health check; common ones are tried when absent.
    pub health: Option<String>,
    /// An origin that browsers are meant to come from; the endpoint's own when absent.
    pub origin: Option<String>,
    /// How many streams of one client are meant to be allowed; opening more is rude, so it is not tried when absent.
    pub streams_limit: Option<usize>,
}

impl CheckOptions {
    /// The standard run against `endpoint`.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            profile: Profile::Standard,
            token: None,
            timeout: Duration::from_secs(10),
            http: None,
            headers: Vec::new(),
            second_headers: Vec::new(),
            select: Vec::new(),
            skip: Vec::new(),
            authority: None,
            resolve: Vec::new(),
            product: None,
            health: None,
            origin: None,
            streams_limit: None,
        }
    }

    /// Whether the check `id` is to run.
    #[must_use]
    pub fn wants(&self, id: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|each| each == id);
        (self.select.is_empty() || named(&self.select)) && !named(&self.skip)
    }
}

#[cfg(test)]
mod tests {
    use super::{CheckOptions, Hidden};
    use crate::wire::Endpoint;

    #[test]
    fn selection_and_skipping() {
        let mut options = CheckOptions::new(Endpoint::parse("http://a/").unwrap());
        assert!(options.wants("sse-buffered"));
        options.skip = vec!["sse-buffered".into()];
        assert!(!options.wants("sse-buffered"));
        options.select = vec!["sse-buffered".into(), "body-limit-small".into()];
        assert!(!options.wants("sse-buffered"));
        assert!(options.wants("body-limit-small"));
        assert!(!options.wants("sse-cached"));
    }

    #[test]
    fn secrets_do_not_print() {
        assert!(!format!("{:?}", Hidden::new("swordfish")).contains("sword"));
    }
}

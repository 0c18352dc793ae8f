//! What a version of nginx can do that an older one cannot.

use propylon_config::{Endpoints, Upstream, UrlHost};

use crate::options::Version;
use crate::way::is_sticky;

/// What the chosen version can do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Abilities {
    /// `sticky learn … header`, in the open-source build since 1.29.6.
    pub(super) learns: bool,
    /// `server … resolve` and `service=`, in the open-source build since 1.27.3.
    pub(super) resolves: bool,
    /// `http2 on`, since 1.25.1; before it HTTP/2 was a word of `listen`.
    pub(super) switches_http2: bool,
}

/// How the requests of one session find their instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stickiness {
    /// There is but one instance, or the description asks for none.
    Unneeded,
    /// nginx learns the id from the answer that makes it.
    Learned,
    /// A word of the instance is put in front of the id.
    Tagged,
    /// This version can tell instances apart by address only, and these have names.
    Impossible,
}

impl Abilities {
    /// Those of `version`, or of the newest.
    pub(super) fn of(version: Option<Version>) -> Self {
        let since = |least| version.is_none_or(|version| version >= least);
        Abilities {
            learns: since(Version::new(1, 29, 6)),
            resolves: since(Version::new(1, 27, 3)),
            switches_http2: since(Version::new(1, 25, 1)),
        }
    }

    /// How sessions of this upstream stay together.
    pub(super) fn stickiness(self, upstream: &Upstream) -> Stickiness {
        if !is_sticky(upstream) {
            return Stickiness::Unneeded;
        }
        if self.learns {
            return Stickiness::Learned;
        }
        let have_addresses = matches!(&upstream.endpoints, Endpoints::Urls(urls)
            if urls.iter().all(|url| matches!(url.host, UrlHost::Ip(_))));
        if have_addresses {
            Stickiness::Tagged
        } else {
            Stickiness::Impossible
        }
    }
}

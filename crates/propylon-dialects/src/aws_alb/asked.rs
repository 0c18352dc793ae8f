//! What the author of the description wrote, as against what the defaults say.

use propylon_config::Written;

/// The keys that stand in the file.
pub(super) struct Asked<'o> {
    pub(super) written: &'o [Written],
}

impl Asked<'_> {
    /// Whether the file has this key.
    pub(super) fn is_written(&self, key: &str) -> bool {
        self.written.iter().any(|written| written.key == key)
    }

    /// The key an upstream's instances stand under.
    pub(super) fn instances(&self, upstream: &str) -> String {
        let urls = format!("upstreams.{upstream}.urls");
        if self.is_written(&urls) {
            urls
        } else {
            format!("upstreams.{upstream}.url")
        }
    }
}

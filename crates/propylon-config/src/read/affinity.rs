//! Reads how requests of one session reach one instance.

use super::{seal_keys, word};
use crate::model::seal_keys::SealKeys;
use crate::model::upstream::{Affinity, AffinityBy};
use crate::section::Section;

/// Everything under `affinity`, and the keys of the sealed store.
pub(super) fn read(section: Section<'_>, affinity: &mut Affinity) -> Option<SealKeys> {
    section.choice("by", &mut affinity.by, |word| match word {
        "session" => Some(AffinityBy::Session),
        "none" => Some(AffinityBy::None),
        _ => None,
    });
    if let Some(store) = section.read("store", word::store) {
        affinity.store = store.value;
    }
    section.duration("ttl", &mut affinity.ttl);
    section.count("entries_max", &mut affinity.entries_max);
    section.size("bytes_max", &mut affinity.bytes_max);
    let keys = seal_keys::read(&section, affinity);
    section.finish();
    keys
}

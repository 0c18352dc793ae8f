//! Reads how requests of one session reach one instance.

use super::{seal_keys, word};
use crate::model::seal_keys::SealKeys;
use crate::model::upstream::{Affinity, AffinityBy, OnLost, Store};
use crate::problem::Problem;
use crate::section::Section;

/// Everything under `affinity`, the statuses of lost sessions, and the keys of the sealed store.
pub(super) fn read(section: Section<'_>, affinity: &mut Affinity) -> (Vec<u16>, Option<SealKeys>) {
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
    section.choice("on_lost", &mut affinity.on_lost, |word| match word {
        "refuse" => Some(OnLost::Refuse),
        "reinitialize" => Some(OnLost::Reinitialize),
        _ => None,
    });
    section.size("handshake_bytes_max", &mut affinity.handshake_bytes_max);
    judge_on_lost(&section, affinity);
    let statuses = section.read_list("lost_status", word::status);
    let statuses = statuses.into_iter().flatten();
    let keys = seal_keys::read(&section, affinity);
    section.finish();
    (statuses.map(|status| status.value).collect(), keys)
}

/// What a session is begun anew from is kept in one process, and so only that process can do it.
fn judge_on_lost(section: &Section<'_>, affinity: &Affinity) {
    let why = match (affinity.on_lost, affinity.by, affinity.store) {
        (OnLost::Refuse, ..) | (OnLost::Reinitialize, AffinityBy::Session, Store::Memory) => return,
        (_, AffinityBy::None, _) => "`by: none` holds no sessions, so none can be begun anew",
        (_, _, Store::Sealed) => {
            "the sealed store keeps nothing, so there is no `initialize` to send again"
        }
    };
    let problem = Problem::error(&section.path.join("on_lost").shown, why).at(section.position);
    let problem =
        problem.expected("`on_lost: reinitialize` together with `by: session` and `store: memory`");
    section
        .report
        .add(problem.suggest("leave `on_lost` out: clients are then answered 404"));
}

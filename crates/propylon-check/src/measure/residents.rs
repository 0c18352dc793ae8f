//! Sessions on every instance, for checks that treat one instance badly.

use std::collections::BTreeMap;

use crate::lab::Lab;
use crate::talk::Session;
use crate::wire::Trouble;

/// Most sessions that are opened to meet every instance.
const SESSIONS_MAX: usize = 60;

/// Sessions by the instance that made them.
#[derive(Clone, Debug)]
pub(crate) struct Residents {
    pub(crate) sessions: BTreeMap<String, Vec<Session>>,
}

/// Opens sessions until each instance that was met has `each` of them.
pub(crate) async fn residents(lab: &Lab, each: usize) -> Result<Residents, Trouble> {
    let mut sessions: BTreeMap<String, Vec<Session>> = BTreeMap::new();
    for _ in 0..SESSIONS_MAX {
        let session = Session::open(lab).await?;
        if let Some(instance) = session.instance.clone() {
            sessions.entry(instance).or_default().push(session);
        }
        let enough = sessions.values().filter(|held| held.len() >= each).count();
        if enough >= lab.facts.instances.len() {
            break;
        }
    }
    sessions.retain(|_, held| held.len() >= each);
    if sessions.len() < 2 {
        return Err(Trouble::unexpected(
            "sessions could be made on one instance only",
        ));
    }
    Ok(Residents { sessions })
}

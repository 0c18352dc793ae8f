//! A connection to a registered server: looked up, judged and dialled in one step, each time.

use propylon_net::dial::Guard;
use propylon_net::dial::judge::Rule;

use super::{Backend, State};
use crate::upstream::Upstream;
use crate::upstream::dial::{Dialled, Missed, MissedKind};
use crate::upstream::instance::Instance;

/// A name may have any number of addresses that swallow packets: this many are waited for.
const ADDRESSES_TRIED: usize = 4;

impl Backend {
    /// Opens a connection to one of the addresses that the guard lets through now.
    pub(crate) async fn dial(
        &self,
        guard: Option<&Guard>,
        upstream: &Upstream,
        instance: &Instance,
    ) -> Result<Dialled, Missed> {
        let Some(guard) = guard else {
            return Err(Missed {
                kind: MissedKind::Unreachable,
                words: "no name can be resolved: there is no resolver".to_owned(),
            });
        };
        match guard.vet(&self.spec.url.to_string()).await {
            Ok(targets) => {
                self.mark(|at| State::Allowed { at });
                let tried: Vec<_> = targets.iter().take(ADDRESSES_TRIED).copied().collect();
                // Kept connections to any other address are not used again.
                instance.set_targets(targets);
                upstream.dial_any(instance, &tried).await
            }
            Err(refusal) => {
                instance.set_targets(Vec::new());
                let (rule, reason) = (refusal.rule.id(), refusal.what.clone());
                self.mark(|at| State::Refused { at, rule, reason });
                Err(Missed {
                    kind: match refusal.rule {
                        Rule::Unresolved => MissedKind::Unreachable,
                        _ => MissedKind::Forbidden,
                    },
                    words: format!("{refusal} [{rule}]"),
                })
            }
        }
    }
}

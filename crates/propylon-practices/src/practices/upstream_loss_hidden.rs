//! `upstream-loss-hidden`: upstream's death looks like a clean end.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "upstream-loss-hidden",
    title: "Upstream's death looks like a clean end",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Streams,
    holds: "A stream that dies upstream ends visibly broken, not as if it were complete.",
    seen: Seen::Outside(
        "Has the probe cut its connection in mid-stream and reads how the client's stream ended.",
    ),
    consequence: "Clients take half an answer for the whole, and wait for a response that was lost.",
    doc: include_str!("upstream_loss_hidden.md"),
};

//! `health-on-endpoint`: health checks hit the MCP endpoint.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "health-on-endpoint",
    title: "Health checks hit the MCP endpoint",
    severity: Severity::Warning,
    era: EraScope::Legacy,
    group: Group::Limits,
    holds: "No health check asks the MCP endpoint itself.",
    seen: Seen::Outside("Leaves the chain idle and asks the probe what arrived meanwhile."),
    consequence: "The server fills with sessions that nobody uses, or good instances are taken out because they answer a plain GET with 405 or 406.",
    doc: include_str!("health_on_endpoint.md"),
};

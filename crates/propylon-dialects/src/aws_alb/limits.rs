//! What AWS documents that an Application Load Balancer takes, and what becomes of a description that asks for more.

use super::asked::Asked;
use crate::emission::Emission;

/// A number the load balancer takes within bounds.
#[derive(Debug)]
pub(super) struct Limit {
    /// The key of the description that asks for it, as the table of settings has it.
    pub(super) setting: &'static str,
    /// What AWS calls it.
    pub(super) name: &'static str,
    pub(super) least: u64,
    pub(super) most: u64,
    /// Behind the number: ` s`, or nothing.
    pub(super) unit: &'static str,
    /// The page of the AWS documentation that says so.
    pub(super) source: &'static str,
}

const BALANCER: &str = "elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html";
const GROUP: &str = "elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html";
const CHECKS: &str = "elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html";
const QUOTAS: &str = "elasticloadbalancing/latest/application/load-balancer-limits.html";

/// Every number of the description that the load balancer has bounds for, sorted by setting.
#[rustfmt::skip]
pub(super) const LIMITS: &[Limit] = &[
    limit("drain", "deregistration_delay.timeout_seconds", 0, 3600, " s", GROUP),
    limit("upstreams.<name>.affinity.ttl", "stickiness.lb_cookie.duration_seconds", 1, 604_800, " s", GROUP),
    limit("upstreams.<name>.health.fall", "UnhealthyThresholdCount", 2, 10, "", CHECKS),
    limit("upstreams.<name>.health.interval", "HealthCheckIntervalSeconds", 5, 300, " s", CHECKS),
    limit("upstreams.<name>.health.rise", "HealthyThresholdCount", 2, 10, "", CHECKS),
    limit("upstreams.<name>.health.timeout", "HealthCheckTimeoutSeconds", 2, 120, " s", CHECKS),
    limit("upstreams.<name>.timeouts.idle", "idle_timeout.timeout_seconds", 1, 4000, " s", BALANCER),
    limit("upstreams.<name>.timeouts.response_head", "idle_timeout.timeout_seconds", 1, 4000, " s", BALANCER),
];

/// Bounds on how many there are of something.
pub(super) const RULES_MAX: Limit = limit(
    "routes[].path",
    "rules of a load balancer",
    0,
    100,
    "",
    QUOTAS,
);
pub(super) const GROUPS_MAX: Limit = limit(
    "upstreams.<name>.url",
    "target groups of a load balancer",
    0,
    100,
    "",
    QUOTAS,
);
/// Condition values of one rule: its host, its paths and its origins together.
pub(super) const VALUES_MAX: usize = 5;
/// Characters of a path or a host in a condition.
pub(super) const PATTERN_MAX: usize = 128;

const fn limit(
    setting: &'static str,
    name: &'static str,
    least: u64,
    most: u64,
    unit: &'static str,
    source: &'static str,
) -> Limit {
    Limit {
        setting,
        name,
        least,
        most,
        unit,
        source,
    }
}

impl Limit {
    /// The bounds in words, with where AWS says so.
    pub(super) fn said(&self) -> String {
        format!(
            "AWS takes {} to {}{} for {} (docs.aws.amazon.com/{})",
            self.least, self.most, self.unit, self.name, self.source
        )
    }
}

/// The nearest to `asked` that the load balancer takes. A key in the file that asks for another is reported.
pub(super) fn fit(
    setting: &str,
    key: &str,
    value: u64,
    asked: &Asked<'_>,
    emission: &mut Emission,
) -> u64 {
    let Some(limit) = LIMITS.iter().find(|limit| limit.setting == setting) else {
        debug_assert!(false, "no limit for {setting}");
        return value;
    };
    let fitted = value.clamp(limit.least, limit.most);
    if fitted != value && asked.is_written(key) {
        emission.warn(
            key,
            format!("{}, so it is {fitted}{}", limit.said(), limit.unit),
        );
    }
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_sorted_and_of_settings() {
        assert!(LIMITS.is_sorted_by_key(|limit| limit.setting));
        for limit in LIMITS {
            assert!(
                propylon_config::setting(limit.setting).is_some(),
                "{}",
                limit.setting
            );
            assert!(limit.least < limit.most && limit.source.ends_with(".html"));
        }
    }
}

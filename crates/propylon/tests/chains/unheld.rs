//! What a product cannot be configured to hold, and why: the only findings a good chain may have.

/// One row that one product does not hold.
pub(crate) struct Unheld {
    pub(crate) chain: &'static str,
    pub(crate) id: &'static str,
    pub(crate) why: &'static str,
}

const fn row(chain: &'static str, id: &'static str, why: &'static str) -> Unheld {
    Unheld { chain, id, why }
}

const TASKS: &str =
    "a task's id is in the body of the answer that makes it, where the product cannot learn it";
const HAPROXY_LOSS: &str = "over HTTP/2, 2.6 ends a chunked answer that was cut as if it were whole; over HTTP/1.1 it does not";

/// Every such row.
pub(crate) const UNHELD: &[Unheld] = &[
    row("nginx", "task-scattered", TASKS),
    row("nginx-tls", "task-scattered", TASKS),
    row("haproxy", "task-scattered", TASKS),
    row("haproxy", "upstream-loss-hidden", HAPROXY_LOSS),
    row("haproxy-auth", "task-scattered", TASKS),
    row("haproxy-auth", "upstream-loss-hidden", HAPROXY_LOSS),
    row("caddy", "task-scattered", TASKS),
    row("envoy", "task-scattered", TASKS),
    row(
        "caddy",
        "param-headers-lost",
        "since 2.11.4 headers with an underscore or a dot are dropped, and there is no switch",
    ),
    row(
        "envoy",
        "session-id-readable",
        "the session filter wraps the id with the instance's address in Base64",
    ),
    row(
        "propylon-limited",
        "unbounded-streams",
        "a plain call counts as a stream while it is asked, so it is refused too",
    ),
];

/// What `chain` does not hold.
pub(crate) fn unheld(chain: &str) -> Vec<&'static str> {
    UNHELD
        .iter()
        .filter(|row| row.chain == chain)
        .map(|row| row.id)
        .collect()
}

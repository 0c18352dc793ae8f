//! The resolved description: defaults applied, everything checked, ready for the proxy to read.

pub(crate) mod acme;
pub(crate) mod backends;
pub(crate) mod cache;
pub(crate) mod cors;
pub(crate) mod deployment;
pub(crate) mod guard_list;
pub(crate) mod limits;
pub(crate) mod seal_keys;
pub(crate) mod tls;
pub(crate) mod upstream;
pub(crate) mod upstream_url;

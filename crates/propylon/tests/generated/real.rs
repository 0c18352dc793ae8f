//! Real servers and clients, shared with the tests of the proxy.

#[path = "../it/real/rmcp_client.rs"]
#[expect(dead_code, reason = "the tests of the proxy walk further")]
pub(crate) mod rmcp_client;
#[path = "../it/real/scripts.rs"]
#[expect(dead_code, reason = "the tests of the proxy walk further")]
pub(crate) mod scripts;
#[path = "../it/real/servers.rs"]
#[expect(dead_code, reason = "the tests of the proxy have groups of every kind")]
pub(crate) mod servers;
#[path = "../it/real/suite.rs"]
pub(crate) mod suite;
#[path = "../it/real/walks.rs"]
pub(crate) mod walks;

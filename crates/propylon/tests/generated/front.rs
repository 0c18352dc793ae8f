//! The built binary, for the parts shared with the other tests.

use propylon_testkit::{Launch, Propylon};

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_propylon");

/// Serves `/mcp` from `urls`, ended with this process.
pub(crate) fn serve_leashed(urls: &[String]) -> Propylon {
    let mut text = String::from(
        "listeners: [{ address: \"{listen}\" }]\nadmin: { address: \"{admin}\" }\nroutes: [{ path: /mcp, upstream: it }]\n",
    );
    text.push_str(&format!("upstreams: {{ it: {{ urls: {urls:?} }} }}\n"));
    Launch::new(BINARY).leashed().config(&text)
}

//! HTTP/2 on both sides: with curl, Node and h2load as clients, Node as a server, and scripted frames for what they do not do.

mod client;
mod drain;
mod floods;
mod frames;
mod lost;
mod pairs;
mod peers;
mod refused;
mod shapes;
mod streams;

use propylon_testkit::{Launch, Propylon};

use crate::front::BINARY;

/// Serves `/mcp` from `url` in clear to clients of both versions; `upstream` and `root` are more keys, a line each.
fn serve(url: &str, upstream: &[&str], root: &[&str]) -> Propylon {
    let text = crate::front::yaml(&[url.to_owned()], upstream, root);
    let listener = "  - address: \"{listen}\"\n";
    let both = "  - { address: \"{listen}\", http2: true }\n";
    Launch::new(BINARY).config(&text.replace(listener, both))
}

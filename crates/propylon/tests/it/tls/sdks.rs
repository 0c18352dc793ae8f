//! Clients of the official SDKs over TLS, with roots of their user's choice.

use propylon_testkit::Scratch;

use crate::real::scripts;
use crate::real::servers::{Kind, group};
use crate::real::walks::{check_legacy, name};

use super::authority::{Authority, Leaf};
use super::{pair, serve};

#[test]
fn the_official_clients_walk_over_tls() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("server", &Leaf::of(&["127.0.0.1"]));
    let kind = Kind::PythonSdk;
    let proxy = serve(&group(kind).direct(), &pair(scratch.path(), "server"), "");
    let url = format!("https://{}/mcp", proxy.address());
    for steps in scripts::over_tls(&url, &["all", "--kind", name(kind)], authority.file()) {
        check_legacy(kind, &steps);
    }
}

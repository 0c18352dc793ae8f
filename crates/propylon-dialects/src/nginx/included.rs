//! mcp.conf: everything between `http {` and its end, so that it can stand beside what another nginx.conf has there.

use propylon_config::Deployment;

use super::abilities::Abilities;
use super::{TARGET, front, log, maps, upstreams};
use crate::emission::Emission;
use crate::text::Text;
use crate::way::sites;

/// The text of mcp.conf.
pub(super) fn write(deployment: &Deployment, abilities: Abilities, emission: &Emission) -> String {
    let mut text = Text::new("#", "    ");
    text.opening(&TARGET, emission);
    text.why("To use it in an nginx.conf of your own: `include mcp.conf;` inside its `http`.");
    text.blank();
    log::format(deployment, &mut text);
    maps::write(deployment, &mut text);
    text.held(
        "limit_conn_zone $binary_remote_addr zone=mcp_clients:10m;",
        &["unbounded-streams"],
    );
    text.held(
        "limit_conn_zone all zone=mcp_all:1m;",
        &["unbounded-streams"],
    );
    for upstream in deployment.upstreams.values() {
        text.blank();
        upstreams::write(deployment, upstream, abilities, &mut text);
    }
    for (index, site) in sites(deployment).iter().enumerate() {
        text.blank();
        front::write(deployment, site, index == 0, abilities, &mut text);
    }
    text.finish()
}

//! Settings of what Propylon alone does, whatever the product.

use propylon_config::Deployment;

use crate::emission::Emission;
use crate::target::Without;

/// Of a setting that begins like this, where the product has no word of its own about it.
#[rustfmt::skip]
const OWN: &[Without] = &[
    own("backends.", "servers that users register are `propylon serve`'s own: no other product has them"),
    own("limits.control_frames", "the product's own bounds on floods of frames hold"),
    own("upstreams.<name>.affinity.handshake_bytes_max", NOT_BEGUN_ANEW),
    own("upstreams.<name>.affinity.lost_status", "a server's answer to an unknown session is passed on as it is: answer 404 in the server"),
    own("upstreams.<name>.affinity.on_lost", NOT_BEGUN_ANEW),
    own("upstreams.<name>.cache.", NOTHING_KEPT),
];

const NOTHING_KEPT: &str = "the product knows neither `ttlMs` nor `cacheScope`, so nothing is kept";
const NOT_BEGUN_ANEW: &str = "only Propylon begins a lost session anew: clients have to do it";

/// Says which upstreams have a cache of defaults alone, `cache: {}`: no key of it is written.
pub(crate) fn warn_of_caches(deployment: &Deployment, emission: &mut Emission) {
    let upstreams = deployment.upstreams.values();
    for upstream in upstreams.filter(|upstream| upstream.cache.is_some()) {
        let section = format!("upstreams.{}.cache", upstream.name);
        let mut warnings = emission.warnings.iter();
        if !warnings.any(|warning| warning.setting.starts_with(&section)) {
            emission.warn(section, NOTHING_KEPT);
        }
    }
}

/// What is to be said of `setting`.
pub(crate) fn why(setting: &str) -> Option<&'static str> {
    let row = OWN.iter().find(|row| setting.starts_with(row.setting));
    row.map(|row| row.why)
}

const fn own(setting: &'static str, why: &'static str) -> Without {
    Without { setting, why }
}

//! The dialect of Caddy: one Caddyfile, in which session ids carry a letter that names their instance.

mod coverage;
mod gaps;
mod global;
mod honours;
mod log;
mod pages;
mod site;
mod upstream;
mod way;
mod word;

use propylon_config::Deployment;
use propylon_practices::Product;

use crate::emission::Emission;
use crate::options::Options;
use crate::target::Target;
use crate::text::Text;
use crate::way::sites;

pub(crate) static TARGET: Target = Target {
    product: Product::Caddy,
    run: "caddy run --config Caddyfile",
    coverage: coverage::COVERAGE,
    honours: honours::HONOURS,
    without: honours::WITHOUT,
    emit,
};

fn emit(deployment: &Deployment, _options: &Options, emission: &mut Emission) {
    gaps::judge(deployment, emission);
    let mut text = Text::new("#", "\t");
    text.opening(&TARGET, emission);
    text.blank();
    global::write(deployment, &mut text);
    for upstream in deployment.upstreams.values() {
        text.blank();
        upstream::write(deployment, upstream, &mut text);
    }
    let sites = sites(deployment);
    for (number, site) in sites.iter().enumerate() {
        text.blank();
        site::write(deployment, site, number, &mut text);
    }
    if sites.iter().all(|site| site.host.is_some()) {
        text.blank();
        site::write_others(deployment, sites.len(), &mut text);
    }
    text.blank();
    site::listen(deployment, &sites, &mut text);
    emission.file("Caddyfile", text.finish());
}

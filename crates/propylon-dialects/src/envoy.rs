//! The dialect of Envoy: one envoy.yaml, in which session ids carry a letter that names their instance.

mod cluster;
mod connections;
mod coverage;
mod filters;
mod gaps;
mod honours;
mod listener;
mod log;
mod pages;
mod process;
mod replies;
mod route;
mod site;
mod tls;
mod word;

use propylon_config::Deployment;
use propylon_practices::Product;

use crate::emission::Emission;
use crate::options::Options;
use crate::target::Target;
use crate::text::Text;

pub(crate) static TARGET: Target = Target {
    product: Product::Envoy,
    run: "envoy -c envoy.yaml",
    coverage: coverage::COVERAGE,
    honours: honours::HONOURS,
    without: honours::WITHOUT,
    emit,
};

fn emit(deployment: &Deployment, _options: &Options, emission: &mut Emission) {
    gaps::judge(deployment, emission);
    let mut text = Text::new("#", "  ");
    text.opening(&TARGET, emission);
    text.blank();
    process::write(deployment, &mut text);
    text.blank();
    text.line("static_resources:");
    text.deeper(|text| {
        text.line("listeners:");
        text.deeper(|text| listener::write(deployment, text));
        text.blank();
        text.line("clusters:");
        text.deeper(|text| {
            for upstream in deployment.upstreams.values() {
                cluster::write(deployment, upstream, text);
            }
        });
    });
    emission.file("envoy.yaml", text.finish());
}

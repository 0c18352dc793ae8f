//! The dialect of HAProxy: one haproxy.cfg, for 2.6 and later.

mod backend;
mod coverage;
mod frontend;
mod gaps;
mod honours;
mod pages;
mod process;
mod rewrite;
mod word;

use propylon_config::Deployment;
use propylon_practices::Product;

use crate::emission::Emission;
use crate::options::Options;
use crate::target::Target;
use crate::text::Text;
use crate::way::ways;

pub(crate) static TARGET: Target = Target {
    product: Product::Haproxy,
    run: "haproxy -db -f haproxy.cfg",
    coverage: coverage::COVERAGE,
    honours: honours::HONOURS,
    without: honours::WITHOUT,
    emit,
};

fn emit(deployment: &Deployment, _options: &Options, emission: &mut Emission) {
    gaps::judge(deployment, emission);
    let mut text = Text::new("#", "    ");
    text.opening(&TARGET, emission);
    text.blank();
    process::write(deployment, &mut text);
    text.blank();
    frontend::write(deployment, &ways(deployment), &mut text);
    for upstream in deployment.upstreams.values() {
        text.blank();
        backend::write(upstream, &mut text);
    }
    text.blank();
    backend::write_own(&mut text);
    emission.file("haproxy.cfg", text.finish());
}

//! The dialect of nginx: a complete nginx.conf, and mcp.conf for those who have one.

mod abilities;
mod coverage;
mod front;
mod gaps;
mod honours;
mod included;
mod location;
mod log;
mod maps;
mod tls;
mod upstreams;
mod whole;
mod word;

use propylon_config::Deployment;
use propylon_practices::Product;

use crate::emission::Emission;
use crate::options::Options;
use crate::target::Target;
use abilities::Abilities;

pub(crate) static TARGET: Target = Target {
    product: Product::Nginx,
    run: "nginx -p . -c nginx.conf -g 'daemon off;'",
    coverage: coverage::COVERAGE,
    honours: honours::HONOURS,
    without: honours::WITHOUT,
    emit,
};

fn emit(deployment: &Deployment, options: &Options, emission: &mut Emission) {
    let abilities = Abilities::of(options.nginx);
    gaps::judge(deployment, abilities, emission);
    let whole = whole::write(deployment, emission);
    let included = included::write(deployment, abilities, emission);
    emission.file("nginx.conf", whole);
    emission.file("mcp.conf", included);
}

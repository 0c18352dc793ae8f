//! The dialect of Traefik: traefik.yml, which is read once, and dynamic.yml, which is read again when it changes.

mod coverage;
mod entry;
mod gaps;
mod honours;
mod middleware;
mod router;
mod rule;
mod service;
mod tls;

use propylon_config::Deployment;
use propylon_practices::Product;

use crate::emission::Emission;
use crate::options::Options;
use crate::target::Target;
use crate::text::Text;

pub(crate) static TARGET: Target = Target {
    product: Product::Traefik,
    run: "traefik --configFile=traefik.yml",
    coverage: coverage::COVERAGE,
    honours: honours::HONOURS,
    without: honours::WITHOUT,
    emit,
};

fn emit(deployment: &Deployment, _options: &Options, emission: &mut Emission) {
    gaps::judge(deployment, emission);
    let mut fixed = Text::new("#", "  ");
    fixed.opening(&TARGET, emission);
    fixed.blank();
    entry::write(deployment, &mut fixed);
    let mut dynamic = Text::new("#", "  ");
    dynamic.opening(&TARGET, emission);
    dynamic.blank();
    dynamic.line("http:");
    dynamic.deeper(|text| {
        router::write(deployment, text);
        text.blank();
        middleware::write(deployment, text);
        text.blank();
        service::write(deployment, text);
    });
    tls::write(deployment, &mut dynamic);
    emission.file("traefik.yml", fixed.finish());
    emission.file("dynamic.yml", dynamic.finish());
}

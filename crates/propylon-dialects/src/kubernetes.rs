//! The dialect of Kubernetes: Propylon as the front of Pods, and the way to it from a Gateway or an ingress.

mod coverage;
mod description;
mod fronts;
mod gaps;
mod honours;
mod ingress;
mod manifest;
mod network;
mod plan;
mod services;
mod workload;

use propylon_config::Deployment;
use propylon_practices::Product;

use crate::emission::Emission;
use crate::options::Options;
use crate::target::Target;
use plan::Plan;

pub(crate) static TARGET: Target = Target {
    product: Product::Kubernetes,
    run: "kubectl apply -k . && kubectl apply -f front/httproute.yaml, or another of front/",
    coverage: coverage::COVERAGE,
    honours: honours::HONOURS,
    without: honours::WITHOUT,
    emit,
};

fn emit(deployment: &Deployment, options: &Options, emission: &mut Emission) {
    let plan = Plan::of(deployment);
    gaps::say(&plan, options, emission);
    manifest::kustomization(&plan, emission);
    manifest::config_map(&plan, emission);
    workload::write(&plan, emission);
    services::write(&plan, emission);
    network::write(&plan, emission);
    fronts::http_route(&plan, emission);
    ingress::nginx(&plan, emission);
    ingress::traefik(&plan, emission);
}

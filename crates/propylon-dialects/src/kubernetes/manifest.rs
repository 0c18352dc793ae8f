//! What all manifests have in common, and the two that hold no object of their own making: the list of the others, and
//! the description.

use super::description;
use super::plan::{NAME, Plan};
use crate::emission::Emission;
use crate::text::Text;

/// The files that are always applied.
pub(super) const CONFIG_MAP: &str = "configmap.yaml";
pub(super) const WORKLOAD: &str = "deployment.yaml";
pub(super) const SERVICES: &str = "services.yaml";
pub(super) const NETWORK: &str = "networkpolicy.yaml";

/// A file of manifests.
pub(super) fn file(emission: &mut Emission, path: &str, inside: impl FnOnce(&mut Text)) {
    let mut text = Text::new("#", "  ");
    text.opening(&super::TARGET, emission);
    inside(&mut text);
    emission.file(path, text.finish());
}

/// The head of one object; each but the first of a file begins with a line of its own.
pub(super) fn object(text: &mut Text, version: &str, kind: &str, name: &str) {
    text.line("---");
    text.line(format!("apiVersion: {version}"));
    text.line(format!("kind: {kind}"));
    text.line(format!(
        "metadata: {{ name: {name}, labels: {{ app.kubernetes.io/name: {NAME} }} }}"
    ));
}

pub(super) fn kustomization(plan: &Plan<'_>, emission: &mut Emission) {
    file(emission, "kustomization.yaml", |text| {
        text.line("apiVersion: kustomize.config.k8s.io/v1beta1");
        text.line("kind: Kustomization");
        text.line(format!(
            "resources: [{CONFIG_MAP}, {WORKLOAD}, {SERVICES}, {NETWORK}]"
        ));
        text.why("Where your cluster pulls it from; a digest is better than a tag.");
        text.line(format!(
            "images: [{{ name: {NAME}, newName: registry.example.com/{NAME}, newTag: latest }}]"
        ));
        if !plan.secrets.is_empty() {
            text.why("Secrets that must be there first:");
        }
        for secret in &plan.secrets {
            text.why(&format!("{}: {}", secret.name, secret.made_by));
        }
    });
}

pub(super) fn config_map(plan: &Plan<'_>, emission: &mut Emission) {
    file(emission, CONFIG_MAP, |text| {
        object(text, "v1", "ConfigMap", NAME);
        text.line("data:");
        text.deeper(|text| {
            text.why("A change is taken within a minute or so, without a restart.");
            text.line("propylon.yaml: |");
            text.deeper(|text| description::write(text, plan));
        });
    });
}

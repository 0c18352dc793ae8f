//! What a product is to the generator: its name, its emitter, and what it can hold.

use propylon_config::Deployment;
use propylon_practices::Product;

use crate::coverage::{Coverage, gaps};
use crate::emission::{Emission, Warning};
use crate::options::Options;
use crate::propylons_own;

/// Every product there is a dialect for, sorted by name.
#[rustfmt::skip]
pub const TARGETS: &[&Target] = &[
    &crate::aws_alb::TARGET,
    &crate::caddy::TARGET,
    &crate::cloudflare::TARGET,
    &crate::envoy::TARGET,
    &crate::haproxy::TARGET,
    &crate::kubernetes::TARGET,
    &crate::nginx::TARGET,
    &crate::traefik::TARGET,
];

/// One product configuration is written for.
#[derive(Debug)]
pub struct Target {
    /// Which product; gives the target its name and title.
    pub product: Product,
    /// How its files are run from inside their folder.
    pub run: &'static str,
    /// What the product holds: a row for every practice, sorted by id.
    pub coverage: &'static [Coverage],
    /// Keys of the description that have a counterpart, as the table of settings has them, sorted.
    pub honours: &'static [&'static str],
    /// Of the other keys, those for which there is more to say than that, sorted.
    pub without: &'static [Without],
    /// Writes the files.
    pub(crate) emit: fn(&Deployment, &Options, &mut Emission),
}

/// A setting that has no counterpart, and what that means.
#[derive(Clone, Copy, Debug)]
pub struct Without {
    /// As the table of settings has it.
    pub setting: &'static str,
    /// What holds instead, in one sentence.
    pub why: &'static str,
}

impl Target {
    /// The word used on the command line.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.product.as_str()
    }

    /// The product's own spelling of its name.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.product.heading()
    }

    /// The product's configuration for a deployment, and everything in it that could not be said.
    #[must_use]
    pub fn generate(&self, deployment: &Deployment, options: &Options) -> Emission {
        let mut emission = Emission {
            files: Vec::new(),
            gaps: gaps(self.coverage),
            warnings: self.warnings(options),
        };
        if !self.honours.contains(&"upstreams.<name>.cache.wait") {
            propylons_own::warn_of_caches(deployment, &mut emission);
        }
        (self.emit)(deployment, options, &mut emission);
        emission
    }

    /// The keys of the file that this product has no counterpart for.
    fn warnings(&self, options: &Options) -> Vec<Warning> {
        let lost = options
            .written
            .iter()
            .filter(|written| !self.honours.contains(&written.setting.as_str()));
        lost.map(|written| {
            let known = self
                .without
                .iter()
                .find(|without| without.setting == written.setting);
            let why = known.map(|without| without.why);
            let why = why.or_else(|| propylons_own::why(&written.setting));
            let why = why.map_or_else(
                || format!("{} has no counterpart", self.title()),
                str::to_owned,
            );
            Warning {
                setting: written.key.clone(),
                why,
            }
        })
        .collect()
    }
}

/// The target called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().copied().find(|target| target.name() == name)
}

#[cfg(test)]
mod tests;

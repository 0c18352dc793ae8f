//! Picks one product's fix out of a practice's page.

use serde::{Deserialize, Serialize};

use crate::document::under;
use crate::practice::Practice;

/// A product a fix is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// This project's own proxy.
    Propylon,
    /// nginx, the open-source build.
    Nginx,
    /// Caddy 2.
    Caddy,
    /// Traefik 3.
    Traefik,
    /// The AWS Application Load Balancer.
    AwsAlb,
    /// Cloudflare's proxy, Tunnel and Workers.
    Cloudflare,
    /// `HAProxy` 2.6 and later.
    Haproxy,
    /// Envoy.
    Envoy,
    /// Kubernetes: ingress-nginx, Gateway API, Services and Pods.
    Kubernetes,
}

impl Product {
    /// Every product, in the order of the page.
    pub const ALL: &[Self] = &[
        Self::Propylon,
        Self::Nginx,
        Self::Caddy,
        Self::Traefik,
        Self::AwsAlb,
        Self::Cloudflare,
        Self::Haproxy,
        Self::Envoy,
        Self::Kubernetes,
    ];

    /// The word used on the command line and in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Propylon => "propylon",
            Self::Nginx => "nginx",
            Self::Caddy => "caddy",
            Self::Traefik => "traefik",
            Self::AwsAlb => "aws-alb",
            Self::Cloudflare => "cloudflare",
            Self::Haproxy => "haproxy",
            Self::Envoy => "envoy",
            Self::Kubernetes => "kubernetes",
        }
    }

    /// The product's own spelling of its name, which is also its heading in a page.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Propylon => "Propylon",
            Self::Nginx => "nginx",
            Self::Caddy => "Caddy",
            Self::Traefik => "Traefik",
            Self::AwsAlb => "AWS ALB",
            Self::Cloudflare => "Cloudflare",
            Self::Haproxy => "HAProxy",
            Self::Envoy => "Envoy",
            Self::Kubernetes => "Kubernetes",
        }
    }

    /// Reads the word [`Self::as_str`] writes.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|each| each.as_str() == word)
    }
}

/// What to do about `practice` in `product`, in Markdown, without the product's heading.
#[must_use]
pub fn fix(practice: &Practice, product: Product) -> String {
    plain_fences(under(under(practice.doc, 2, "Fix"), 3, product.heading()))
}

/// Fences with their language alone: the rest of the line tells the book's build what becomes of the block.
fn plain_fences(markdown: &str) -> String {
    let lines = markdown.lines().map(|line| match line.split_once(' ') {
        Some((fence, _)) if fence.starts_with("```") => fence,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::PRACTICES;

    #[test]
    fn every_product_reads_back() {
        for &product in Product::ALL {
            assert_eq!(Product::parse(product.as_str()), Some(product));
        }
        assert_eq!(Product::parse("apache"), None);
    }

    #[test]
    fn every_practice_says_what_to_do_in_every_product() {
        for practice in PRACTICES {
            for &product in Product::ALL {
                let text = fix(practice, product);
                assert!(
                    text.len() > 20,
                    "{}: {}: `{text}`",
                    practice.id,
                    product.heading()
                );
                assert!(!text.contains(" in="), "{}: `{text}`", practice.id);
                assert!(
                    !text.contains("\n### "),
                    "{}: {}",
                    practice.id,
                    product.heading()
                );
            }
        }
    }
}

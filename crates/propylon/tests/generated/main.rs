//! `propylon generate` proven: what it writes for each product loads, runs, and holds what it says it holds.
//!
//! Each product has a file of its own with a `PRODUCT` of type [`product::Product`], and a line in [`proven!`].

mod broken;
mod clean;
mod clients;
mod front;
mod product;
mod real;
mod rows;
mod secure;
mod short_streams;
mod stand;

mod caddy;
mod cloudflare;
mod envoy;
mod haproxy;
mod nginx;
mod traefik;

use product::Product;

/// Every product that is run here.
#[rustfmt::skip]
const PRODUCTS: &[&Product] = &[
    &caddy::PRODUCT,
    &cloudflare::PRODUCT,
    &envoy::PRODUCT,
    &haproxy::PRODUCT,
    &nginx::PRODUCT,
    &nginx::DEBIAN,
    &traefik::PRODUCT,
];

/// One module of tests for each product: `cargo test --test generated caddy` runs those of one.
macro_rules! proven {
    ($($name:ident: $product:path;)*) => {
        $(mod $name {
            #[test]
            fn simple_is_clean_but_for_the_gaps() {
                crate::clean::check(&$product, crate::stand::SIMPLE, "/mcp");
            }

            #[test]
            fn full_is_clean_but_for_the_gaps() {
                crate::clean::check(&$product, crate::stand::FULL, "/weather");
            }

            #[test]
            fn routes_lead_where_they_should() {
                crate::clean::check_routes(&$product);
            }

            #[test]
            fn each_broken_practice_is_found() {
                crate::broken::check(&$product);
            }

            #[test]
            fn short_streams_arrive_whole() {
                crate::short_streams::check(&$product);
            }

            #[test]
            fn certificates_of_the_description_are_shown() {
                crate::secure::check(&$product);
            }

            #[test]
            fn the_conformance_suite_passes_as_direct() {
                crate::clients::check_suite(&$product);
            }

            #[test]
            fn the_sdks_clients_work() {
                crate::clients::check_sdks(&$product);
            }
        })*
    };
}

proven! {
    caddy_product: crate::caddy::PRODUCT;
    cloudflare_product: crate::cloudflare::PRODUCT;
    envoy_product: crate::envoy::PRODUCT;
    haproxy_product: crate::haproxy::PRODUCT;
    nginx_product: crate::nginx::PRODUCT;
    nginx_debian_product: crate::nginx::DEBIAN;
    traefik_product: crate::traefik::PRODUCT;
}

#[test]
fn every_row_that_holds_has_a_mutation() {
    for product in PRODUCTS {
        rows::check(product);
    }
}

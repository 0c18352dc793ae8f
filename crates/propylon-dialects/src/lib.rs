//! Configuration of other products from one description: a dialect a product, and what each can hold.
//!
//! The contract of a dialect:
//!
//! - It is a folder with a `TARGET` of type [`Target`], registered in [`TARGETS`].
//! - `emit` gets the [`Deployment`](propylon_config::Deployment), the [`Options`] and an [`Emission`] in which the gaps
//!   of its coverage and the settings without a counterpart stand already. It strikes out what this deployment does not
//!   meet, adds what only this one meets, and pushes its files.
//! - Each file is written with `Text`: `opening` says who wrote it and what the product does not hold, `held` sets a line
//!   with the practices it is for behind it, `why` says a reason above it. A mutation test finds a line by its practice
//!   and breaks it, so a line carries the id of what fails without it.
//! - Paths come from `way`, never from the routes themselves: a prefix and its metadata path are replaced alike in every
//!   product.
//! - `coverage` has one row for every practice, `honours` every key of the description that has a counterpart.
//!   What is in neither of `honours` and `without` is reported as a setting without a counterpart.
//! - The same description gives the same bytes. Nothing here reads a file, opens a socket or asks a clock.

mod aws_alb;
mod caddy;
mod cloudflare;
mod coverage;
mod emission;
mod envoy;
mod haproxy;
mod kubernetes;
mod nginx;
mod options;
mod origin;
mod propylons_own;
mod quote;
mod refusal;
mod spelling;
mod target;
mod text;
mod traefik;
mod unmet;
mod way;

pub use coverage::{Coverage, State};
pub use emission::{Emission, File, Gap, Warning};
pub use options::{InvalidVersion, Options, Version};
pub use target::{TARGETS, Target, Without, find};
pub use text::MARKER;

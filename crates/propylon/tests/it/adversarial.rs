//! What an attacker at either end would try: each test was written against a proxy that fell for it.

mod admin;
mod client;
mod upstream;

use std::time::Duration;

const SOON: Duration = Duration::from_secs(5);

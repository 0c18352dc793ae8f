//! `propylon config`: what is wrong with a description or what it serves, and its schema.

use std::fmt::Write as _;
use std::process::ExitCode;

use propylon_config::{Deployment, Loaded, Route, Upstream, json_schema, load_file};

use propylon_net::tls::{ListenerTls, UpstreamTls};
use propylon_proxy::StartError;

use super::CommandError;
use crate::args::{Config, ConfigCheck};
use crate::terminal::page::facts;
use crate::terminal::{self, GOOD, HEADING, Look};

/// Runs one of the commands.
pub(crate) fn run(args: &Config) -> Result<ExitCode, CommandError> {
    match args {
        Config::Check(args) => check(args),
        Config::Schema => schema(),
    }
}

fn check(args: &ConfigCheck) -> Result<ExitCode, CommandError> {
    // clap has seen to it that one of them is there.
    let file = args
        .file
        .as_ref()
        .or(args.config.as_ref())
        .cloned()
        .unwrap_or_default();
    let Loaded {
        deployment,
        warnings,
        ..
    } = load_file(&file)?;
    read_tls(&deployment)?;
    if let Some(backends) = &deployment.backends {
        propylon_admin::backends::check(backends)?;
    }
    for warning in &warnings {
        anstream::eprintln!("{warning}");
    }
    let name = file.display().to_string();
    terminal::print(&summary(
        &name,
        &deployment,
        warnings.len(),
        Look::of_stdout(),
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Reads every file of TLS, as `serve` would.
fn read_tls(deployment: &Deployment) -> Result<(), CommandError> {
    for listener in &deployment.listeners {
        if let Some(tls) = &listener.tls {
            ListenerTls::load(tls, listener.http2).map_err(StartError::from)?;
        }
    }
    for upstream in deployment.upstreams.values() {
        if upstream.tls != propylon_config::UpstreamTls::default() {
            UpstreamTls::load(&upstream.tls, upstream.http2 != Some(false))
                .map_err(StartError::from)?;
        }
    }
    Ok(())
}

fn schema() -> Result<ExitCode, CommandError> {
    // A tree of plain values: writing it cannot fail.
    terminal::print(&format!("{:#}\n", json_schema()))?;
    Ok(ExitCode::SUCCESS)
}

/// What a description serves, for someone who wants to see that it is what was meant.
fn summary(name: &str, deployment: &Deployment, warnings: usize, look: Look) -> String {
    let mut out = format!("{} {}", look.paint(GOOD, "ok"), look.paint(HEADING, name));
    let _ = match warnings {
        0 => writeln!(out, "\n"),
        1 => writeln!(out, ", 1 warning\n"),
        count => writeln!(out, ", {count} warnings\n"),
    };
    let listeners: Vec<_> = deployment
        .listeners
        .iter()
        .map(|listener| listener.address.to_string())
        .collect();
    let admin = deployment
        .admin
        .map_or_else(|| "off".to_owned(), |admin| admin.address.to_string());
    let routes = deployment
        .routes
        .iter()
        .map(|route| ("route", path_of(route)));
    let upstreams = deployment
        .upstreams
        .values()
        .map(|upstream| ("upstream", instances_of(upstream)));
    let mut rows = vec![("listen", listeners.join(", ")), ("admin", admin)];
    rows.extend(routes.chain(upstreams));
    out.push_str(&facts(&rows, look));
    out
}

fn path_of(route: &Route) -> String {
    let host = route.host.as_deref().unwrap_or("any host");
    format!("{host} {} goes to {}", route.path, route.upstream)
}

fn instances_of(upstream: &Upstream) -> String {
    let urls: Vec<_> = upstream
        .endpoints
        .urls()
        .iter()
        .map(ToString::to_string)
        .collect();
    let how = match upstream.endpoints {
        propylon_config::Endpoints::Discover { .. } => ", its instances found by DNS",
        propylon_config::Endpoints::Urls(_) => "",
    };
    format!("{} is {}{how}", upstream.name, urls.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_what_is_served_where() {
        let text = "listeners: [{ address: 127.0.0.1:8080 }, { address: '[::1]:8080' }]\nroutes:\n  - { host: mcp.example.com, path: /weather, upstream: weather }\n  - { path: /mcp, upstream: notes }\nupstreams:\n  weather: { urls: ['http://10.0.0.1:3001/mcp', 'http://10.0.0.2:3001/mcp'] }\n  notes: { url: http://notes.internal:3001/mcp, discover: dns }\n";
        let loaded = propylon_config::load_str("propylon.yaml", text).unwrap();
        let look = Look {
            columns: 80,
            colour: false,
        };
        insta::assert_snapshot!(summary(
            "propylon.yaml",
            &loaded.deployment,
            loaded.warnings.len(),
            look
        ));
    }
}

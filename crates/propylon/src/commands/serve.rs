//! `propylon serve`: start, then listen to signals and to changes of the file until told to end.

mod notify;
mod watch;

use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use propylon_admin::Admin;
use propylon_admin::backends::{Api, Backbone};
use propylon_config::{Deployment, Level, Loaded};
use propylon_net::listener::Inherited;
use propylon_proxy::{Proxy, StartError};

use super::CommandError;
use crate::args::Serve;
use watch::{Event, Watched};

/// Runs the proxy until it is told to end.
pub(crate) fn run(args: &Serve) -> Result<ExitCode, CommandError> {
    let file = args.config.as_deref().and_then(Watched::look);
    let Loaded {
        deployment,
        warnings,
        ..
    } = load(args)?;
    start_log(deployment.log.level);
    for warning in &warnings {
        tracing::warn!("{}", warning.summary);
        anstream::eprintln!("{warning}");
    }
    raise_file_limit();
    let backends = Backbone::open(&deployment)?;
    let registry = backends.as_ref().map(Backbone::registry);
    let inherited = Inherited::take().map_err(StartError::from)?;
    let mut proxy = Proxy::start_with(&deployment, inherited, registry)?;
    let admin = start_admin(&deployment, &proxy)?;
    let api = start_api(&deployment, backends)?;
    for address in proxy.addresses() {
        tracing::info!(%address, "listening");
    }
    let events = watch::start(file)?;
    notify::ready();
    serve(args, &mut proxy, api.as_ref(), &events, deployment.drain);
    proxy.join();
    if let Some(api) = api {
        api.end();
    }
    if let Some(admin) = admin {
        admin.end();
    }
    tracing::info!("ended");
    Ok(ExitCode::SUCCESS)
}

fn load(args: &Serve) -> Result<Loaded, CommandError> {
    let loaded = match &args.config {
        Some(path) => propylon_config::load_file(path),
        None => {
            let urls: Vec<_> = args.upstream.iter().map(String::as_str).collect();
            Deployment::from_flags(&args.listen, &urls, args.admin)
        }
    };
    Ok(loaded?)
}

/// Serves until the first order to end, then drains.
fn serve(
    args: &Serve,
    proxy: &mut Proxy,
    api: Option<&Api>,
    events: &Receiver<Event>,
    mut grace: Duration,
) {
    while let Ok(Event::Reload) = events.recv() {
        notify::reloading();
        reload(args, proxy, api, &mut grace);
        notify::ready();
    }
    tracing::info!(grace = %propylon_config::format_duration(grace), "draining");
    notify::stopping();
    proxy.drain();
    let due = Instant::now() + grace;
    while !proxy.is_over() && Instant::now() < due {
        let pause = due
            .saturating_duration_since(Instant::now())
            .min(Duration::from_millis(20));
        match events.recv_timeout(pause) {
            Ok(Event::End) => break,
            Ok(Event::Reload) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::park_timeout(pause),
        }
    }
    proxy.end();
}

/// Takes the file anew, whole or not at all.
fn reload(args: &Serve, proxy: &mut Proxy, api: Option<&Api>, grace: &mut Duration) {
    if args.config.is_none() {
        tracing::warn!(
            "there is no file to read again: this proxy was started from its command line"
        );
        return;
    }
    let Loaded {
        deployment,
        warnings,
        ..
    } = match load(args) {
        Ok(loaded) => loaded,
        Err(error) => {
            proxy.refuse_reload();
            tracing::error!("the file was refused, and the old configuration stays:\n{error}");
            return;
        }
    };
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    match proxy.reload(&deployment) {
        Ok(()) => {
            *grace = deployment.drain;
            renew_tokens(&deployment, api);
            tracing::info!("configuration reloaded");
        }
        Err(error) => tracing::error!(%error, "the old configuration stays"),
    }
}

/// An admin address nobody asked for must not keep a second proxy on the machine from starting.
fn start_admin(deployment: &Deployment, proxy: &Proxy) -> Result<Option<Admin>, CommandError> {
    let Some(admin) = &deployment.admin else {
        return Ok(None);
    };
    let started = match Admin::start(admin.address, proxy.handle()) {
        Err(error) if !admin.explicit => {
            tracing::warn!(%error, "the default admin address is taken; another port is used");
            Admin::start((admin.address.ip(), 0).into(), proxy.handle())?
        }
        started => started?,
    };
    tracing::info!(address = %started.address(), "admin listening");
    Ok(Some(started))
}

fn start_api(
    deployment: &Deployment,
    backends: Option<Backbone>,
) -> Result<Option<Api>, CommandError> {
    let Some((backends, description)) = backends.zip(deployment.backends.as_ref()) else {
        return Ok(None);
    };
    let api = backends.serve(description.address)?;
    tracing::info!(address = %api.address(), "backends API listening");
    Ok(Some(api))
}

fn renew_tokens(deployment: &Deployment, api: Option<&Api>) {
    if let Some((api, description)) = api.zip(deployment.backends.as_ref())
        && let Err(error) = api.renew(description)
    {
        tracing::error!(%error, "the old tokens stay");
    }
}

fn start_log(level: Level) {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never)
        .with_max_level(match level {
            Level::Error => tracing::Level::ERROR,
            Level::Warn => tracing::Level::WARN,
            Level::Info => tracing::Level::INFO,
            Level::Debug => tracing::Level::DEBUG,
            Level::Trace => tracing::Level::TRACE,
        })
        .with_target(false)
        .init();
}

/// Every stream takes two files; the soft limit of 1,024 is from another age.
fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the open-files limit stays as it is");
    }
}

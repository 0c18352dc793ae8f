//! `propylon probe`: the upstream that reports back, until told to end.

use std::process::ExitCode;

use propylon_check::probe::{Probe, ProbeOptions, ProbeToken, run as run_probe};
use tokio::signal::unix::{SignalKind, signal};

use super::CommandError;
use super::check::secret;
use crate::args::check::Probe as Args;

/// Runs the probe until it is told to end.
pub(crate) fn run(args: &Args) -> Result<ExitCode, CommandError> {
    let mut options = ProbeOptions::new(args.listen);
    options.instances = usize::from(args.instances);
    options.name.clone_from(&args.name);
    options.keep_alive = args.keep_alive;
    let token = args.token.as_deref().map(secret).transpose()?;
    options.token = token.as_deref().and_then(ProbeToken::new);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let told = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        run_probe(options, |probe| announce(probe, args), told)
            .await
            .map_err(|error| CommandError::Probe(error.to_string()))
    })?;
    Ok(ExitCode::SUCCESS)
}

fn announce(probe: &Probe, args: &Args) {
    for (name, address) in probe.names().iter().zip(probe.addresses()) {
        anstream::println!("{name} http://{address}/mcp");
    }
    if args.token.is_none() {
        anstream::eprintln!(
            "no --token: tools that disturb refuse, and checks that need them are not seen"
        );
    }
    if args.is_public() {
        anstream::eprintln!(
            "others can reach this address: the probe tells whoever asks what requests it saw"
        );
    }
}

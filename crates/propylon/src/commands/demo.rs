//! `propylon demo`: three MCP servers, the proxy in front, and a walk through what it does.

mod caller;
mod client;
mod farewell;
mod interrupt;
mod narrator;
mod server;
mod server_thread;
mod stage;
mod walk;

use std::process::ExitCode;

use super::CommandError;
use crate::args::Demo;
use interrupt::Interrupt;
use narrator::Narrator;
use stage::Stage;

/// How the walk ended.
enum End {
    /// It came to its end, and everything held or not.
    Walked { held: bool },
    /// Somebody wanted it to end.
    Interrupted,
}

/// Walks, then stays up until told to end unless it was for once.
pub(crate) fn run(args: &Demo) -> Result<ExitCode, CommandError> {
    let mut stage = Stage::start(args.listen)?;
    let result = perform(&mut stage, args.once);
    stage.end();
    Ok(result?)
}

fn perform(stage: &mut Stage, once: bool) -> std::io::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut interrupt = Interrupt::listen()?;
        let mut narrator = Narrator::new();
        let end = tokio::select! {
            held = walk::walk(stage, &mut narrator) => End::Walked { held },
            () = interrupt.arrived() => End::Interrupted,
        };
        match end {
            // Half a walk has shown nothing.
            End::Interrupted if once => return Ok(ExitCode::FAILURE),
            End::Interrupted => return Ok(ExitCode::SUCCESS),
            End::Walked { held: false } => return Ok(ExitCode::FAILURE),
            End::Walked { held: true } if once => return Ok(ExitCode::SUCCESS),
            End::Walked { held: true } => {}
        }
        narrator.print(&farewell::text(stage, narrator.look()));
        interrupt.arrived().await;
        Ok(ExitCode::SUCCESS)
    })
}

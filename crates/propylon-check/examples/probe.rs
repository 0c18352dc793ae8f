//! Runs a probe from the command line until its input ends: `probe ADDRESS [INSTANCES [TOKEN]]`.

use std::net::SocketAddr;

use propylon_check::probe::{Probe, ProbeOptions, ProbeToken, run};
use tokio::io::AsyncReadExt;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let listen = arguments.next().and_then(|listen| listen.parse().ok());
    let mut options = ProbeOptions::new(listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 9101))));
    options.instances = arguments
        .next()
        .and_then(|count| count.parse().ok())
        .unwrap_or(1);
    options.token = arguments.next().as_deref().and_then(ProbeToken::new);
    let started = |probe: &Probe| {
        for (name, address) in probe.names().iter().zip(probe.addresses()) {
            println!("{name} http://{address}/mcp");
        }
    };
    let ended = async {
        let (mut input, mut scrap) = (tokio::io::stdin(), [0; 64]);
        while matches!(input.read(&mut scrap).await, Ok(1..)) {}
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = runtime.map(|runtime| runtime.block_on(run(options, started, ended)));
    if let Ok(Err(error)) = result {
        eprintln!("{error}");
        std::process::exit(2);
    }
    // The thread that reads the input cannot be stopped while it waits.
    std::process::exit(0);
}

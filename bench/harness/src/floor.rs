//! The floor: the least a proxy in user space can do, which is to copy bytes both ways.
//!
//! One upstream connection per client connection, one current-thread runtime per worker, SO_REUSEPORT.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::thread;

use anyhow::Context;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::task::{LocalSet, spawn_local};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address to listen on
    #[arg(long)]
    listen: SocketAddr,
    /// Upstream addresses, taken in turn
    #[arg(long, required = true, value_delimiter = ',')]
    upstream: Vec<SocketAddr>,
    /// Worker threads
    #[arg(long, default_value_t = 2)]
    workers: usize,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut workers = Vec::new();
    for number in 0..args.workers {
        let socket =
            listen(args.listen).with_context(|| format!("cannot listen on {}", args.listen))?;
        let upstream = args.upstream.clone();
        workers.push(thread::spawn(move || work(socket, upstream, number)));
    }
    for worker in workers {
        worker
            .join()
            .map_err(|_| anyhow::anyhow!("a floor worker panicked"))??;
    }
    Ok(())
}

fn listen(address: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(4096)?;
    Ok(socket.into())
}

fn work(
    socket: std::net::TcpListener,
    upstream: Vec<SocketAddr>,
    first: usize,
) -> anyhow::Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, async move {
        let listener = TcpListener::from_std(socket)?;
        let turn = Rc::new(Cell::new(first));
        loop {
            let (client, _) = listener.accept().await?;
            let number = turn.replace(turn.get().wrapping_add(1));
            let Some(address) = upstream.get(number % upstream.len()).copied() else {
                continue;
            };
            // A connection that fails ends alone; the load program sees it and fails the run.
            spawn_local(async move {
                let _ended = copy(client, address).await;
            });
        }
    })
}

async fn copy(mut client: TcpStream, address: SocketAddr) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut upstream = TcpStream::connect(address).await?;
    upstream.set_nodelay(true)?;
    tokio::io::copy_bidirectional(&mut client, &mut upstream).await?;
    Ok(())
}

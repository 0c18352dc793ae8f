//! The load: MCP clients on one thread, which also measure the proxy's process group.

mod dial;
mod feed;
mod http2;
mod requests;
mod requests_tls;
mod streams;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use tokio::task::LocalSet;

use crate::http1::Connection;
use crate::measure::Counters;
use crate::message;
use crate::process::Group;
use crate::upstream::CONTROL;
use dial::Dialer;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// tools/call over keep-alive connections, each with a session of its own
    Requests(requests::Args),
    /// tools/call over TLS 1.3, sent by h2load over HTTP/1.1 or HTTP/2
    RequestsTls(requests_tls::Args),
    /// Idle event streams, then a steady rate of events
    Streams(streams::Args),
}

/// What both loads need to know.
#[derive(clap::Args, Clone)]
pub(crate) struct Target {
    /// Address of the proxy
    #[arg(long)]
    target: SocketAddr,
    /// Address of the upstream, for its counters
    #[arg(long)]
    upstream: SocketAddr,
    /// Process group of the proxy, to measure
    #[arg(long)]
    group: Option<u32>,
    /// The certificate of the proxy (PEM): speak TLS 1.3, and trust this one alone
    #[arg(long)]
    certificate: Option<PathBuf>,
}

impl Target {
    fn group(&self) -> anyhow::Result<Option<Group>> {
        self.group.map(Group::find).transpose()
    }
}

pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let output = LocalSet::new().block_on(&runtime, async {
        anyhow::Ok(match command {
            Command::Requests(args) => serde_json::to_string(&requests::run(args).await?)?,
            Command::RequestsTls(args) => serde_json::to_string(&requests_tls::run(args).await?)?,
            Command::Streams(args) => serde_json::to_string(&streams::run(args).await?)?,
        })
    })?;
    println!("{output}");
    Ok(())
}

/// A connection with a session: what a client has after `initialize`.
struct Client {
    connection: Connection,
    host: String,
    session: String,
    instance: u8,
}

impl Client {
    async fn initialize(dialer: &Dialer, number: usize) -> anyhow::Result<Self> {
        let mut connection = Connection::over(dialer.connect(number).await?);
        let host = dialer.address.to_string();
        connection.send(&message::initialize(&host)).await?;
        let head = connection.read_response().await.context("initialize")?;
        let mut body = Vec::new();
        connection
            .read_body(head.framing, &mut body)
            .await
            .context("initialize")?;
        let (session, instance) = check_session(head.status, &body, head.session)?;
        Ok(Self {
            connection,
            host,
            session,
            instance,
        })
    }
}

/// Judges the answer to `initialize`: the session it gave, and the instance that this belongs to.
fn check_session(
    status: u16,
    body: &[u8],
    session: Option<String>,
) -> anyhow::Result<(String, u8)> {
    ensure!(
        status == 200 && body == message::initialized().as_bytes(),
        "initialize was answered with {status}: {}",
        String::from_utf8_lossy(body)
    );
    let session = session.context("initialize was answered without Mcp-Session-Id")?;
    ensure!(
        session.len() == message::SESSION_LENGTH,
        "the session id arrived changed: {session}"
    );
    let instance = message::minted_by(&session).context("the session id arrived changed")?;
    Ok((session, instance))
}

/// Asks the upstream itself, past the proxy.
async fn ask_upstream(upstream: SocketAddr, command: &str) -> anyhow::Result<Counters> {
    let stream = tokio::net::TcpStream::connect(upstream)
        .await
        .context("cannot connect to the upstream")?;
    let mut connection = Connection::new(stream)?;
    let request = format!(
        "POST {CONTROL}{command} HTTP/1.1\r\nHost: {upstream}\r\nContent-Length: 0\r\n\r\n"
    );
    connection.send(request.as_bytes()).await?;
    let head = connection.read_response().await?;
    let mut body = Vec::new();
    connection.read_body(head.framing, &mut body).await?;
    if head.status != 200 {
        bail!("the upstream refused {command}");
    }
    Ok(serde_json::from_slice(&body)?)
}

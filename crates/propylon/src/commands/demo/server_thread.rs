//! One instance's thread: stopping it closes its port and every connection, as a crash would.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::sync::{Semaphore, oneshot};

use super::server::Server;

/// The MCP endpoint.
pub(super) const ENDPOINT: &str = "/mcp";
/// What the proxy asks to see whether an instance is well.
pub(super) const HEALTH: &str = "/health";

/// The proxy's connections, and some of whoever tries a server directly.
const CONNECTIONS_MAX: usize = 512;

type Service = StreamableHttpService<Server, LocalSessionManager>;

/// A running instance.
pub(super) struct ServerThread {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl ServerThread {
    /// Serves on `address`; port 0 is a free one.
    pub(super) fn start(
        name: &'static str,
        address: SocketAddr,
        epoch: Instant,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, Server::new(name, epoch)) => {}
                    _ = stopped => {}
                }
            });
            // The runtime goes with this thread, and with it every connection and session.
        };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(serve)?;
        Ok(Self {
            address,
            stop,
            thread,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it at once, whatever it is doing.
    pub(super) fn stop(self) {
        // It may have ended by itself; a panic in there has already been reported.
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}

async fn serve(listener: TcpListener, server: Server) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let sessions = Arc::new(LocalSessionManager::default());
    let service = Service::new(
        move || Ok(server.clone()),
        sessions,
        StreamableHttpServerConfig::default(),
    );
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // An event must not wait for another to fill a packet.
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |request| answer(service.clone(), request));
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new());
            // A client that leaves early is its own matter.
            let _ = builder.serve_connection(TokioIo::new(stream), answer).await;
            drop(permit);
        });
    }
}

type Answer = Response<BoxBody<Bytes, Infallible>>;

async fn answer(service: Service, request: Request<Incoming>) -> Result<Answer, Infallible> {
    Ok(match request.uri().path() {
        ENDPOINT => service.handle(request).await,
        HEALTH => plain(StatusCode::OK, "well\n"),
        _ => plain(StatusCode::NOT_FOUND, "here are /mcp and /health\n"),
    })
}

fn plain(status: StatusCode, text: &'static str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from_static(text.as_bytes())).boxed());
    *answer.status_mut() = status;
    answer
}

//! A small HTTP server on its own thread: what it answers never waits for the data path.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use propylon_net::listener::{self, ListenError};
use propylon_proxy::Handle;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

/// A running admin listener.
#[derive(Debug)]
pub struct Admin {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// Why the admin listener could not start.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Its address could not be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The system gave no thread or no event loop.
    #[error("cannot start the admin listener: {0}")]
    Thread(#[from] std::io::Error),
}

/// Scrapers and probes are few; past that they wait their turn.
const CONNECTIONS_MAX: usize = 64;
const HEADER_READ: std::time::Duration = std::time::Duration::from_secs(5);
/// A scraper that does not read its answers must not keep the probes of an orchestrator out.
const CONNECTION_LIFE: std::time::Duration = std::time::Duration::from_secs(8);
const LAST_ANSWER: std::time::Duration = std::time::Duration::from_secs(2);

impl Admin {
    /// Listens on `address` and answers for the proxy.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub fn start(address: SocketAddr, proxy: Handle) -> Result<Self, AdminError> {
        let mut registry = Registry::default();
        proxy.register(&mut registry);
        let listeners = listener::bind(address, 1)?;
        let listener = listeners
            .into_iter()
            .next()
            .ok_or_else(|| std::io::Error::other("no listener"))?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let state = Arc::new(State { proxy, registry });
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, state) => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = std::thread::Builder::new()
            .name("admin".into())
            .spawn(serve)?;
        Ok(Self {
            address,
            stop,
            thread,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it.
    pub fn end(self) {
        // It has already ended by itself.
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}

struct State {
    proxy: Handle,
    registry: Registry,
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let state = Arc::clone(&state);
                async move { Ok::<_, Infallible>(answer(&request, &state)) }
            });
            let mut server = hyper::server::conn::http1::Builder::new();
            server
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_READ);
            let served = server.serve_connection(TokioIo::new(stream), service);
            let mut served = std::pin::pin!(served);
            // A scraper that leaves early is its own matter.
            if timeout(CONNECTION_LIFE, served.as_mut()).await.is_err() {
                served.as_mut().graceful_shutdown();
                let _ = timeout(LAST_ANSWER, served).await;
            }
            drop(permit);
        });
    }
}

fn answer(request: &Request<Incoming>, state: &State) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n".into());
    }
    match request.uri().path() {
        "/livez" => plain(StatusCode::OK, "alive\n".into()),
        "/readyz" if state.proxy.is_ready() => plain(StatusCode::OK, "ready\n".into()),
        "/readyz" => plain(StatusCode::SERVICE_UNAVAILABLE, "draining\n".into()),
        "/metrics" => metrics(state),
        _ => plain(
            StatusCode::NOT_FOUND,
            "here are /livez, /readyz and /metrics\n".into(),
        ),
    }
}

fn metrics(state: &State) -> Response<Full<Bytes>> {
    let mut body = String::new();
    if text::encode(&mut body, &state.registry).is_err() {
        return plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the metrics cannot be written\n".into(),
        );
    }
    let mut response = plain(StatusCode::OK, body);
    let kind = header::HeaderValue::from_static(
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    );
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn plain(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

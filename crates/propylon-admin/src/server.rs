//! A small HTTP server on its own thread: what it answers never waits for the data path.

use std::convert::Infallible;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use propylon_net::listener::{self, ListenError};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// Why a listener of the operator could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Its address could not be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The system gave no thread or no event loop.
    #[error("cannot start a listener: {0}")]
    Thread(#[from] std::io::Error),
}

/// Scrapers, probes and operators are few; past that they wait their turn.
const CONNECTIONS_MAX: usize = 64;
const HEADER_READ: std::time::Duration = std::time::Duration::from_secs(5);
/// A peer that does not read its answers must not keep the probes of an orchestrator out.
const CONNECTION_LIFE: std::time::Duration = std::time::Duration::from_secs(8);
const LAST_ANSWER: std::time::Duration = std::time::Duration::from_secs(2);

impl Server {
    /// Listens on `address`, on a thread of this name, and lets `answer` answer.
    ///
    /// # Errors
    /// See [`ServerError`].
    pub(crate) fn start<A, F>(
        address: SocketAddr,
        name: &str,
        answer: A,
    ) -> Result<Self, ServerError>
    where
        A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
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
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, answer) => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name(name.into()).spawn(serve)?;
        Ok(Self {
            address,
            stop,
            thread,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it.
    pub(crate) fn end(self) {
        // It has already ended by itself.
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}

async fn serve<A, F>(listener: TcpListener, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
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
        let answer = answer.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answered = answer(request);
                async move { Ok::<_, Infallible>(answered.await) }
            });
            let mut server = hyper::server::conn::http1::Builder::new();
            server
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_READ);
            let served = server.serve_connection(TokioIo::new(stream), service);
            let mut served = std::pin::pin!(served);
            // A peer that leaves early is its own matter.
            if timeout(CONNECTION_LIFE, served.as_mut()).await.is_err() {
                served.as_mut().graceful_shutdown();
                let _ = timeout(LAST_ANSWER, served).await;
            }
            drop(permit);
        });
    }
}

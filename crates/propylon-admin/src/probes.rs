//! Liveness, readiness and metrics: what orchestrators and scrapers ask.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use propylon_proxy::Handle;

use crate::server::{Server, ServerError};

/// A running admin listener.
#[derive(Debug)]
pub struct Admin(Server);

impl Admin {
    /// Listens on `address` and answers for the proxy.
    ///
    /// # Errors
    /// See [`ServerError`].
    pub fn start(address: SocketAddr, proxy: Handle) -> Result<Self, ServerError> {
        let mut registry = Registry::default();
        proxy.register(&mut registry);
        let state = Arc::new(State { proxy, registry });
        let answer = move |request: Request<Incoming>| {
            let state = Arc::clone(&state);
            async move { answer(&request, &state) }
        };
        Server::start(address, "admin", answer).map(Self)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Ends it.
    pub fn end(self) {
        self.0.end();
    }
}

struct State {
    proxy: Handle,
    registry: Registry,
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

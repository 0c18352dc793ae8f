//! What comes before a connection's first request: the PROXY protocol, then TLS, then a place among the open ones.

use std::borrow::Cow;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ipnet::IpNet;
use propylon_net::proxy_protocol::{self, HeaderError, Told};
use propylon_net::tls::{ListenerTls, Refused, agreed_on_http2};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::Worker;
use crate::client::connection::{self, After, ClientConnection, Spoken, Transport};
use crate::client::{http2, own_answer};
use crate::phase::forwarded::Ends;
use crate::reason::Reason;

/// Takes a connection from its first byte to its last.
pub(super) async fn receive(worker: &Rc<Worker>, mut stream: TcpStream, mut ends: Ends) {
    if !introduce(worker, &mut stream, &mut ends).await {
        return;
    }
    let tls = worker.tables().tls(ends.asked).map(Arc::clone);
    match tls {
        None => {
            let spoken = match worker.tables().speaks_http2(ends.asked) {
                true => Spoken::Either,
                false => Spoken::Http1,
            };
            serve(worker, stream, Rc::new(ends), spoken).await;
        }
        Some(tls) => {
            if let Some(stream) = handshake(worker, &tls, stream, &ends).await {
                ends.is_secure = true;
                ends.identity = ListenerTls::client_of(&stream).map(Rc::new);
                let spoken = match agreed_on_http2(stream.get_ref().1) {
                    true => Spoken::Http2,
                    false => Spoken::Http1,
                };
                serve(worker, stream, Rc::new(ends), spoken).await;
            }
        }
    }
}

/// Hears from the balancer in front who the client is, where the listener has one. False where the connection is to be
/// closed without a word: whoever speaks another protocol would not understand one.
async fn introduce(worker: &Worker, stream: &mut TcpStream, ends: &mut Ends) -> bool {
    let tables = worker.tables();
    let Some(balancers) = tables.balancers(ends.asked) else {
        return true;
    };
    let peer = ends.peer.ip().to_canonical();
    let metrics = &worker.shared.metrics;
    let patience = tables.timeouts.header_read;
    match hear(stream, peer, balancers, patience).await {
        Ok(told) => {
            metrics.proxy_headers.fetch_add(1, Ordering::Relaxed);
            if let Some(told) = told {
                ends.peer = told.source;
                ends.port = told.destination.port();
                ends.is_secure = told.is_secure;
            }
            true
        }
        Err(Unheard::Gone) => false,
        Err(Unheard::Refused(cause)) => {
            let count = &metrics.proxy_headers_refused;
            count.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%peer, listener = %ends.asked, "a connection is closed: {cause}");
            false
        }
    }
}

/// Why nobody has told who the client is.
enum Unheard {
    /// The other end closed first: a balancer that looks whether anybody listens says nothing.
    Gone,
    Refused(Cow<'static, str>),
}

async fn hear(
    stream: &mut TcpStream,
    peer: IpAddr,
    balancers: &[IpNet],
    patience: Duration,
) -> Result<Option<Told>, Unheard> {
    if !balancers.iter().any(|known| known.contains(&peer)) {
        let cause = "it is from none of the balancers in `proxy_protocol`";
        return Err(Unheard::Refused(cause.into()));
    }
    match tokio::time::timeout(patience, proxy_protocol::read(stream)).await {
        Ok(Ok(told)) => Ok(told),
        Ok(Err(HeaderError::Io(_))) => Err(Unheard::Gone),
        Ok(Err(HeaderError::Malformed(cause))) => {
            let cause = format!("what came is no PROXY protocol header: {cause}");
            Err(Unheard::Refused(cause.into()))
        }
        Err(_elapsed) => {
            let cause = "no whole PROXY protocol header came within `timeouts.header_read`";
            Err(Unheard::Refused(cause.into()))
        }
    }
}

/// Serves a connection, or says that there are too many.
async fn serve<S: Transport>(worker: &Rc<Worker>, stream: S, ends: Rc<Ends>, spoken: Spoken) {
    let open = worker.shared.open_connections().sum::<usize>();
    let is_one_too_many = open > worker.tables().limits.connections;
    if spoken == Spoken::Http2 {
        let refusal = is_one_too_many.then_some(Reason::ConnectionLimit);
        return http2::serve(Rc::clone(worker), stream, Vec::new(), ends, refusal).await;
    }
    if !is_one_too_many {
        return connection::serve(Rc::clone(worker), stream, ends, spoken).await;
    }
    let mut client = ClientConnection::new(stream, ends);
    let refusal = Reason::ConnectionLimit.into();
    if own_answer::refuse(worker, &mut client, refusal).await == After::Close {
        client.close(worker).await;
    }
}

/// The handshake has as long as a request head has.
async fn handshake(
    worker: &Worker,
    tls: &ListenerTls,
    stream: TcpStream,
    ends: &Ends,
) -> Option<Box<TlsStream<TcpStream>>> {
    let patience = worker.tables().timeouts.header_read;
    let metrics = &worker.shared.metrics;
    let refused = match tokio::time::timeout(patience, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            metrics.tls_handshakes.fetch_add(1, Ordering::Relaxed);
            return Some(Box::new(stream));
        }
        Ok(Err(Refused::Answered)) => {
            metrics.tls_handshakes.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Ok(Err(refused)) => Some(refused),
        Err(_elapsed) => None,
    };
    metrics
        .tls_handshakes_failed
        .fetch_add(1, Ordering::Relaxed);
    let client = ends.peer.ip().to_canonical();
    match refused {
        // Somebody has to hear of it who can do something about it; the client only gets an alert.
        Some(error @ Refused::Certificate(_)) => {
            tracing::warn!(%client, listener = %ends.asked, "a client is turned away: {error}");
        }
        Some(error) => tracing::debug!(%client, %error, "a client's TLS handshake failed"),
        None => {}
    }
    None
}

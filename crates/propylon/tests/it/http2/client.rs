//! A client whose every frame is the test's own choice, over the same crate that the proxy uses.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{RecvStream, SendStream};
use http::{Request, Response};
use tokio::net::TcpStream;

/// One connection to the proxy.
pub(super) struct Client {
    pub(super) send: SendRequest<Bytes>,
    address: SocketAddr,
    /// Ends with the connection.
    pub(super) connection: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

/// Runs a test to its end, which comes in time or not at all.
pub(super) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let bounded = async { tokio::time::timeout(Duration::from_secs(60), test).await };
    runtime.block_on(bounded).expect("the test ends in time")
}

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        Self::connect_with(address, &Builder::new()).await
    }

    pub(super) async fn connect_with(address: SocketAddr, builder: &Builder) -> Self {
        let stream = std::net::TcpStream::connect(address).expect("the proxy listens");
        stream.set_nonblocking(true).expect("it can be set");
        let stream = TcpStream::from_std(stream).expect("it can be taken over");
        stream.set_nodelay(true).expect("it can be set");
        let (send, connection) = builder.handshake(stream).await.expect("HTTP/2 is spoken");
        Self {
            send,
            address,
            connection: tokio::spawn(connection),
        }
    }

    /// A request for `/mcp` with these fields.
    pub(super) fn request(&self, method: &str, fields: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}/mcp", self.address));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a request")
    }

    /// Sends a request, and its body if it has one.
    pub(super) async fn send(
        &mut self,
        request: Request<()>,
        body: Option<&str>,
    ) -> Result<Response<RecvStream>, h2::Error> {
        let (response, _) = self.begin(request, body).await?;
        response.await
    }

    pub(super) async fn begin(
        &mut self,
        request: Request<()>,
        body: Option<&str>,
    ) -> Result<(h2::client::ResponseFuture, SendStream<Bytes>), h2::Error> {
        self.send = self.send.clone().ready().await?;
        let (response, mut stream) = self.send.send_request(request, body.is_none())?;
        if let Some(body) = body {
            stream.send_data(Bytes::copy_from_slice(body.as_bytes()), true)?;
        }
        Ok((response, stream))
    }
}

/// The next piece of a body, as text.
pub(super) async fn piece(body: &mut RecvStream) -> Option<Result<String, h2::Error>> {
    let data = body.data().await?;
    Some(data.map(|data| {
        let _ = body.flow_control().release_capacity(data.len());
        String::from_utf8_lossy(&data).into_owned()
    }))
}

/// The rest of a body, as text.
pub(super) async fn rest(body: &mut RecvStream) -> Result<String, h2::Error> {
    let mut text = String::new();
    while let Some(data) = piece(body).await {
        text.push_str(&data?);
    }
    Ok(text)
}

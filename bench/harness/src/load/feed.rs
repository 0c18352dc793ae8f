//! A client's event stream: a connection of its own over HTTP/1.1, or one stream of a shared connection over HTTP/2.

use anyhow::{bail, ensure};
use h2::RecvStream;

use super::http2::Shared;
use super::{Client, Dialer};
use crate::http1::Body;
use crate::message;

/// Where the clients' streams are opened.
pub(super) enum Opener {
    /// A connection for each.
    Each(Dialer),
    /// Connections with many on each.
    Shared(Shared),
}

/// An open event stream.
pub(super) struct Feed {
    /// The instance that its session belongs to.
    pub(super) instance: u8,
    way: Way,
}

enum Way {
    Http1(Client, Body),
    Http2(RecvStream),
}

impl Opener {
    /// Initialises a session, and opens its event stream. Its head has come.
    pub(super) async fn open(&self, number: usize) -> anyhow::Result<Feed> {
        match self {
            Self::Each(dialer) => over_http1(dialer, number).await,
            Self::Shared(shared) => {
                let (instance, stream) = shared.open(number).await?;
                let way = Way::Http2(stream);
                Ok(Feed { instance, way })
            }
        }
    }
}

impl Feed {
    /// Appends what comes next to `out`; `false` is the stream's end.
    pub(super) async fn read(&mut self, out: &mut Vec<u8>) -> anyhow::Result<bool> {
        match &mut self.way {
            Way::Http1(client, body) => Ok(client.connection.read_data(body, out).await?),
            Way::Http2(stream) => {
                let Some(data) = stream.data().await.transpose()? else {
                    return Ok(false);
                };
                out.extend_from_slice(&data);
                stream.flow_control().release_capacity(data.len())?;
                Ok(true)
            }
        }
    }
}

/// What the head of an event stream must say.
pub(super) fn judge(status: u16, content_type: &str) -> anyhow::Result<()> {
    ensure!(
        status == 200 && content_type == "text/event-stream",
        "refused: {status}, Content-Type {content_type:?}"
    );
    Ok(())
}

async fn over_http1(dialer: &Dialer, number: usize) -> anyhow::Result<Feed> {
    let mut client = Client::initialize(dialer, number).await?;
    client
        .connection
        .send(&message::open_stream(&client.host, &client.session))
        .await?;
    let head = client.connection.read_response().await?;
    if let Err(refused) = judge(head.status, &head.content_type) {
        let mut said = Vec::new();
        client.connection.read_body(head.framing, &mut said).await?;
        bail!("{refused}: {}", String::from_utf8_lossy(&said));
    }
    let body = Body::from(head.framing);
    Ok(Feed {
        instance: client.instance,
        way: Way::Http1(client, body),
    })
}

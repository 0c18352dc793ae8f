//! HTTP/2 connections that many clients share, as those of one agent host do.

use anyhow::{Context, ensure};
use bytes::Bytes;
use h2::RecvStream;
use h2::client::{Builder, SendRequest};
use http::{HeaderMap, Request, Response, Version};
use tokio::sync::OnceCell;

use super::feed::judge;
use super::{Dialer, Target, check_session};
use crate::measure::Protocol;
use crate::message;

/// Connections to one proxy, each made when its first client comes.
pub(super) struct Shared {
    dialer: Dialer,
    per_connection: usize,
    connections: Vec<OnceCell<SendRequest<Bytes>>>,
}

impl Shared {
    /// For that many clients, so many on each connection.
    pub(super) fn new(
        target: &Target,
        clients: usize,
        per_connection: usize,
    ) -> anyhow::Result<Self> {
        let connections = clients.div_ceil(per_connection);
        Ok(Self {
            dialer: Dialer::new(target, Protocol::H2)?,
            per_connection,
            connections: (0..connections).map(|_| OnceCell::new()).collect(),
        })
    }

    /// Initialises the session of client `number` and opens its event stream; with the instance it belongs to.
    pub(super) async fn open(&self, number: usize) -> anyhow::Result<(u8, RecvStream)> {
        let at = number / self.per_connection;
        let cell = self
            .connections
            .get(at)
            .context("more clients than were announced")?;
        let connection = cell.get_or_try_init(|| self.connect(at)).await?;

        let body = message::initialize_body();
        let answer = self.ask(connection, "POST", None, Some(body)).await;
        let answer = answer.context("initialize")?;
        let (head, mut stream) = answer.into_parts();
        let mut said = Vec::new();
        while let Some(data) = stream.data().await.transpose()? {
            stream.flow_control().release_capacity(data.len())?;
            said.extend_from_slice(&data);
        }
        let session = text(&head.headers, "mcp-session-id").map(str::to_owned);
        let (session, instance) = check_session(head.status.as_u16(), &said, session)?;

        let answer = self.ask(connection, "GET", Some(&session), None).await?;
        let (head, stream) = answer.into_parts();
        let content_type = text(&head.headers, "content-type").unwrap_or_default();
        judge(head.status.as_u16(), content_type)?;
        Ok((instance, stream))
    }

    async fn connect(&self, number: usize) -> anyhow::Result<SendRequest<Bytes>> {
        let link = self.dialer.connect(number).await?;
        ensure!(link.speaks_http2(), "the proxy agreed to no HTTP/2");
        let (sender, connection) = Builder::new().handshake(link).await?;
        // It ends when the last of its clients does.
        tokio::task::spawn_local(connection);
        Ok(sender)
    }

    async fn ask(
        &self,
        connection: &SendRequest<Bytes>,
        method: &str,
        session: Option<&str>,
        body: Option<String>,
    ) -> anyhow::Result<Response<RecvStream>> {
        let mut request = Request::builder()
            .version(Version::HTTP_2)
            .method(method)
            .uri(format!("https://{}{}", self.dialer.address, message::PATH));
        for (name, value) in message::headers(method, session) {
            request = request.header(name, value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let mut connection = connection.clone().ready().await?;
        let (answer, mut sending) = connection.send_request(request.body(())?, body.is_none())?;
        if let Some(body) = body {
            sending.send_data(body.into(), true)?;
        }
        Ok(answer.await?)
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

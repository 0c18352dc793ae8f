//! The part of classification that needs the body: waited for as far as the peek looks, then looked at.

use crate::backends;
use crate::client::connection::{ClientConnection, Transport};
use crate::client::own_answer;
use crate::error::ProxyError;
use crate::http1::field::Field;
use crate::http1::head::RequestHead;
use crate::phase::mirror;
use crate::pipeline::Context;
use crate::record::Record;
use crate::relay::body::Body;
use crate::upstream::Upstream;

/// Waits for as much of the body as the peek looks at, and looks.
pub(crate) async fn inside<S: Transport>(
    context: &Context<'_>,
    client: &mut ClientConnection<S>,
    request: &RequestHead,
    body: &mut Body,
    upstream: &Upstream,
    record: &mut Record,
) -> Result<(), ProxyError> {
    let must_wait =
        backends::must_see(body, upstream) || mirror::must_wait(request, &record.facts, upstream);
    if must_wait && request.expects_continue() && body.data().is_empty() {
        own_answer::ask_on(client).await?;
        body.is_asked_for = true;
    }
    if must_wait || !request.expects_continue() {
        let gathered = body.gather(context.worker, client, context.tables, must_wait);
        gathered.await?;
        record.is_request_read = body.inbound.is_done();
    }
    if let Some(peek) = body.peek() {
        let is_version_told = request.lines.has(Field::McpProtocolVersion);
        record.facts.see(&peek, body.data(), is_version_told);
        mirror::judge(request, &peek, upstream, &mut record.facts)?;
    }
    backends::judge_tools(request, body, upstream)
}

//! Does what a script says, on whatever carries the answer, and reports the clocks of what it did.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::message::{result, stamp_result};
use super::outlet::{Outlet, Stopped};
use super::script::{Closing, CutPoint, Form, Script, Step};
use super::stream_log::frame;
use super::wire::{Ending, Extent, ResponseHead, Wire};

/// Pieces a chunked body is written in.
const PIECE_BYTES: usize = 64 << 10;

/// The clocks of a streamed answer.
#[derive(Debug, Default)]
struct Clocks {
    head: Option<Value>,
    emissions: Vec<Value>,
}

/// Performs a script; however it ends, the outlet's record knows.
pub(crate) async fn perform<W: Wire>(
    call: &Call<'_>,
    mut script: Script,
    outlet: &mut Outlet<'_, W>,
) {
    let limit = call.place.fleet.options.limits.exchange;
    let performance = async {
        outlet
            .wait(std::mem::take(&mut script.head_delay), None)
            .await?;
        match (script.cut, script.form) {
            (Some((CutPoint::BeforeHead, how)), _) => outlet.cut(Bytes::new(), how).await,
            (_, Form::Sse) => stream(call, script, outlet).await,
            (_, Form::Json | Form::JsonChunked) => object(call, script, outlet).await,
        }
    };
    match tokio::time::timeout(limit, performance).await {
        Ok(Ok(())) => outlet.complete(),
        Ok(Err(Stopped)) => {}
        Err(_) => drop(outlet.cut(Bytes::new(), Ending::Fin).await),
    }
}

/// An answer that is one JSON object.
async fn object<W: Wire>(
    call: &Call<'_>,
    mut script: Script,
    outlet: &mut Outlet<'_, W>,
) -> Result<(), Stopped> {
    for step in std::mem::take(&mut script.steps) {
        quiet_step(call, step, outlet).await?;
    }
    let chunked = script.form == Form::JsonChunked;
    let (status, cut) = (script.status, script.cut);
    let mut headers = std::mem::take(&mut script.headers);
    let (content_type, body) = compose(call, script, &Clocks::default());
    if outlet.is_detached() {
        return outlet
            .event(|id| frame(id, "message", &body))
            .await
            .map(drop);
    }
    let bodiless = status == 204 || body.is_empty();
    if !bodiless
        && !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    {
        headers.push(("Content-Type".into(), content_type.into()));
    }
    let extent = match () {
        () if status == 204 => Extent::Bodiless,
        () if chunked => Extent::Stream,
        () => Extent::Length(body.len()),
    };
    outlet
        .head(ResponseHead {
            status,
            headers,
            extent,
        })
        .await?;
    let body = Bytes::from(body);
    if let Some((CutPoint::MidBody, how)) = cut {
        return outlet.cut(body.slice(..body.len() / 2), how).await;
    }
    if !chunked {
        outlet.complete();
    }
    for piece in body.chunks(if chunked {
        PIECE_BYTES
    } else {
        body.len().max(1)
    }) {
        outlet.raw(piece).await?;
    }
    outlet.finish().await
}

/// An answer that is an event stream.
async fn stream<W: Wire>(
    call: &Call<'_>,
    mut script: Script,
    outlet: &mut Outlet<'_, W>,
) -> Result<(), Stopped> {
    let clock = call.place.fleet.clock;
    let mut headers = vec![("Content-Type".to_owned(), "text/event-stream".to_owned())];
    if !script
        .headers
        .iter()
        .any(|(name, _)| name == "Cache-Control")
    {
        headers.push(("Cache-Control".into(), "no-cache".into()));
    }
    headers.append(&mut script.headers);
    outlet
        .head(ResponseHead {
            status: script.status,
            headers,
            extent: Extent::Stream,
        })
        .await?;
    let mut clocks = Clocks {
        head: Some(clock.stamp().json()),
        emissions: Vec::new(),
    };
    if let Some((CutPoint::AfterHead, how)) = script.cut {
        return outlet.cut(Bytes::new(), how).await;
    }
    if script.prime {
        outlet.prime().await?;
    }
    let total = script.events();
    for step in std::mem::take(&mut script.steps) {
        match step {
            Step::Wait(duration) => outlet.wait(duration, script.comment).await?,
            Step::Emit(pad) => emit(call, &script, &mut clocks, total, &pad, outlet).await?,
            Step::Retry(milliseconds) => {
                outlet
                    .raw(format!("retry: {milliseconds}\n\n").as_bytes())
                    .await?
            }
            Step::Detach => outlet.detach().await?,
            Step::AwaitDisconnect { .. } => quiet_step(call, step, outlet).await?,
        }
    }
    match script.cut {
        Some((CutPoint::MidEvent, how)) => {
            let stamp = clock.stamp();
            let half = script
                .notice
                .json(total + 1, total + 1, stamp, "")
                .to_string();
            let half = format!(
                "event: message\ndata: {}",
                half.get(..half.len() / 2).unwrap_or_default()
            );
            return outlet.cut(Bytes::from(half), how).await;
        }
        Some((_, how)) => return outlet.cut(Bytes::new(), how).await,
        None => {}
    }
    let (_, body) = compose(call, script, &clocks);
    outlet.event(|id| frame(id, "message", &body)).await?;
    outlet.finish().await
}

/// A step that sends nothing.
async fn quiet_step<W: Wire>(
    call: &Call<'_>,
    step: Step,
    outlet: &mut Outlet<'_, W>,
) -> Result<(), Stopped> {
    match step {
        Step::Wait(duration) => outlet.wait(duration, None).await,
        Step::AwaitDisconnect { key, at_most } => {
            let ledger = &call.place.fleet.ledger;
            tokio::select! {
                () = ledger.await_disconnect(&key) => Ok(()),
                waited = outlet.wait(at_most, None) => waited,
            }
        }
        Step::Emit(_) | Step::Retry(_) | Step::Detach => Ok(()),
    }
}

async fn emit<W: Wire>(
    call: &Call<'_>,
    script: &Script,
    clocks: &mut Clocks,
    total: u64,
    pad: &str,
    outlet: &mut Outlet<'_, W>,
) -> Result<(), Stopped> {
    let clock = call.place.fleet.clock;
    let n = u64::try_from(clocks.emissions.len())
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut stamp = clock.stamp();
    let bytes = outlet
        .event(|id| {
            stamp = clock.stamp();
            frame(
                id,
                "message",
                &script.notice.json(n, total, stamp, pad).to_string(),
            )
        })
        .await?;
    clocks.emissions.push(json!({
        "n": n,
        "at_ns": stamp.at_ns,
        "at_unix_us": stamp.at_unix_us,
        "bytes": bytes,
        "written_ns": clock.now_ns(),
    }));
    Ok(())
}

/// The body that ends an answer, and its type.
fn compose(call: &Call<'_>, script: Script, clocks: &Clocks) -> (&'static str, String) {
    let instance = &*call.place.instance.name;
    let mut fields = script.fields;
    if let Some(head) = &clocks.head {
        fields.insert("head".into(), head.clone());
        fields.insert("emissions".into(), json!(clocks.emissions));
    }
    let response = match script.closing {
        Closing::Plain { content_type, body } => return (content_type, body),
        Closing::Error(refusal) => refusal.json(Some(&call.id)),
        // Legacy SDKs hold an empty result to `{}`.
        Closing::Result(Value::Object(members)) if members.is_empty() && !call.is_modern() => {
            result(&call.id, Value::Object(members))
        }
        Closing::Result(Value::Object(mut members)) => {
            stamp_result(&mut members, call.is_modern(), instance);
            result(&call.id, Value::Object(members))
        }
        Closing::Result(other) => result(&call.id, other),
        Closing::Disconnects(key) => {
            if let Value::Object(mut found) = call.place.fleet.ledger.disconnects(&key) {
                fields.append(&mut found);
            }
            result(&call.id, tool_result(call, fields, script.text))
        }
        Closing::Tool => result(&call.id, tool_result(call, fields, script.text)),
    };
    ("application/json", response.to_string())
}

/// The result of a tool call: the report twice, as structure and as text.
pub(crate) fn tool_result(
    call: &Call<'_>,
    mut fields: Map<String, Value>,
    text: Option<String>,
) -> Value {
    fields.insert("instance".into(), json!(&*call.place.instance.name));
    fields.insert("era".into(), json!(call.revision.era().as_str()));
    fields.insert("transport".into(), json!(call.transport()));
    fields.insert("key".into(), json!(call.key().unwrap_or_default()));
    fields.insert("received".into(), call.request.received.json());
    fields.insert("answered".into(), call.place.fleet.clock.stamp().json());
    let fields = Value::Object(fields);
    let text = text.unwrap_or_else(|| fields.to_string());
    let mut members = Map::new();
    members.insert("content".into(), json!([{"type": "text", "text": text}]));
    members.insert("structuredContent".into(), fields);
    stamp_result(&mut members, call.is_modern(), &call.place.instance.name);
    Value::Object(members)
}

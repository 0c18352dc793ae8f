//! `sse-endpoint-unrewritten`: the transport of 2024-11-05 end to end, by the address its first event gives.

use std::rc::Rc;
use std::time::Duration;

use propylon_mcp::sse::Item;
use serde_json::Value;

use super::{Check, Need, Stage};
use crate::judge::shown;
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Stream, initialize_body};
use crate::wire::{Endpoint, Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "sse-endpoint-unrewritten",
    needs: &[Need::Mcp],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let target = neighbour(lab.endpoint().path());
    let request = lab
        .bare("GET")
        .to(target.clone())
        .with("Accept", "text/event-stream");
    let connection = lab.connect().await?;
    let opened = Stream::open(connection, &request, Duration::from_secs(3).min(lab.soon())).await;
    let Ok(mut stream) = opened else {
        return Ok(Outcome::not_applicable(format!(
            "{target} does not open a stream of the 2024-11-05 transport"
        )));
    };
    let Some(address) = endpoint_event(&mut stream).await else {
        return Ok(Outcome::not_applicable(format!(
            "the stream at {target} does not begin with an endpoint event"
        )));
    };
    let Some(resolved) = resolve(lab.endpoint(), &target, &address) else {
        return Ok(
            Outcome::fail("the endpoint event gives no address a client can use").saw(
                "endpoint event",
                "an http or https address",
                shown(&address),
            ),
        );
    };
    let answered = exchange(&lab, &mut stream, &resolved).await;
    let line = (
        format!("endpoint event at {target}: {}", shown(&address)),
        "an address that works from outside",
    );
    Ok(match answered {
        Ok(()) => Outcome::pass("the address in the endpoint event works from outside").saw(
            line.0,
            line.1,
            "the answer to initialize came on the stream",
        ),
        Err(found) => Outcome::fail("the address in the endpoint event does not work from outside")
            .saw(line.0, line.1, found),
    })
}

/// The path itself if it is the old transport's, else its neighbour.
fn neighbour(path: &str) -> String {
    let path = path.trim_end_matches('/');
    if path.ends_with("/sse") {
        return path.to_owned();
    }
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    format!("{parent}/sse")
}

async fn endpoint_event(stream: &mut Stream) -> Option<String> {
    let first = stream.next(Duration::from_secs(3)).await.ok().flatten()?;
    match first.item {
        Item::Event(event) if event.event == "endpoint" => Some(event.data),
        _ => None,
    }
}

/// Where a client would post, as URLs are resolved.
fn resolve(base: &Endpoint, path: &str, address: &str) -> Option<Endpoint> {
    if address.contains("://") {
        return Endpoint::parse(address).ok();
    }
    let target = match address.as_bytes().first()? {
        b'/' => address.to_owned(),
        b'?' => format!("{path}{address}"),
        _ => format!(
            "{}/{address}",
            path.rsplit_once('/').map_or("", |(parent, _)| parent)
        ),
    };
    Some(base.with_target(target))
}

/// Posts initialize and waits for its answer on the stream; what went wrong otherwise.
async fn exchange(lab: &Lab, stream: &mut Stream, resolved: &Endpoint) -> Result<(), String> {
    let body = initialize_body(lab, "2024-11-05");
    if resolved.is_tls != lab.endpoint().is_tls
        || resolved.authority() != lab.endpoint().authority()
    {
        return Err(format!(
            "it leads to {}, which is not where the stream came from",
            resolved.origin()
        ));
    }
    let request = lab.post(&body).to(resolved.target.clone());
    let posted: Result<Response, Trouble> = lab.ask(&request).await;
    let posted = posted.map_err(|error| error.to_string())?;
    if !(200..300).contains(&posted.status()) {
        return Err(format!(
            "a POST to {} got {}",
            resolved.target,
            posted.head.describe()
        ));
    }
    let answer = stream
        .event(Duration::from_secs(5))
        .await
        .map_err(|error| error.to_string())?;
    match answer {
        Some((message, _)) if message.get("result").is_some_and(Value::is_object) => Ok(()),
        Some((message, _)) => Err(format!(
            "on the stream came {}",
            shown(&message.to_string())
        )),
        None => Err("the stream ended without the answer".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{neighbour, resolve};
    use crate::wire::Endpoint;

    #[test]
    fn the_old_transport_is_beside_the_new() {
        assert_eq!(neighbour("/mcp"), "/sse");
        assert_eq!(neighbour("/weather/mcp/"), "/weather/sse");
        assert_eq!(neighbour("/weather/sse"), "/weather/sse");
        assert_eq!(neighbour("/"), "/sse");
    }

    #[test]
    fn addresses_resolve_as_urls_do() {
        let base = Endpoint::parse("https://a.example/w/mcp").unwrap();
        let check = |address: &str, expected: &str| {
            assert_eq!(
                resolve(&base, "/w/sse", address)
                    .map(|url| url.to_string())
                    .as_deref(),
                Some(expected)
            );
        };
        check("/messages?s=1", "https://a.example/messages?s=1");
        check("messages?s=1", "https://a.example/w/messages?s=1");
        check("?s=1", "https://a.example/w/sse?s=1");
        check("http://10.0.0.1:3001/m", "http://10.0.0.1:3001/m");
    }
}

//! The modern era: each request on its own, its headers held to its body, its close the cancellation.

use propylon_mcp::{Era, Revision};
use serde_json::{Value, json};

use super::call::Call;
use super::dialogue::refuse;
use super::fleet::Place;
use super::head::RequestHead;
use super::legacy::{Planned, plan};
use super::members::Members;
use super::message::{INVALID_PARAMS, METHOD_NOT_FOUND, Refusal, UNSUPPORTED_VERSION};
use super::outlet::{Disconnection, Outlet};
use super::perform::perform;
use super::request::Request;
use super::wire::Wire;
use super::{listen, methods, mirror, tools};

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// Whether a request is of this era (2026-07-28 versioning, Backward Compatibility): it says so per request.
pub(crate) fn is_modern(head: &RequestHead, method: &str, params: &Members<'_>) -> bool {
    let in_body = params.object("_meta").is_some_and(|meta| meta.has(VERSION));
    let header = head.get("mcp-protocol-version");
    let in_header = header
        .is_some_and(|version| Era::of_version_header(Some(version.as_bytes())) == Era::Modern);
    in_body || (in_header && method != "initialize")
}

/// Answers a modern request.
pub(crate) async fn request<W: Wire>(
    place: &Place,
    request: &Request,
    message: (Value, String, Members<'_>),
    wire: &mut W,
) -> u16 {
    let call = Call::new(place, request, Revision::V2026_07_28, None, message);
    if let Err(refusal) = judge(&call) {
        refuse(wire, &refusal, Some(&call.id)).await;
        return refusal.status;
    }
    if call.method == "subscriptions/listen" {
        return listen::listen(&call, wire).await;
    }
    let Planned { script, record } = plan(&call);
    let status = script.status;
    let mut outlet = Outlet::direct(wire, Disconnection::Cancels, place.fleet.clock, record);
    perform(&call, script, &mut outlet).await;
    status
}

/// Everything that must hold before a modern request is looked into.
fn judge(call: &Call<'_>) -> Result<(), Refusal> {
    let head = &call.request.head;
    let missing = |field: &str| {
        Refusal::new(
            400,
            INVALID_PARAMS,
            format!("Invalid params: _meta lacks {field}"),
        )
    };
    let Some(version) = call.meta.text(VERSION) else {
        return Err(missing(VERSION));
    };
    mirror::check_version(head, &version)?;
    if Revision::parse(version.as_bytes()).is_none_or(|revision| revision.era() == Era::Legacy) {
        let data = json!({"supported": ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"], "requested": version});
        return Err(
            Refusal::new(400, UNSUPPORTED_VERSION, "Unsupported protocol version").with(data),
        );
    }
    mirror::check_standard(head, &call.method, &call.params)?;
    if call.meta.object(CAPABILITIES).is_none() {
        return Err(missing(CAPABILITIES));
    }
    if call.method == "tools/call"
        && let Some(tool) = tools::find(&call.tool())
    {
        mirror::check_params(head, &call.arguments.0, &tool.mirrored())?;
    }
    if call.method != "subscriptions/listen" && !methods::is_known(&call.method, true) {
        return Err(Refusal::new(
            404,
            METHOD_NOT_FOUND,
            format!("Method not found: {}", call.method),
        ));
    }
    Ok(())
}

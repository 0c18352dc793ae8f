//! Three thousand short event streams, answers to POST, arrive whole.

use std::sync::atomic::{AtomicUsize, Ordering};

use propylon_testkit::RawClient;
use serde_json::{Value, json};

use crate::product::Product;
use crate::stand::{SIMPLE, Stand, probe};

const STREAMS: usize = 3_000;
const CLIENTS: usize = 8;
const EVENTS: usize = 3;

/// Sends them over a few kept connections, and counts those that lack an event or their result.
pub(crate) fn check(product: &Product) {
    let probe = probe();
    let stand = Stand::start(product, SIMPLE, probe.addresses(), "/mcp", None);
    let (next, cut) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut client = None;
                loop {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    if id >= STREAMS {
                        return;
                    }
                    if !is_whole(&stand, &mut client, id) {
                        cut.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let cut = cut.into_inner();
    println!("{}: {cut} of {STREAMS} streams cut", product.name);
    assert!(
        cut <= product.cut_streams_max,
        "{}: {cut} of {STREAMS} streams were cut; {} may be\n{}",
        product.name,
        product.cut_streams_max,
        stand.output()
    );
}

/// Asks for one stream on the connection kept from before, and says whether all of it came.
fn is_whole(stand: &Stand, kept: &mut Option<RawClient>, id: usize) -> bool {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "progressToken": id,
    });
    let arguments = json!({ "events": EVENTS, "interval_ms": 1, "token": crate::stand::TOKEN });
    let params = json!({ "name": "stream", "arguments": arguments, "_meta": meta });
    let call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
    let headers = [
        "MCP-Protocol-Version: 2026-07-28",
        "Mcp-Method: tools/call",
        "Mcp-Name: stream",
    ];
    let mut client = kept
        .take()
        .unwrap_or_else(|| RawClient::connect(stand.address));
    client.post(stand.address, "/mcp", &headers, &call);
    let Ok(head) = client.read_head() else {
        return false;
    };
    let body = client.read_body(&head);
    let text = body.text();
    let messages = text.lines().filter_map(|line| {
        serde_json::from_str::<Value>(line.strip_prefix("data:")?.trim_start()).ok()
    });
    let messages: Vec<Value> = messages.collect();
    let progress = messages
        .iter()
        .filter(|message| message["method"].is_string());
    let whole = progress.count() >= EVENTS
        && messages
            .iter()
            .any(|message| message["id"] == id && !message["result"].is_null());
    if whole {
        *kept = Some(client);
    }
    whole
}

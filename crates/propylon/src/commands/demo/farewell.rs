//! What is printed after the walk: where everything is, and what to try next.

use super::stage::Stage;
use crate::terminal::page::render;
use crate::terminal::{HEADING, Look};

/// The addresses, and commands to copy.
pub(super) fn text(stage: &Stage, look: Look) -> String {
    let title = look.paint(HEADING, "It stays up: try it with a client of yours.");
    format!("\n{title}\n\n{}", render(&page(stage), look))
}

fn page(stage: &Stage) -> String {
    let (url, admin) = (stage.url(), stage.admin());
    let log = stage.access_log().display().to_string();
    format!(
        r#"An MCP client, from the command line:

```sh
npx @modelcontextprotocol/inspector --cli {url} --method tools/list
```

Or in Python, after `pip install fastmcp`:

```sh
fastmcp call {url} count to=5
```

A session, by hand; the answer's `Mcp-Session-Id` goes into every later request:

```sh
curl -sSi {url} -H 'Content-Type: application/json' \
  -H 'Accept: application/json, text/event-stream' \
  -d '{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"protocolVersion":"2025-11-25",
      "capabilities":{{}},"clientInfo":{{"name":"curl","version":"8"}}}}}}'
```

Progress, event by event, in one stateless call of 2026-07-28:

```sh
curl -sSN {url} -H 'Content-Type: application/json' \
  -H 'Accept: application/json, text/event-stream' \
  -H 'MCP-Protocol-Version: 2026-07-28' -H 'Mcp-Method: tools/call' -H 'Mcp-Name: count' \
  -d '{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"count",
      "arguments":{{"to":10,"pause_ms":500}},"_meta":{{"progressToken":1,
      "io.modelcontextprotocol/protocolVersion":"2026-07-28",
      "io.modelcontextprotocol/clientInfo":{{"name":"curl","version":"8"}},
      "io.modelcontextprotocol/clientCapabilities":{{}}}}}}}}'
```

What the proxy writes down and counts:

```sh
tail -f {log}
curl -sS http://{admin}/metrics
```

Ctrl-C ends everything, and removes the log.
"#
    )
}

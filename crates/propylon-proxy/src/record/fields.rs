//! What each field of the access log is, for the reference pages.

/// A field of the log's line.
struct Field {
    name: &'static str,
    /// Left out where it has no value.
    is_optional: bool,
    what: &'static str,
}

/// Every field, in the order of the line.
const FIELDS: &[Field] = &[
    field(
        "time",
        "when the exchange ended: RFC 3339, UTC, milliseconds",
    ),
    field(
        "request_id",
        "the client's `X-Request-Id` if it is fit for a log, else one of ours; the upstream and the client see it too",
    ),
    optional(
        "trace_id",
        "the trace that the request named in `traceparent`",
    ),
    field(
        "client",
        "the client's address: the last one in `X-Forwarded-For` that is not a trusted proxy's; behind `proxy_protocol` the one the balancer told of",
    ),
    optional(
        "http",
        "the version of HTTP that the client spoke: `1.0`, `1.1` or `2`",
    ),
    optional(
        "client_subject",
        "the distinguished name in the client's certificate (RFC 4514)",
    ),
    optional(
        "client_names",
        "the `URI=`, `DNS=` and `Email=` names in it",
    ),
    field("method", "HTTP method"),
    field("status", "the status the client saw"),
    optional("route", "host and path of the route"),
    optional("upstream", "the upstream's name"),
    optional("instance", "`host:port` of the instance"),
    optional(
        "era",
        "`legacy` (2024-11-05 to 2025-11-25) or `modern` (2026-07-28)",
    ),
    optional(
        "revision",
        "the published revision the request names, such as `2025-11-25`",
    ),
    optional(
        "session",
        "the first 8 bytes of the SHA-256 of the session id, in hex",
    ),
    optional(
        "task",
        "the same of the task id, or of the first of several",
    ),
    optional("rpc_method", "JSON-RPC method"),
    optional("rpc_name", "tool, prompt or resource, without a query"),
    optional("param_keys", "names of the arguments, never their values"),
    field(
        "request_bytes",
        "bytes of the request's body without its transfer coding",
    ),
    field("response_bytes", "the same of the response's"),
    optional("events", "events of an event stream"),
    field(
        "queue_us",
        "microseconds until the dial: reading the request, and the peek",
    ),
    field(
        "connect_us",
        "microseconds of the dial; 0 on a kept connection",
    ),
    optional(
        "head_us",
        "microseconds from the first byte sent to the answer's head",
    ),
    field("total_us", "microseconds in all"),
    field(
        "reused",
        "whether the upstream's connection had carried an exchange before",
    ),
    field("end", "`complete`, or the reason why not"),
    optional(
        "reason",
        "the reason where the proxy answered, refused or cut",
    ),
    optional("detail", "what it found"),
    optional(
        "mismatch",
        "how the mirrored headers of a 2026-07-28 request disagree with its body, refused or not",
    ),
    optional(
        "cache",
        "what the shared cache had for it: `hit`, `coalesced`, `miss` or `bypass`",
    ),
    optional(
        "repair",
        "what was done for a lost session: its refusal's `status` made 404, or the session `reinitialized`",
    ),
    optional(
        "practice",
        "the practice that the server's answer shows to be broken on the way",
    ),
    optional("sign", "by what it shows it: see [diagnosis](diagnosis.md)"),
];

const fn field(name: &'static str, what: &'static str) -> Field {
    Field {
        name,
        is_optional: false,
        what,
    }
}

const fn optional(name: &'static str, what: &'static str) -> Field {
    Field {
        name,
        is_optional: true,
        what,
    }
}

/// A Markdown table of the access log's fields, in the order of the line.
pub fn log_fields_markdown() -> String {
    let mut page = String::from("| field | what it is |\n|---|---|\n");
    for field in FIELDS {
        let name = if field.is_optional {
            format!("`[{}]`", field.name)
        } else {
            format!("`{}`", field.name)
        };
        page.push_str(&format!("| {name} | {} |\n", field.what));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line as it is written in source: the table has its fields, in its order, and no others.
    #[test]
    fn the_table_is_the_line() {
        let source = include_str!("line.rs");
        let (_, body) = source
            .split_once("struct Line<'r> {")
            .expect("the line's type");
        let (body, _) = body.split_once("\n}").expect("its end");
        let mut written = Vec::new();
        let mut is_optional = false;
        for line in body.lines().map(str::trim) {
            if line.starts_with("#[serde(skip_serializing_if") {
                is_optional = true;
            } else if let Some((name, _)) = line.split_once(": ")
                && !line.starts_with("//")
            {
                written.push((name, is_optional));
                is_optional = false;
            }
        }
        let listed: Vec<(&str, bool)> = FIELDS
            .iter()
            .map(|each| (each.name, each.is_optional))
            .collect();
        assert_eq!(listed, written);
    }
}

//! Who may ask: two principals, and a session that belongs to the one who opened it.

use crate::fault::Fault;
use crate::proxy::{Asked, Shared};

/// The refusal of a request whose sender may not make it.
pub(crate) fn refusal(shared: &Shared, asked: &Asked) -> Option<&'static str> {
    let head = &asked.head;
    let path = head.target().split('?').next().unwrap_or_default();
    let is_open = path == "/health"
        || path.contains("/.well-known/")
        || head.get("access-control-request-method").is_some();
    if !shared.fault.has_login() || is_open {
        return None;
    }
    let who = head.get("authorization").unwrap_or_default();
    if !matches!(who, "Bearer alice" | "Bearer bob") {
        return Some(
            "HTTP/1.1 401 Own\r\nWWW-Authenticate: Bearer resource_metadata=\"http://127.0.0.1/.well-known/oauth-protected-resource/mcp\"\r\nContent-Length: 0\r\n\r\n",
        );
    }
    let owners = shared.owners.borrow();
    let owner = head.get("mcp-session-id").and_then(|id| owners.get(id));
    let is_stranger = owner.is_some_and(|owner| owner != who);
    (is_stranger && shared.fault != Fault::OpensSessionsToOthers)
        .then_some("HTTP/1.1 404 Own\r\nContent-Length: 0\r\n\r\n")
}

/// Notes whose session an answer made.
pub(crate) fn note(shared: &Shared, asked: &Asked, session: &str) {
    let who = asked.head.get("authorization").unwrap_or_default();
    let mut owners = shared.owners.borrow_mut();
    owners.insert(session.to_owned(), who.to_owned());
}

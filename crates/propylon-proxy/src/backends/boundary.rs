//! What does not cross between a client and a server that a stranger registered on the same origin as others.

use propylon_net::dial::judge::judge_redirect;

use crate::error::{Detail, ProxyError};
use crate::http1::field::Field;
use crate::http1::head::ResponseHead;
use crate::phase::location::Sides;
use crate::reason::Reason;
use crate::response::Asked;

/// Answer lines that speak for a whole origin, of which such a server has one path.
const ORIGIN_WIDE: [&str; 5] = [
    "Alt-Svc",
    "Clear-Site-Data",
    "Refresh",
    "Set-Cookie",
    "Strict-Transport-Security",
];

/// Whether a line of a registered server's answer is kept from its client.
pub(crate) fn hides_from_client(name: &[u8]) -> bool {
    ORIGIN_WIDE
        .iter()
        .any(|wide| wide.as_bytes().eq_ignore_ascii_case(name))
}

/// Whether a line of a client is kept from a registered server: cookies are the origin's, not this path's.
pub(crate) fn hides_from_upstream(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"cookie")
}

/// What the client is shown of a registered server's redirect; `None` where there is none, or the server is the
/// operator's own.
///
/// # Errors
/// A redirect to anywhere else than below the server's own path.
pub(crate) fn redirect(
    head: &[u8],
    response: &ResponseHead,
    asked: &Asked<'_>,
    sides: &Sides<'_>,
) -> Result<Option<String>, ProxyError> {
    let route = &asked.routed.route;
    let Some(backend) = &route.upstream.backend else {
        return Ok(None);
    };
    let mut values = response.lines.all(head, Field::Location);
    let Some(value) = values
        .next()
        .filter(|_| (300..400).contains(&response.status))
    else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(ProxyError::found(
            Reason::BackendRedirect,
            "it redirects to two places",
        ));
    }
    let url = format!("{}{}", backend.spec.url.origin(), asked.routed.target);
    let path = judge_redirect(&url, value).map_err(|refusal| ProxyError {
        reason: Reason::BackendRedirect,
        detail: Detail::Dial(refusal.what),
    })?;
    // Elsewhere on the origin that the client knows are others.
    let shown = route.map_back(&path).ok_or(ProxyError::found(
        Reason::BackendRedirect,
        "its redirect leaves the path it was registered with",
    ))?;
    Ok(Some(format!("{}://{}{shown}", sides.scheme, sides.host)))
}

//! A listener that only sends its clients to https: with 308, since 301 and 302 turn a POST into a GET.

use propylon_config::Listener;

use super::forwarded::Client;
use super::route::Wanted;
use crate::error::ProxyError;
use crate::http1::head::RequestHead;

/// Where a request is to be made again; `None` where it is served here.
///
/// # Errors
/// A request that does not say which host it wants.
pub(crate) fn location(
    listener: Option<&Listener>,
    client: &Client,
    request: &RequestHead,
    wanted: Wanted<'_>,
) -> Result<Option<String>, ProxyError> {
    let redirect = listener.and_then(|listener| listener.redirect);
    // A trusted proxy in front may have ended TLS already; to send its clients to https again would never end.
    let Some(redirect) = redirect.filter(|_| client.scheme(request) != "https") else {
        return Ok(None);
    };
    if !wanted.path.starts_with('/') {
        return Ok(None);
    }
    let host = without_port(client.host(request, wanted.authority));
    if host.is_empty() {
        return Err("no Host to redirect to".into());
    }
    let port = match redirect.port {
        443 => String::new(),
        port => format!(":{port}"),
    };
    Ok(Some(format!(
        "https://{host}{port}{}{}",
        wanted.path, wanted.query
    )))
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::head::HeadLimits;
    use crate::phase::forwarded::Ends;
    use propylon_config::Redirect;

    fn check(port: u16, head: &str, expected: Result<Option<&str>, ()>) {
        let limits = HeadLimits {
            bytes_max: 4096,
            count_max: 16,
        };
        let mut bytes = format!("{head}\r\n\r\n").into_bytes();
        let request = RequestHead::parse(&mut bytes, limits).unwrap().unwrap();
        let here = "127.0.0.1:80".parse().unwrap();
        let trusted = ["127.0.0.1/32".parse().unwrap()];
        let client = Client::of(&request, &Ends::plain(here, here, here), &trusted);
        let mut listener = Listener::on(here);
        listener.redirect = Some(Redirect { port });
        let wanted = Wanted::of(&request).unwrap();
        let found = location(Some(&listener), &client, &request, wanted).map_err(|_| ());
        let expected = expected.map(|location| location.map(str::to_owned));
        assert_eq!(found, expected, "{head}");
    }

    #[test]
    fn the_same_place_over_https() {
        let plain = "POST /mcp?a=b HTTP/1.1\r\nHost: mcp.example.com:8080";
        check(443, plain, Ok(Some("https://mcp.example.com/mcp?a=b")));
        check(
            8443,
            plain,
            Ok(Some("https://mcp.example.com:8443/mcp?a=b")),
        );
        let v6 = "GET / HTTP/1.1\r\nHost: [::1]";
        check(8443, v6, Ok(Some("https://[::1]:8443/")));
        check(443, "GET /mcp HTTP/1.0", Err(()));
        check(443, "OPTIONS * HTTP/1.1\r\nHost: a", Ok(None));
    }

    #[test]
    fn what_came_over_https_is_not_sent_round_in_a_circle() {
        let told = "GET /mcp HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: ";
        check(443, &format!("{told}https"), Ok(None));
        check(443, &format!("{told}http"), Ok(Some("https://a/mcp")));
    }
}

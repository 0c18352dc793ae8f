//! Where a server redirects its client to: on its own origin, or nowhere.

use url::{Position, Url};

use super::policy::{Refusal, Rule};
use super::url::is_odd;

/// Judges the `Location` of a server's answer to a request for `asked`, an absolute URL.
///
/// Gives the path it leads to, with query and fragment, in its one canonical spelling.
///
/// # Errors
/// One that leads to another origin, or that two readers could resolve differently.
pub fn judge_redirect(asked: &str, location: &[u8]) -> Result<String, Refusal> {
    let refused = |what: &str| Refusal::new(Rule::Redirect, what, "policy");
    let text = std::str::from_utf8(location)
        .ok()
        .filter(|text| !text.chars().any(is_odd))
        .ok_or_else(|| refused("its redirect can be read in two ways"))?;
    let asked = Url::parse(asked).map_err(|_| refused("it was asked for no URL"))?;
    let led = asked
        .join(text)
        .map_err(|_| refused("its redirect is not a URL"))?;
    if !led.username().is_empty() || led.password().is_some() {
        return Err(refused("its redirect carries a user name or password"));
    }
    if led.origin() != asked.origin() {
        return Err(refused("its redirect leads to another origin"));
    }
    Ok(led[Position::BeforePath..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::judge_redirect;

    const ASKED: &str = "https://a.example.com/mcp/x?y=1";

    #[test]
    fn only_the_own_origin_is_left() {
        for (location, expected) in [
            ("/mcp/", Some("/mcp/")),
            ("", Some("/mcp/x?y=1")),
            ("../z", Some("/z")),
            ("?a=b", Some("/mcp/x?a=b")),
            ("https://a.example.com/mcp", Some("/mcp")),
            ("https://A.example.com:443/mcp#f", Some("/mcp#f")),
            ("//a.example.com/mcp", Some("/mcp")),
            ("/mcp/../../etc", Some("/etc")),
            ("/mcp/%2e%2e/etc", Some("/etc")),
            ("http://a.example.com/mcp", None),
            ("https://a.example.com:8443/mcp", None),
            ("https://b.example.com/mcp", None),
            ("//b.example.com/mcp", None),
            ("https:b.example.com/mcp", Some("/mcp/b.example.com/mcp")),
            ("https:/\\b.example.com/mcp", None),
            ("/\\b.example.com/mcp", None),
            ("\\\\b.example.com/mcp", None),
            ("/\t/b.example.com/mcp", None),
            (" //b.example.com/mcp", None),
            ("https://a.example.com@b.example.com/", None),
            ("https://user@a.example.com/mcp", None),
            ("https://169.254.169.254/", None),
            ("file:///etc/passwd", None),
            ("javascript:alert(1)", None),
            ("data:text/plain,x", None),
            ("https://a.example.com./mcp", None),
        ] {
            let found = judge_redirect(ASKED, location.as_bytes()).ok();
            assert_eq!(found.as_deref(), expected, "{location:?}");
        }
        assert!(judge_redirect(ASKED, b"/\xff").is_err());
    }
}

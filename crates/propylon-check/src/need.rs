//! What a check needs besides the endpoint, and what it says when that is not there.

use crate::checks::Check;
use crate::lab::Lab;
use crate::outcome::Outcome;

/// Checks that send no request.
const OF_THE_HANDSHAKE: &[&str] = &["tls-certificate", "tls-old-version"];

/// Something a check cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Any MCP server that answers.
    Mcp,
    /// The probe behind the chain.
    Probe,
    /// The probe's token.
    Token,
    /// Two or more instances of the probe.
    Instances,
    /// Credentials of a second principal.
    SecondPrincipal,
    /// The legacy era answered through the chain.
    Legacy,
    /// The modern era answered through the chain.
    Modern,
    /// An `https` URL.
    Tls,
}

/// Why a check cannot run, if it cannot.
pub(crate) fn missing(lab: &Lab, check: &Check) -> Option<Outcome> {
    if lab.facts.is_withheld && !OF_THE_HANDSHAKE.contains(&check.id) {
        return Some(Outcome::not_seen(
            "the certificate is not good, and credentials are not sent to whoever shows it",
            "a good certificate, or --ca FILE with the authority that signed it",
        ));
    }
    check.needs.iter().find_map(|need| lacking(lab, *need))
}

fn lacking(lab: &Lab, need: Need) -> Option<Outcome> {
    let facts = &lab.facts;
    let lacks =
        |held: bool, summary: &str, needs: &str| (!held).then(|| Outcome::not_seen(summary, needs));
    match need {
        Need::Mcp => lacks(
            facts.legacy || facts.modern,
            "no MCP answer came through the chain",
            "a chain that reaches an MCP server",
        ),
        Need::Probe => lacks(
            facts.is_probe,
            "the server behind the chain is not the probe, so what reached it is not known",
            "a probe upstream: propylon probe --listen 127.0.0.1:9101",
        ),
        Need::Token if facts.is_refused => lacks(
            false,
            "the probe refuses this token",
            "the token that the probe was started with",
        ),
        Need::Token => lacks(
            facts.may_disturb,
            "this asks the probe for something that disturbs, which needs its token",
            "--token, the same at the probe and here",
        ),
        Need::Instances => lacks(
            facts.instances.len() > 1,
            &format!(
                "{} instance was met behind the chain",
                facts.instances.len()
            ),
            "two or more instances: propylon probe --instances 3",
        ),
        Need::SecondPrincipal => lacks(
            !lab.options.second_headers.is_empty(),
            "one set of credentials cannot show what another may do",
            "a second principal: --second-header 'Authorization: Bearer …'",
        ),
        Need::Legacy => lacks(
            facts.legacy,
            "initialize is not answered through the chain",
            "a server of revision 2025-11-25 or earlier",
        ),
        Need::Modern => lacks(
            facts.modern,
            "server/discover is not answered through the chain",
            "a server of revision 2026-07-28",
        ),
        Need::Tls => {
            (!lab.endpoint().is_tls).then(|| Outcome::not_applicable("the URL is plain http"))
        }
    }
}

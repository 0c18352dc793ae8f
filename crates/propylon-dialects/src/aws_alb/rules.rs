//! Which request goes where: the rules of a listener, those that are tried first first.

use propylon_config::{Deployment, HostHeader};

use super::groups::Group;
use super::limits::VALUES_MAX;
use crate::refusal::own;
use crate::way::{RESOURCE_METADATA, Way, instances, sites};

/// One rule. What a request must be, in so far as the rule says so, and what becomes of it.
#[derive(Debug, Default)]
pub(super) struct Rule {
    pub(super) host: Option<String>,
    /// Patterns: `*` stands for any characters.
    pub(super) paths: Vec<String>,
    /// Values of `Origin`, patterns too; empty for whatever it is.
    pub(super) origins: Vec<String>,
    pub(super) url: Option<Rewrite>,
    pub(super) host_header: Option<Rewrite>,
    pub(super) action: Action,
    pub(super) practices: &'static [&'static str],
}

/// A part of a request that is another for the target.
#[derive(Clone, Debug)]
pub(super) struct Rewrite {
    pub(super) regex: String,
    pub(super) replace: String,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    /// The group of this index gets it.
    Forward(usize),
    /// The load balancer answers.
    Answer(Answer),
}

/// An answer of the load balancer's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) status: &'static str,
    message: &'static str,
}

impl Answer {
    /// An error is one of JSON-RPC; what is none is a word for people.
    pub(super) fn content_type(self) -> &'static str {
        if self.status == WELL.status {
            "text/plain"
        } else {
            "application/json"
        }
    }

    pub(super) fn body(self) -> String {
        if self.status == WELL.status {
            self.message.to_owned()
        } else {
            own(self.status, self.message)
        }
    }
}

impl Default for Action {
    fn default() -> Self {
        Action::Answer(NOWHERE)
    }
}

/// What no rule takes.
pub(super) const NOWHERE: Answer = Answer {
    status: "404",
    message: "no route leads from this host and path",
};
/// Pages of other origins.
const FOREIGN: Answer = Answer {
    status: "403",
    message: "pages of this origin are not let in",
};
/// A body that came in the clear: the redirects that a load balancer knows would lose it.
pub(super) const IN_THE_CLEAR: Answer = Answer {
    status: "426",
    message: "this server is reached by https only",
};
const WELL: Answer = Answer {
    status: "200",
    message: "ok",
};

/// The rules of every listener with TLS.
pub(super) fn of(
    deployment: &Deployment,
    ways: &[Way<'_>],
    ports: &[u16],
    groups: &[Group<'_>],
) -> Vec<Rule> {
    let mut rules = Vec::new();
    for way in ways {
        rules.push(metadata(way, groups));
    }
    for site in sites(deployment) {
        let only = site.only().filter(|only| {
            // The root's own metadata rule has it already.
            only.route.host.as_deref() == site.host && !only.prefix.is_empty()
        });
        rules.extend(only.map(|only| Rule {
            paths: vec![RESOURCE_METADATA.to_owned()],
            practices: &["auth-metadata-unreachable"],
            ..forward(only, groups)
        }));
    }
    for way in ways {
        endpoint(way, ports, groups, &mut rules);
    }
    let health = deployment
        .listeners
        .iter()
        .find_map(|listener| listener.health.clone());
    rules.extend(health.map(|path| Rule {
        paths: vec![path],
        action: Action::Answer(WELL),
        practices: &["health-missing"],
        ..Rule::default()
    }));
    rules
}

/// The metadata of a route, for everybody: clients ask for it before they have a token, and from any page.
fn metadata(way: &Way<'_>, groups: &[Group<'_>]) -> Rule {
    let outside = way.metadata_prefix();
    Rule {
        paths: vec![outside.clone(), format!("{outside}/*")],
        url: way.is_rewritten().then(|| Rewrite {
            regex: format!("^{}(.*)$", escaped(&outside)),
            replace: format!("{}$1", way.metadata_base()),
        }),
        practices: &["auth-metadata-unreachable"],
        ..forward(way, groups)
    }
}

/// The endpoint and what lies below it: for pages that are let in, then nobody for other pages, then for whoever sends
/// no `Origin`.
fn endpoint(way: &Way<'_>, ports: &[u16], groups: &[Group<'_>], rules: &mut Vec<Rule>) {
    let origins = origins(way, ports);
    if !origins.iter().any(|origin| origin == "*") {
        // A host and two paths leave room for this many.
        for origins in origins.chunks(VALUES_MAX - 3) {
            for rule in paths(way, groups) {
                rules.push(Rule {
                    origins: origins.to_vec(),
                    practices: &["origin-unchecked"],
                    ..rule
                });
            }
        }
        rules.push(Rule {
            host: way.route.host.clone(),
            paths: match way.prefix {
                "" => vec!["/*".to_owned()],
                prefix => vec![prefix.to_owned(), format!("{prefix}/*")],
            },
            origins: vec!["*".to_owned()],
            action: Action::Answer(FOREIGN),
            practices: &["origin-unchecked"],
            ..Rule::default()
        });
    }
    rules.extend(paths(way, groups));
}

/// The pages that are let in: those listed, and the route's own on the ports of the load balancer.
fn origins(way: &Way<'_>, ports: &[u16]) -> Vec<String> {
    let listed = way.route.cors.iter().flat_map(|cors| &cors.origins);
    let mut origins: Vec<String> = listed.map(ToString::to_string).collect();
    let host = way
        .route
        .host
        .as_deref()
        .filter(|host| !host.starts_with("*."));
    origins.extend(host.into_iter().flat_map(|host| {
        ports.iter().map(move |port| match port {
            443 => format!("https://{host}"),
            port => format!("https://{host}:{port}"),
        })
    }));
    origins.sort();
    origins.dedup();
    origins
}

/// The prefix alone, with and without a slash, and what lies below it.
fn paths(way: &Way<'_>, groups: &[Group<'_>]) -> Vec<Rule> {
    let prefix = way.prefix;
    let below = Rule {
        paths: vec![format!("{prefix}/*")],
        url: way.is_rewritten().then(|| Rewrite {
            regex: format!("^{}(/.*)$", escaped(prefix)),
            replace: format!("{}$1", way.base),
        }),
        practices: &["endpoint-unrouted"],
        ..forward(way, groups)
    };
    if prefix.is_empty() && !way.is_rewritten() && way.endpoint == "/" {
        return vec![below];
    }
    let exact = Rule {
        paths: match prefix {
            "" => vec!["/".to_owned()],
            prefix => vec![prefix.to_owned(), format!("{prefix}/")],
        },
        // Whichever of the two a client uses, the server gets the one its URL was written with.
        url: Some(Rewrite {
            regex: format!("^{}/?(.*)$", escaped(prefix)),
            replace: format!("{}$1", way.endpoint),
        }),
        practices: &["endpoint-unrouted"],
        ..forward(way, groups)
    };
    vec![exact, below]
}

fn forward(way: &Way<'_>, groups: &[Group<'_>]) -> Rule {
    let group = groups
        .iter()
        .position(|group| group.upstream.name == way.upstream.name);
    Rule {
        host: way.route.host.clone(),
        host_header: host_header(way),
        action: group.map_or(Action::default(), Action::Forward),
        ..Rule::default()
    }
}

/// The `Host` that targets see where it is not the client's.
fn host_header(way: &Way<'_>) -> Option<Rewrite> {
    let replace = match &way.upstream.host {
        HostHeader::Keep => return None,
        HostHeader::Fixed(host) => host.clone(),
        HostHeader::Upstream => instances(way.upstream).first()?.url.authority(),
    };
    Some(Rewrite {
        regex: "^.*$".to_owned(),
        replace,
    })
}

/// A text that stands for itself in a regular expression.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if matches!(
            character,
            '.' | '+' | '*' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '^' | '$' | '|' | '\\'
        ) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

//! The dialect of Cloudflare: a Worker in front of the instances, the zone's rules, and the tunnel to a private network.

mod coverage;
mod plan;
mod rules;
mod tunnel;
mod worker;
mod wrangler;

use propylon_config::{Deployment, HostHeader, Upstream};
use propylon_practices::Product;

use crate::emission::{Emission, Gap};
use crate::options::Options;
use crate::target::{Target, Without};
use plan::{COMMENTS_APART_MAX, Plan};

pub(crate) static TARGET: Target = Target {
    product: Product::Cloudflare,
    run: "cd worker && npx wrangler secret put SESSION_KEY && npx wrangler deploy; terraform apply; \
          cloudflared tunnel --config cloudflared.yml run",
    coverage: coverage::COVERAGE,
    honours: &[
        "limits.body_bytes",
        "listeners[].health",
        "routes[].cors.max_age",
        "routes[].cors.origins",
        "routes[].host",
        "routes[].path",
        "routes[].upstream",
        "upstreams.<name>.affinity.by",
        "upstreams.<name>.health.path",
        "upstreams.<name>.health.timeout",
        "upstreams.<name>.keepalive",
        "upstreams.<name>.pool.eject",
        "upstreams.<name>.timeouts.idle",
        "upstreams.<name>.timeouts.response_head",
        "upstreams.<name>.timeouts.stream",
        "upstreams.<name>.url",
        "upstreams.<name>.urls",
    ],
    without: &[
        Without {
            setting: "drain",
            why: "a new version of a Worker ends no request that runs; cloudflared gives streams 3 minutes at most",
        },
        Without {
            setting: "limits.header_bytes",
            why: "the edge has limits of its own: 16 KB for one header",
        },
        Without {
            setting: "limits.peek_bytes",
            why: "the Worker does not look into bodies",
        },
        Without {
            setting: "limits.streams",
            why: "isolates do not know of each other, so nothing counts streams: bound them in the server",
        },
        Without {
            setting: "limits.streams_per_client",
            why: "isolates do not know of each other, so nothing counts streams: bound them in the server",
        },
        Without {
            setting: "limits.streams_per_connection",
            why: "the edge has a limit of its own, which cannot be changed",
        },
        Without {
            setting: "listeners[].address",
            why: "Cloudflare's edge listens, on the ports 80 and 443 of the routes' hosts",
        },
        Without {
            setting: "listeners[].http2",
            why: "the edge offers HTTP/2, which is switched for a whole zone",
        },
        Without {
            setting: "resolver.servers",
            why: "names of private instances are resolved where the tunnel ends",
        },
        Without {
            setting: "routes[].rewrite_metadata",
            why: "the Worker always shows the outside's URLs",
        },
        Without {
            setting: "trusted_proxies",
            why: "the edge is the first hop: it sets CF-Connecting-IP itself, and nobody else is believed",
        },
        Without {
            setting: "upstreams.<name>.affinity.bytes_max",
            why: "the instance is in the session's id, so there is no table to bound",
        },
        Without {
            setting: "upstreams.<name>.affinity.entries_max",
            why: "the instance is in the session's id, so there is no table to bound",
        },
        Without {
            setting: "upstreams.<name>.affinity.store",
            why: "the instance is in the session's id, so nothing is stored",
        },
        Without {
            setting: "upstreams.<name>.affinity.ttl",
            why: "the instance is in the session's id, which holds until SESSION_KEY changes",
        },
        Without {
            setting: "upstreams.<name>.discover",
            why: "a Worker cannot ask for the addresses behind a name, so all of them are one instance to it",
        },
        Without {
            setting: "upstreams.<name>.health.interval",
            why: "a Worker runs when it is asked: it looks at the health path when a request has failed",
        },
        Without {
            setting: "upstreams.<name>.host",
            why: "fetch takes Host from the URL; the outside name is in X-Forwarded-Host",
        },
        Without {
            setting: "upstreams.<name>.http2",
            why: "the edge speaks to instances as it likes: \"HTTP/2 to Origin\" is a switch of the zone",
        },
        Without {
            setting: "upstreams.<name>.mirror",
            why: "the Worker does not look into bodies",
        },
        Without {
            setting: "upstreams.<name>.pool.idle",
            why: "the edge keeps its connections to instances for as long as it likes: let the servers keep theirs for 960 s",
        },
        Without {
            setting: "upstreams.<name>.timeouts.connect",
            why: "the edge gives up after 19 s, which cannot be changed",
        },
    ],
    emit,
};

fn emit(deployment: &Deployment, _options: &Options, emission: &mut Emission) {
    let plan = Plan::of(deployment);
    // What the URL says of Host is what `host: upstream` asks for.
    emission.warnings.retain(|warning| {
        let name = warning
            .setting
            .strip_prefix("upstreams.")
            .and_then(|rest| rest.strip_suffix(".host"));
        let upstream = name.and_then(|name| deployment.upstreams.get(name));
        upstream.is_none_or(|upstream| upstream.host != HostHeader::Upstream)
    });
    for each in &plan.upstreams {
        keepalive(each.upstream, emission);
        if each.is_discovered {
            emission.open(discovered(each.name));
        }
        if !each.loopback.is_empty() {
            emission.warn(
                format!("upstreams.{}.urls", each.name),
                format!(
                    "no tunnel leads to a machine's own address ({}): write the address that the machine has in its \
                     network",
                    each.loopback.join(", ")
                ),
            );
        }
    }
    if plan.hosts.is_empty() {
        emission.warn(
            "routes[].host",
            "no route names a host, so the Worker is at its workers.dev address, where no rule of a zone holds",
        );
    }
    wrangler::write(&plan, emission);
    worker::write(emission);
    rules::write(&plan, emission);
    tunnel::write(emission);
}

/// Comments are also how the Worker notices that a client has gone, so there are always some.
fn keepalive(upstream: &Upstream, emission: &mut Emission) {
    let apart = upstream.keepalive;
    if apart.is_none_or(|apart| apart > COMMENTS_APART_MAX) {
        emission.warn(
            format!("upstreams.{}.keepalive", upstream.name),
            format!(
                "the edge gives up after 120 s, and comments show the Worker who is gone: they are {} s apart",
                plan::comment_ms(upstream) / 1000
            ),
        );
    }
}

fn discovered(name: &str) -> Gap {
    Gap {
        practice: "session-scattered",
        is_partial: false,
        consequence: format!(
            "the instances of {name} are found by a name, and a Worker cannot choose among the addresses behind one."
        ),
        way_out: "Write the instances as urls, or put Propylon behind the tunnel.".to_owned(),
    }
}

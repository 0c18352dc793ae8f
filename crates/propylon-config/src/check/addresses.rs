//! No two listeners on one address, and no proxy that believes everyone.

use std::net::SocketAddr;

use crate::draft::Draft;
use crate::problem::{Position, Problem};
use crate::report::Report;

pub(super) fn check(report: &Report<'_>, draft: &Draft) {
    for (index, listener) in draft.listeners.iter().enumerate() {
        let address = listener.value.address;
        let other = draft
            .listeners
            .iter()
            .take(index)
            .find(|other| clash(other.value.address, address));
        if let Some(other) = other {
            let problem =
                Problem::error(&listener.key, clash_summary(other.value.address, address));
            report.add(
                problem
                    .at(listener.position)
                    .suggest(with_first("give it a port of its own", other.position)),
            );
        }
    }
    check_admin(report, draft);
    check_backends(report, draft);
    for listener in &draft.listeners {
        let is_everyone = |network: &&ipnet::IpNet| network.prefix_len() == 0;
        let everyone = listener.value.proxy_protocol.iter().find(is_everyone);
        if let Some(everyone) = everyone {
            let key = listener.key.replace(".address", ".proxy_protocol");
            let problem = Problem::warning(key, "whoever connects may say that it is anybody")
                .at(listener.position)
                .found(everyone.to_string());
            report.add(
                problem
                    .practice("forwarded-spoofable")
                    .suggest("name the balancers in front, and let nobody else reach this address"),
            );
        }
    }
    for network in &draft.trusted_proxies {
        if network.value.prefix_len() == 0 {
            let problem =
                Problem::warning(&network.key, "every client is believed about who it is");
            let problem = problem
                .at(network.position)
                .found(network.value.to_string());
            report.add(
                problem
                    .practice("forwarded-spoofable")
                    .suggest("name the proxies in front of this one"),
            );
        }
    }
}

fn check_admin(report: &Report<'_>, draft: &Draft) {
    let Some((admin, place)) = &draft.admin else {
        return;
    };
    let Some(listener) = draft
        .listeners
        .iter()
        .find(|l| clash(l.value.address, admin.address))
    else {
        return;
    };
    let problem = match place {
        Some(place) => {
            let summary = clash_summary(listener.value.address, admin.address);
            let problem = Problem::error(&place.key, summary);
            problem.at(place.position).suggest(with_first(
                "give the admin listener a port of its own",
                listener.position,
            ))
        }
        None => {
            let summary = format!("the admin listener stands on {} by default", admin.address);
            let advice = match listener.position {
                Some(_) => "write `admin: { address: 127.0.0.1:9902 }`, or `admin: off`",
                None => "add `--admin 127.0.0.1:9902`",
            };
            let problem =
                Problem::error(&listener.key, summary).found(listener.value.address.to_string());
            problem.at(listener.position).suggest(advice)
        }
    };
    report.add(problem);
}

/// The API has a port of its own.
fn check_backends(report: &Report<'_>, draft: &Draft) {
    let Some(backends) = &draft.backends else {
        return;
    };
    let address = backends.value.address;
    let admin = draft.admin.iter().map(|(admin, _)| admin.address);
    let listeners = draft
        .listeners
        .iter()
        .map(|listener| listener.value.address);
    if let Some(other) = listeners.chain(admin).find(|other| clash(*other, address)) {
        let problem = Problem::error(&backends.key, clash_summary(other, address));
        let advice = "give the API a port of its own with `backends.address`";
        report.add(problem.at(backends.position).suggest(advice));
    }
}

/// Whether two listeners cannot both be opened. Port 0 is a free one each time.
fn clash(a: SocketAddr, b: SocketAddr) -> bool {
    let covers = |a: SocketAddr, b: SocketAddr| {
        // `[::]` takes IPv4 too, unless the system is told otherwise.
        a.ip().is_unspecified() && (a.is_ipv6() || b.is_ipv4())
    };
    let same = a.ip().to_canonical() == b.ip().to_canonical();
    a.port() == b.port() && a.port() != 0 && (same || covers(a, b) || covers(b, a))
}

fn clash_summary(first: SocketAddr, second: SocketAddr) -> String {
    if first == second {
        format!("two listeners on {second}")
    } else {
        format!("{second} and {first} cannot both be listened on")
    }
}

fn with_first(advice: &str, first: Option<Position>) -> String {
    match first {
        Some(first) => format!("{advice}; the other listener is on line {}", first.line),
        None => advice.to_owned(),
    }
}

//! What clients meet: the listeners, and the rules every request passes in order.

use propylon_config::{Deployment, Listener, TlsVersion};

use super::word::{quoted, time};
use super::{pages, rewrite};
use crate::refusal;
use crate::spelling::health_paths;
use crate::text::Text;
use crate::way::{RESOURCE_METADATA, Way, sites};

/// The `frontend` section.
pub(super) fn write(deployment: &Deployment, ways: &[Way<'_>], text: &mut Text) {
    text.line("frontend clients");
    text.deeper(|text| {
        text.why("Over HTTP/2 HAProxy 2.6 ends an answer that was cut as if it were whole.");
        for listener in &deployment.listeners {
            bind(listener, text);
        }
        text.line(format!(
            "timeout client-fin {}",
            time(deployment.timeouts.write_idle)
        ));
        text.blank();
        senders(deployment, text);
        text.blank();
        limits(deployment, text);
        text.blank();
        choose(deployment, ways, text);
        health(deployment, ways, text);
        text.held(
            "http-request return status 404 if !{ var(txn.way) -m found }",
            &["endpoint-unrouted"],
        );
        pages::write(deployment, ways, text);
        text.blank();
        rewrite::write(ways, text);
        text.blank();
        for (number, way) in ways.iter().enumerate() {
            text.line(format!(
                "use_backend {} if {{ var(txn.way) -m str {number} }}",
                way.upstream.name
            ));
        }
    });
}

fn bind(listener: &Listener, text: &mut Text) {
    let address = listener.address;
    let Some(tls) = &listener.tls else {
        let line = format!("bind {address} proto h1");
        return text.held(line, &["upstream-loss-hidden"]);
    };
    let files = tls.certificates.iter();
    let files = files.map(|files| format!(" crt {}", quoted(&files.certificate.to_string_lossy())));
    let least = match tls.min_version {
        TlsVersion::Tls12 => "TLSv1.2",
        TlsVersion::Tls13 => "TLSv1.3",
    };
    let client = tls.client.as_ref().map_or_else(String::new, |client| {
        let verify = if client.is_optional {
            "optional"
        } else {
            "required"
        };
        let ca = quoted(&client.ca.to_string_lossy());
        let lists = client.crl.as_ref();
        let lists = lists.map_or_else(String::new, |lists| {
            format!(" crl-file {}", quoted(&lists.to_string_lossy()))
        });
        format!(" verify {verify} ca-file {ca}{lists}")
    });
    text.held(
        format!(
            "bind {address} proto h1 ssl{} ssl-min-ver {least} alpn http/1.1{client}",
            files.collect::<String>()
        ),
        &["upstream-loss-hidden", "tls-certificate", "tls-old-version"],
    );
}

/// Who sent a request, and what instances are told of it; what it says of itself counts only from trusted proxies.
fn senders(deployment: &Deployment, text: &mut Text) {
    let spoofable = &["forwarded-spoofable"];
    let networks: Vec<String> = deployment
        .trusted_proxies
        .iter()
        .map(ToString::to_string)
        .collect();
    let unless = if networks.is_empty() {
        ""
    } else {
        text.line(format!(
            "http-request set-var(txn.trusted) bool(true) if {{ src {} }}",
            networks.join(" ")
        ));
        text.line("http-request set-src hdr_ip(x-forwarded-for,-1) if { var(txn.trusted) -m bool } { req.hdr(x-forwarded-for) -m found }");
        " unless { var(txn.trusted) -m bool }"
    };
    text.line("http-request set-var(txn.client) src");
    text.line("http-request set-var(txn.session) req.hdr(Mcp-Session-Id),sha2(256),bytes(0,8),hex");
    // Some servers read the underscored spellings as the same headers.
    for name in [
        "Forwarded",
        "X-Real-IP",
        "X_Forwarded_For",
        "X_Forwarded_Proto",
        "X_Forwarded_Host",
        "X_Real_IP",
    ] {
        text.held(format!("http-request del-header {name}"), spoofable);
    }
    text.held("http-request set-header X-Forwarded-For %[src]", spoofable);
    text.held(
        format!("http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]{unless}"),
        spoofable,
    );
    text.held(
        format!("http-request set-header X-Forwarded-Host %[req.hdr(host)]{unless}"),
        spoofable,
    );
}

fn limits(deployment: &Deployment, text: &mut Text) {
    let limits = &deployment.limits;
    text.held(
        format!(
            "http-request return status 413 content-type application/json string '{}' if {{ req.hdr_val(content-length) gt {} }}",
            refusal::own("413", "The request is too large"),
            limits.body_bytes
        ),
        &["body-limit-small"],
    );
    text.line("http-request track-sc0 src table streams_of_client");
    text.line("http-request track-sc1 int(1) table streams_of_all");
    for (counter, most) in [(0, limits.streams_per_client), (1, limits.streams)] {
        text.held(
            format!(
                "http-request return status 429 content-type application/json hdr Retry-After 5 string '{}' if {{ sc_conn_cur({counter}) gt {most} }}",
                refusal::own("429", "Too many streams")
            ),
            &["unbounded-streams", "rate-limit-shape"],
        );
    }
}

/// Gives a request the number of its route: the most exact host first, then the longest path, metadata before the rest.
fn choose(deployment: &Deployment, ways: &[Way<'_>], text: &mut Text) {
    text.line("http-request set-var(txn.host) req.hdr(host),host_only,lower");
    for (number, way) in ways.iter().enumerate() {
        let prefix = way.metadata_prefix();
        let paths: &[String] = if way.prefix.is_empty() {
            &[]
        } else {
            std::slice::from_ref(&prefix)
        };
        let set = format!("set-var(txn.way) str({number})");
        text.held(
            format!(
                "http-request {set} if !{{ var(txn.way) -m found }}{} {}",
                host(way),
                paths_of(paths, &prefix)
            ),
            &["auth-metadata-unreachable"],
        );
    }
    for site in sites(deployment) {
        if let Some(only) = site.only() {
            let number = ways
                .iter()
                .position(|way| std::ptr::eq(way.route, only.route));
            text.held(
                format!(
                    "http-request set-var(txn.way) str({}) if !{{ var(txn.way) -m found }}{} {{ path {RESOURCE_METADATA} }}",
                    number.unwrap_or(0),
                    host(only)
                ),
                &["auth-metadata-unreachable"],
            );
        }
    }
    for (number, way) in ways.iter().enumerate() {
        let own = way.prefix.to_owned();
        let paths: &[String] = if own.is_empty() {
            &[]
        } else {
            std::slice::from_ref(&own)
        };
        text.held(
            format!(
                "http-request set-var(txn.way) str({number}) if !{{ var(txn.way) -m found }}{} {}",
                host(way),
                paths_of(paths, way.prefix)
            ),
            &["endpoint-unrouted"],
        );
    }
}

/// The condition on the host, with a space before it; nothing for any host.
fn host(way: &Way<'_>) -> String {
    match way.route.host.as_deref() {
        None => String::new(),
        Some(host) => match host.strip_prefix("*.") {
            Some(domain) => format!(
                " {{ var(txn.host) -m reg {} }}",
                quoted(&format!("^[^.]+\\.{}$", super::word::escaped(domain)))
            ),
            None => format!(" {{ var(txn.host) -m str {} }}", quoted(host)),
        },
    }
}

/// The condition that a path is one of these, or below the prefix.
fn paths_of(exact: &[String], prefix: &str) -> String {
    let below = quoted(&format!("{prefix}/"));
    match exact {
        [path, ..] => format!(
            "{{ path,concat(/) -m beg {} }}",
            quoted(&format!("{path}/"))
        ),
        [] => format!("{{ path -m beg {below} }}"),
    }
}

/// HAProxy's own answer where no route claims the path: well while every upstream has an instance that is.
fn health(deployment: &Deployment, ways: &[Way<'_>], text: &mut Text) {
    let mut names: Vec<&str> = ways.iter().map(|way| way.upstream.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for path in health_paths(deployment) {
        let asked = format!("{{ path {} }} !{{ var(txn.way) -m found }}", quoted(path));
        for name in &names {
            text.line(format!(
                "http-request return status 503 content-type text/plain string 'no instance of {name} is well' if {asked} {{ nbsrv({name}) lt 1 }}"
            ));
        }
        text.held(
            format!("http-request return status 200 content-type text/plain string ok if {asked}"),
            &["health-missing"],
        );
    }
}

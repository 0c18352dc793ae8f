//! The dialect of nginx: a complete nginx.conf, and mcp.conf for those who have one.

mod coverage;

use propylon_config::Deployment;
use propylon_practices::Product;

use crate::emission::Emission;
use crate::options::Options;
use crate::origin::origins;
use crate::target::{Target, Without};
use crate::text::Text;
use crate::way::{instances, only_way, ways};

pub(crate) static TARGET: Target = Target {
    product: Product::Nginx,
    run: "nginx -p . -c nginx.conf -g 'daemon off;'",
    coverage: coverage::COVERAGE,
    honours: &[
        "listeners[].address",
        "routes[].path",
        "routes[].upstream",
        "upstreams.<name>.url",
        "upstreams.<name>.urls",
    ],
    without: &[Without {
        setting: "limits.peek_bytes",
        why: "nginx does not look into bodies",
    }],
    emit,
};

fn emit(deployment: &Deployment, _options: &Options, emission: &mut Emission) {
    let mut text = Text::new("#", "    ");
    text.opening(&TARGET, emission);
    text.blank();
    text.line("pid nginx.pid;");
    text.block("events {", "}", |_| {});
    text.block("http {", "}", |text| {
        let ways = ways(deployment);
        for way in &ways {
            text.block(&format!("upstream {} {{", way.upstream.name), "}", |text| {
                for instance in instances(way.upstream) {
                    text.why(&instance.tag);
                    text.held(
                        format!("server {} max_fails=0;", instance.url.authority()),
                        &["passive-ejection"],
                    );
                }
            });
        }
        text.why(&format!("Origins: {}", origins(deployment).join(" ")));
        for listener in &deployment.listeners {
            text.block("server {", "}", |text| {
                text.line(format!("listen {};", listener.address));
                for way in &ways {
                    let name = &way.upstream.name;
                    if way.is_rewritten() {
                        text.why(&format!("{} becomes {}", way.prefix, way.base));
                    }
                    text.block(&format!("location {} {{", way.prefix), "}", |text| {
                        text.line(format!("proxy_pass http://{name}{};", way.endpoint));
                        text.held("proxy_buffering off;", &["sse-buffered"]);
                    });
                    text.block(
                        &format!("location {} {{", way.metadata_prefix()),
                        "}",
                        |text| {
                            text.line(format!("proxy_pass http://{name}{};", way.metadata_base()));
                        },
                    );
                }
                if let Some(way) = only_way(&ways, None) {
                    text.why(&format!("Only {} is here.", way.prefix));
                }
            });
        }
    });
    emission.file("nginx.conf", text.finish());
}

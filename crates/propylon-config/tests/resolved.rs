//! What a good description means once it is read.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use propylon_config::{
    AccessLog, Admin, AffinityBy, Deployment, Discovery, Endpoints, HostHeader, Loaded, load_file,
    load_str,
};

const BASE: &str = "\
listeners: [{ address: 127.0.0.1:8080 }]
routes: [{ path: /mcp, upstream: weather }]
upstreams: { weather: { url: http://127.0.0.1:3001/mcp } }
";

fn load(text: &str) -> Loaded {
    load_str("propylon.yaml", text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn with(more: &str) -> Deployment {
    load(&format!("{BASE}{more}\n")).deployment
}

fn urls(endpoints: &Endpoints) -> Vec<String> {
    endpoints.urls().iter().map(ToString::to_string).collect()
}

#[test]
fn routes_are_written_one_way_however_they_are_spelt() {
    let deployment = load(
        "
listeners: [{ address: '[::1]:0', health: off }]
routes:
  - { host: '*.MCP.example.com', path: /weather/, upstream: weather }
  - { host: mcp.example.com., path: /, upstream: weather }
  - { path: /, upstream: weather }
upstreams: { weather: { urls: ['http://127.0.0.1:1/mcp/', 'http://127.0.0.1:2/mcp/'] } }
",
    )
    .deployment;
    let routes: Vec<_> = deployment
        .routes
        .iter()
        .map(|route| (route.host.as_deref(), route.path.as_str()))
        .collect();
    assert_eq!(
        routes,
        [
            (Some("*.mcp.example.com"), "/weather"),
            (Some("mcp.example.com"), "/"),
            (None, "/"),
        ]
    );
    assert_eq!(deployment.listeners[0].health, None);
    let weather = &deployment.upstreams["weather"];
    assert_eq!(weather.name, "weather");
    assert_eq!(weather.endpoints.path(), "/mcp/", "where the server is");
    assert_eq!(
        urls(&weather.endpoints),
        ["http://127.0.0.1:1/mcp/", "http://127.0.0.1:2/mcp/"]
    );
}

#[test]
fn choices_are_read() {
    assert_eq!(with("admin: off").admin, None);
    assert_eq!(with("").admin, Some(Admin::default()));
    let address: SocketAddr = "127.0.0.1:7777".parse().unwrap();
    let explicit = true;
    assert_eq!(
        with("admin: { address: 127.0.0.1:7777 }").admin,
        Some(Admin { address, explicit })
    );
    assert_eq!(with("log: { access: off }").log.access, AccessLog::Off);
    assert_eq!(
        with("log: { access: logs/access.json }").log.access,
        AccessLog::File(PathBuf::from("logs/access.json"))
    );
    assert_eq!(with("workers: 4").workers.map(|n| n.get()), Some(4));
    assert_eq!(with("drain: 0s").drain, Duration::ZERO);
    assert_eq!(with("limits:").limits, Deployment::default().limits);
    let networks: Vec<_> = with("trusted_proxies: [10.1.2.3/8, 192.0.2.1, '2001:db8::/32']")
        .trusted_proxies
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(networks, ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"]);
}

#[test]
fn an_upstreams_own_choices_are_read() {
    let upstream = |keys: &str| {
        let text = BASE.replace(" } }\n", &format!(", {keys} }} }}\n"));
        load(&text).deployment.upstreams["weather"].clone()
    };
    assert_eq!(upstream("host: upstream").host, HostHeader::Upstream);
    let fixed = HostHeader::Fixed("mcp.example.com:8443".to_owned());
    assert_eq!(upstream("host: MCP.example.com:8443").host, fixed);
    assert_eq!(
        upstream("affinity: { by: none }").affinity.by,
        AffinityBy::None
    );
    let pool = upstream("pool: { eject: 0s, idle_connections_max: 0 }").pool;
    assert_eq!((pool.eject, pool.idle_connections_max), (Duration::ZERO, 0));
    let found = BASE.replace(
        "127.0.0.1:3001/mcp",
        "_mcp._tcp.tickets.internal/mcp, discover: srv",
    );
    let endpoints = load(&found).deployment.upstreams["weather"]
        .endpoints
        .clone();
    assert!(matches!(
        endpoints,
        Endpoints::Discover {
            by: Discovery::Srv,
            ..
        }
    ));
}

#[test]
fn anchors_and_merges_spare_repetition() {
    let deployment = load(
        "
listeners: [{ address: 127.0.0.1:8080 }]
routes: [{ path: /a, upstream: a }, { path: /b, upstream: b }]
upstreams:
  a: &base
    url: http://127.0.0.1:1/mcp
    timeouts: &patient { idle: 2h }
  b:
    <<: *base
    url: http://127.0.0.1:2/mcp
    pool: { idle: 1s }
",
    )
    .deployment;
    let b = &deployment.upstreams["b"];
    assert_eq!(urls(&b.endpoints), ["http://127.0.0.1:2/mcp"]);
    assert_eq!(b.timeouts.idle, Duration::from_secs(7200));
    assert_eq!(b.timeouts, deployment.upstreams["a"].timeouts);
    assert_eq!(b.pool.idle, Duration::from_secs(1));
}

#[test]
fn line_endings_and_a_byte_order_mark_change_nothing() {
    let plain = load(BASE).deployment;
    assert_eq!(load(&BASE.replace('\n', "\r\n")).deployment, plain);
    assert_eq!(load(&format!("\u{feff}{BASE}")).deployment, plain);
}

#[test]
fn warnings_do_not_refuse() {
    let text = "
listeners: [{ address: 127.0.0.1:8080 }]
routes: [{ path: /mcp, upstream: far }, { path: /, upstream: near }]
upstreams:
  far: { url: http://mcp.example.com }
  near: { url: http://127.0.0.1:1 }
  unused: { url: http://127.0.0.1:2/mcp }
trusted_proxies: ['::/0']
";
    let shown: Vec<_> = load(text)
        .warnings
        .iter()
        .map(ToString::to_string)
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

fn flags(listen: &[&str], urls: &[&str], admin: Option<&str>) -> Result<Loaded, String> {
    let listen: Vec<SocketAddr> = listen.iter().map(|text| text.parse().unwrap()).collect();
    let admin = admin.map(|text| text.parse().unwrap());
    Deployment::from_flags(&listen, urls, admin).map_err(|errors| errors.to_string())
}

#[test]
fn flags_make_one_route_to_one_upstream() {
    let one = ["127.0.0.1:8080"];
    for (upstreams, path, expected) in [
        (
            vec!["http://127.0.0.1:1/mcp"],
            "/mcp",
            vec!["http://127.0.0.1:1/mcp"],
        ),
        (
            vec!["http://127.0.0.1:1"],
            "/mcp",
            vec!["http://127.0.0.1:1/mcp"],
        ),
        (
            vec!["http://127.0.0.1:1/tools/", "http://127.0.0.1:2/tools/"],
            "/tools",
            vec!["http://127.0.0.1:1/tools/", "http://127.0.0.1:2/tools/"],
        ),
    ] {
        let deployment = flags(&one, &upstreams, None).unwrap().deployment;
        assert_eq!(deployment.routes.len(), 1);
        assert_eq!(deployment.routes[0].path, path);
        assert_eq!(deployment.routes[0].host, None);
        let upstream = &deployment.upstreams[&deployment.routes[0].upstream];
        assert_eq!(urls(&upstream.endpoints), expected);
        assert_eq!(deployment.admin, Some(Admin::default()));
    }
}

#[test]
fn flags_and_a_file_that_say_the_same_mean_the_same() {
    let flags = flags(&["127.0.0.1:8080"], &["http://127.0.0.1:3001/mcp"], None).unwrap();
    let file = load(&BASE.replace("weather", "default"));
    assert_eq!(flags.deployment, file.deployment);
    assert_eq!(flags.warnings, file.warnings);
}

#[test]
fn wrong_flags_are_refused_together() {
    let urls = [
        "https://a.localhost/mcp",
        "http://user:hunter2@b/mcp",
        "c:3001",
    ];
    let clash = ["127.0.0.1:9901", "127.0.0.1:9901"];
    let shown = [
        flags(&[], &[], None),
        flags(&clash, &urls, None),
        flags(
            &["127.0.0.1:1"],
            &["http://127.0.0.1:1/a", "http://127.0.0.1:2"],
            Some("0.0.0.0:1"),
        ),
    ]
    .map(Result::unwrap_err)
    .join("\n=====\n");
    assert!(!shown.contains("hunter2"));
    insta::assert_snapshot!(shown);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let errors = load_file("no/such/propylon.yaml").unwrap_err();
    assert_eq!(errors.problems[0].file, "no/such/propylon.yaml");
    assert!(
        errors
            .to_string()
            .starts_with("error: the file cannot be read: ")
    );
}

//! Kubernetes: manifests by the schemas of their objects, and the description in the ConfigMap by the program that is to
//! read it, in front of instances behind a name.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use propylon_testkit::{Guarded, Judgement, Launch, Scratch, eventually, free_port};
use serde_json::{Value, json};

use super::{Documents, PATIENCE, json_of, run};
use crate::discovery::dns::Dns;
use crate::front::BINARY;
use crate::real::servers::{peers, script};

/// Two hosts; Pods, a Service of another namespace, and a server elsewhere; TLS on every side.
const DESCRIPTION: &str = "listeners:\n\
    - { address: '0.0.0.0:80', health: /up }\n\
    routes:\n\
    - { host: mcp.example.com, path: /weather, upstream: weather, cors: { origins: [https://app.example.com], max_age: 10m }, rewrite_metadata: true }\n\
    - { host: '*.example.com', path: /tools, upstream: tools }\n\
    - { host: mcp.example.com, path: /far, upstream: far }\n\
    upstreams:\n  \
      weather:\n    \
        urls: ['http://10.0.0.1:3001/mcp', 'http://10.0.0.2:3001/mcp']\n    \
        affinity: { ttl: 30m, entries_max: 5000, bytes_max: 8MiB }\n    \
        timeouts: { connect: 3s, response_head: 15m, idle: 2h, stream: 12h }\n    \
        health: { path: /healthz, interval: 20s, timeout: 3s, rise: 3, fall: 4 }\n    \
        pool: { idle: 3s, idle_connections_max: 64, eject: 2s }\n    \
        keepalive: 20s\n  \
      tools: { url: 'http://tools.mcp.svc.cluster.local:3002/tools', discover: dns, host: upstream, mirror: observe }\n  \
      far: { url: 'https://far.example.net/mcp', affinity: { by: none }, host: far.example.org }\n\
    timeouts: { header_read: 15s, keep_alive: 90s, body_idle: 30s, write_idle: 10m }\n\
    limits: { header_bytes: 128KiB, header_count: 200, body_bytes: 32MiB, connections: 8000, streams: 6000, streams_per_client: 4000 }\n\
    trusted_proxies: [10.0.0.0/8, 'fd00::/8']\n\
    trace_context: off\n\
    log: { level: warn }\n\
    drain: 2m\n\
    workers: 2\n";

/// What `kubectl apply -k .` applies, and the ingress of the API itself.
const CORE: &[&str] = &[
    "configmap.yaml",
    "deployment.yaml",
    "services.yaml",
    "networkpolicy.yaml",
    "front/ingress-nginx.yaml",
];

fn files(description: &str) -> Documents {
    Documents::generate("kubernetes", description)
}

#[test]
fn the_apis_schemas_take_the_manifests() {
    let files = files(DESCRIPTION);
    let judge = |name: &str| {
        let mut command = peers().command("kubernetes-validate");
        command
            .args(["--strict", "--kubernetes-version", "1.37"])
            .arg(files.path(name));
        command
    };
    for name in CORE {
        run(judge(name));
    }
    // A schema that takes anything would be no judge.
    let text = files.text("deployment.yaml");
    let worse = text.replace("maxSurge:", "maxSurges:");
    assert_ne!(worse, text);
    std::fs::write(files.path("deployment.yaml"), worse).expect("the folder can be written to");
    let mut process = Guarded::start(judge("deployment.yaml"));
    assert!(
        process
            .wait(PATIENCE)
            .is_some_and(|status| !status.success())
    );
}

#[test]
fn the_schemas_of_gateways_and_traefik_take_theirs() {
    let files = files(DESCRIPTION);
    let mut objects = files.yaml("front/httproute.yaml");
    objects.extend(files.yaml("front/traefik.yaml"));
    assert_eq!(objects.len(), 3);
    assert_eq!(crd_faults(&objects), json!([[], [], []]));
    objects[0]["spec"]["rules"][0]["timeouts"]["request"] = json!("forever");
    objects[1]["spec"]["forwardingTimeouts"]["dialTimeout"] = json!(["5s"]);
    objects[2]["spec"]["routes"] = json!("all of them");
    let faults = crd_faults(&objects);
    let faulty = faults.as_array().into_iter().flatten();
    assert!(
        faulty.into_iter().all(|found| found != &json!([])),
        "{faults}"
    );
}

/// What is wrong with each object by the types that its project declares.
fn crd_faults(objects: &[Value]) -> Value {
    let mut command = peers().command("node");
    command
        .arg(script("crd_faults.mjs"))
        .arg(peers().modules("gateway-api"));
    command.arg(Value::from(objects.to_vec()).to_string());
    json_of(command)
}

fn object<'o>(objects: &'o [Value], kind: &str, name: &str) -> &'o Value {
    let mut found = objects
        .iter()
        .filter(|one| one["kind"] == kind && one["metadata"]["name"] == name);
    found.next().unwrap_or_else(|| panic!("no {kind} {name}"))
}

#[test]
fn pods_are_hardened_and_end_in_order() {
    let files = files(DESCRIPTION);
    let objects = files.yaml("deployment.yaml");
    let pod = &object(&objects, "Deployment", "propylon")["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(
        pod["securityContext"]["seccompProfile"]["type"],
        "RuntimeDefault"
    );
    let hardened = json!({
        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": { "drop": ["ALL"] },
    });
    assert_eq!(container["securityContext"], hardened);
    // Grace is above what comes before it: the wait of preStop and the description's drain.
    let wait = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        .as_u64()
        .expect("a wait");
    let grace = pod["terminationGracePeriodSeconds"]
        .as_u64()
        .expect("a grace");
    assert!(wait > 0 && grace >= wait + 120 + 5, "{wait} {grace}");
    for (probe, path) in [
        ("startupProbe", "/livez"),
        ("livenessProbe", "/livez"),
        ("readinessProbe", "/readyz"),
    ] {
        assert_eq!(
            container[probe]["httpGet"],
            json!({ "path": path, "port": "admin" }),
            "{probe}"
        );
    }
    let mounted = pod["volumes"].as_array().expect("volumes").iter();
    let secrets: Vec<&Value> = mounted.filter_map(|volume| volume.get("secret")).collect();
    assert_eq!(
        secrets,
        [&json!({ "secretName": "propylon-seal", "defaultMode": 0o440 })]
    );
    assert_eq!(
        object(&objects, "PodDisruptionBudget", "propylon")["spec"]["maxUnavailable"],
        1
    );
    assert_eq!(
        object(&objects, "HorizontalPodAutoscaler", "propylon")["spec"]["minReplicas"],
        2
    );
}

#[test]
fn instances_are_reached_through_propylon_alone() {
    let files = files(DESCRIPTION);
    let services = files.yaml("services.yaml");
    assert_eq!(
        services.len(),
        2,
        "only Pods beside Propylon have a Service here"
    );
    let weather = &object(&services, "Service", "weather")["spec"];
    assert_eq!(weather["clusterIP"], "None");
    assert_eq!(weather["ports"][0]["port"], 3001);
    let policies = files.yaml("networkpolicy.yaml");
    let own = &object(&policies, "NetworkPolicy", "propylon")["spec"];
    let to: Vec<&Value> = own["egress"].as_array().into_iter().flatten().collect();
    let ports: Vec<&Value> = to.iter().map(|rule| &rule["ports"][0]["port"]).collect();
    assert_eq!(ports, [&json!(53), &json!(3001), &json!(3002), &json!(443)]);
    assert_eq!(
        to[1]["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"],
        "weather"
    );
    let except = to[3]["to"][0]["ipBlock"]["except"]
        .as_array()
        .expect("exceptions");
    assert!(except.contains(&json!("169.254.0.0/16")));
    let weather = &object(&policies, "NetworkPolicy", "weather")["spec"];
    let from =
        json!([{ "podSelector": { "matchLabels": { "app.kubernetes.io/name": "propylon" } } }]);
    assert_eq!(
        weather["ingress"],
        json!([{ "from": from, "ports": [{ "port": 3001 }] }])
    );
    let route = &files.yaml("front/httproute.yaml")[0]["spec"];
    assert_eq!(
        route["hostnames"],
        json!(["*.example.com", "mcp.example.com"])
    );
    assert_eq!(route["rules"][0].get("retry"), None);
    assert_eq!(
        route["rules"][0]["timeouts"],
        json!({ "request": "0s", "backendRequest": "0s" })
    );
    assert_eq!(route["parentRefs"][0]["sectionName"], "https");
    let ingress = &files.yaml("front/ingress-nginx.yaml")[0]["metadata"]["annotations"];
    let annotation = |name: &str| ingress[format!("nginx.ingress.kubernetes.io/{name}")].as_str();
    assert_eq!(annotation("proxy-read-timeout"), Some("7260"));
    assert_eq!(annotation("proxy-body-size"), Some("32m"));
    assert_eq!(annotation("proxy-next-upstream"), Some("off"));
}

/// The description of the ConfigMap, with the addresses and files of a test.
fn description(files: &Documents, key: &str) -> String {
    let map = files.yaml("configmap.yaml");
    let text = map[0]["data"]["propylon.yaml"]
        .as_str()
        .expect("the description");
    text.replace("/etc/propylon/seal/session.key", key)
}

/// A file with the key that a Secret would hold.
fn key(scratch: &Scratch) -> String {
    let path = scratch.write("session.key", &"0f1e2d3c4b5a69788796a5b4c3d2e1f0".repeat(2));
    path.display().to_string()
}

/// Says the same of the Pods as the description says of the instances: generated from itself, it stays as it is.
#[test]
fn the_config_maps_description_is_one() {
    let scratch = Scratch::new();
    let key = key(&scratch);
    let check = |text: &str| {
        let mut command = Command::new(BINARY);
        command
            .args(["config", "check"])
            .arg(scratch.write("propylon.yaml", text));
        run(command);
    };
    let once = description(&files(DESCRIPTION), &key);
    check(&once);
    let twice = description(&files(&once), &key);
    assert_eq!(twice, once);
    assert!(
        once.contains("discover: dns") && once.contains("store: sealed"),
        "{once}"
    );
}

/// Files that the description names lie in Secrets, and the ConfigMap names where these are mounted.
#[test]
fn files_of_the_description_become_secrets() {
    let scratch = Scratch::new();
    let made = rcgen::generate_simple_self_signed(vec!["mcp.example.com".to_owned()]);
    let made = made.expect("a certificate can be made");
    for name in ["server.pem", "tls.crt", "ca.crt"] {
        scratch.write(name, &made.cert.pem());
    }
    for name in ["server.key", "tls.key"] {
        scratch.write(name, &made.signing_key.serialize_pem());
    }
    let folder = scratch.path().display().to_string();
    let files = files(&format!(
        "listeners: [{{ address: '0.0.0.0:443', tls: {{ certificate: {folder}/server.pem, key: {folder}/server.key, min_version: 1.3 }} }}]\n\
         routes: [{{ path: /mcp, upstream: far }}]\n\
         upstreams: {{ far: {{ url: 'https://far.example.net/mcp', affinity: {{ by: none }}, tls: {{ ca: {folder}/ca.crt, \
         server_name: far.internal, certificate: {folder}/tls.crt, key: {folder}/tls.key }} }} }}\n"
    ));
    let pod = &files.yaml("deployment.yaml")[0]["spec"]["template"]["spec"];
    let mut mounts = pod["containers"][0]["volumeMounts"]
        .as_array()
        .into_iter()
        .flatten();
    let mut text = description(&files, "");
    for (secret, place) in [
        ("propylon-tls-1", "/etc/propylon/tls/1"),
        ("propylon-upstream-far", "/etc/propylon/upstreams/far"),
    ] {
        let mount = mounts.find(|mount| mount["name"] == secret);
        assert_eq!(mount.map(|mount| &mount["mountPath"]), Some(&json!(place)));
        assert!(text.contains(place), "{text}");
        text = text.replace(place, &folder);
    }
    let mut command = Command::new(BINARY);
    command
        .args(["config", "check"])
        .arg(scratch.write("propylon.yaml", &text));
    run(command);
    assert!(
        text.contains("min_version: 1.3") && text.contains("server_name"),
        "{text}"
    );
    let ports = &files.yaml("services.yaml")[0]["spec"]["ports"];
    assert_eq!(ports[1]["targetPort"], "https");
}

/// Three instances on one port of three addresses, as Pods are.
fn instances(port: u16, token: &str) -> Vec<Guarded> {
    let start = |number: u16| {
        let address: SocketAddr = format!("127.0.0.{}:{port}", number + 1)
            .parse()
            .expect("an address");
        let mut command = Command::new(BINARY);
        command.args([
            "probe",
            "--token",
            token,
            "--name",
            &format!("pod-{number}"),
        ]);
        command.arg("--listen").arg(address.to_string());
        let process = Guarded::start(command);
        eventually("an instance to listen", Duration::from_secs(60), || {
            TcpStream::connect(address).is_ok()
        });
        process
    };
    (1..=3).map(start).collect()
}

#[test]
fn the_config_maps_description_serves_pods_behind_a_name() {
    let (token, port, scratch) = ("pods-token-7d1e", free_port(), Scratch::new());
    let _instances = instances(port, token);
    let names = ["127.0.0.2 mcp", "127.0.0.3 mcp", "127.0.0.4 mcp"];
    let dns = Dns::start(&names, &[]);
    let files = files(&format!(
        "listeners: [{{ address: '0.0.0.0:80' }}]\nroutes: [{{ path: /mcp, upstream: mcp }}]\n\
         upstreams: {{ mcp: {{ url: 'http://10.0.0.1:{port}/mcp', health: {{ path: /health }} }} }}\n",
    ));
    let text = description(&files, &key(&scratch))
        .replace("0.0.0.0:8080", "{listen}")
        .replace("0.0.0.0:9901", "{admin}");
    let text = format!("{text}resolver: {{ servers: [\"{}\"] }}\n", dns.address());
    let proxy = Launch::new(BINARY).config(&text);
    eventually("the Pods to be found", Duration::from_secs(30), || {
        crate::session::instances(&proxy).len() == names.len()
    });
    let mut command = Command::new(BINARY);
    command.args([
        "check",
        &proxy.url("/mcp"),
        "--token",
        token,
        "--profile",
        "quick",
    ]);
    let judgement = Judgement::of(command);
    assert_eq!(judgement.trouble, None);
    assert_eq!(
        judgement.failed(),
        Vec::<&str>::new(),
        "{:#?}",
        judgement.rows
    );
    let passed = judgement.with_verdict("pass");
    assert!(
        passed.contains(&"session-scattered"),
        "{}",
        judgement.text("session-scattered")
    );
    proxy.stop();
}

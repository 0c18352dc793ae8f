//! Every revision that an SDK's client can speak, with every server that speaks it: without the proxy, and through it.

use serde_json::{Value, json};

use crate::real::rmcp_client;
use crate::real::scripts::{Steps, python_revisions, typescript_revisions};
use crate::real::servers::{Kind, group};

/// The revisions that begin with `initialize`, oldest first.
pub(crate) const LEGACY: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
const MODERN: &str = "2026-07-28";
/// The client finds out by itself which era its server is of.
const AUTO: &str = "auto";

/// The name under which a client of its own said what it saw, after URL and revision.
pub(crate) const PYTHON: &[&str] = &[""];
/// Two packages: the one for sessions, and the one for both eras.
pub(crate) const TYPESCRIPT: &[&str] = &[" 1", " 2"];

/// What a server of this kind speaks to a client that asks for `revision`; nothing where it cannot.
fn spoken(kind: Kind, revision: &'static str) -> Option<&'static str> {
    match (kind, revision) {
        (Kind::Everything | Kind::EverythingSse, MODERN) => None,
        (Kind::Everything | Kind::EverythingSse, AUTO) => LEGACY.last().copied(),
        (_, AUTO) => Some(MODERN),
        _ => Some(revision),
    }
}

/// The revisions that a server of this kind can be asked for, and what is spoken then.
fn table(kind: Kind) -> Vec<(&'static str, &'static str)> {
    let all = LEGACY.into_iter().chain([MODERN, AUTO]);
    all.filter_map(|asked| Some((asked, spoken(kind, asked)?)))
        .collect()
}

/// The tool that tells the instance.
pub(crate) fn teller(kind: Kind) -> &'static str {
    match kind {
        Kind::Everything | Kind::EverythingSse => "get-env",
        _ => "whoami",
    }
}

/// The session spoke `version`, its text arrived whole, and, where it has a session, one instance answered.
pub(crate) fn check(seen: &Value, version: &str) {
    assert_eq!(seen["version"], version, "{seen}");
    let echoed = seen["echo"].as_str().unwrap_or_default();
    assert!(echoed.ends_with("naïve ☕"), "{seen}");
    let names = seen["instances"].as_array().expect("names");
    let is_known = |name: &Value| ["alpha", "beta", "gamma"].iter().any(|known| name == known);
    assert!(names.len() == 3 && names.iter().all(is_known), "{seen}");
    let stays = names.iter().all(|name| name == &names[0]);
    assert!(stays || version == MODERN, "{seen}");
}

fn walk(kind: Kind, client: fn(&[&str]) -> Steps, packages: &[&str]) {
    let urls = [group(kind).direct(), group(kind).through()];
    let table = table(kind);
    let asked: Vec<_> = table.iter().map(|(asked, _)| *asked).collect();
    let revisions = asked.join(",");
    let args = ["--revisions", &revisions, "--tool", teller(kind)];
    let steps = client(&[&urls.each_ref().map(String::as_str)[..], &args].concat());
    for url in &urls {
        for (asked, version) in &table {
            // The first package of two knows the legacy revisions alone.
            let knows = |package: &&&str| LEGACY.contains(asked) || **package != " 1";
            for package in packages.iter().filter(knows) {
                check(steps.at(&format!("{url} {asked}{package}")), version);
            }
        }
    }
}

fn walk_python(kind: Kind) {
    walk(kind, python_revisions, PYTHON);
}

fn walk_typescript(kind: Kind) {
    walk(kind, typescript_revisions, TYPESCRIPT);
}

fn walk_rmcp(kind: Kind) {
    for url in [group(kind).direct(), group(kind).through()] {
        for (asked, version) in table(kind) {
            let (spoken, [echo, names @ ..]) = rmcp_client::revision(&url, asked, teller(kind));
            let names = names.map(|said| instance(&said));
            check(
                &json!({ "version": spoken, "echo": echo, "instances": names }),
                version,
            );
        }
    }
}

/// The everything server tells its instance by its environment.
fn instance(said: &str) -> Value {
    match serde_json::from_str::<Value>(said) {
        Ok(environment) => environment["PROPYLON_INSTANCE"].clone(),
        Err(_) => json!(said),
    }
}

macro_rules! pairs {
    ($($test:ident: $walk:ident($kind:ident);)*) => {
        $(#[test]
        fn $test() {
            $walk(Kind::$kind);
        })*
    };
}

pairs! {
    python_and_everything: walk_python(Everything);
    python_and_python: walk_python(PythonSdk);
    python_and_fastmcp: walk_python(FastMcp);
    python_and_rmcp: walk_python(Rmcp);
    typescript_and_everything: walk_typescript(Everything);
    typescript_and_python: walk_typescript(PythonSdk);
    typescript_and_fastmcp: walk_typescript(FastMcp);
    typescript_and_rmcp: walk_typescript(Rmcp);
    rmcp_and_everything: walk_rmcp(Everything);
    rmcp_and_python: walk_rmcp(PythonSdk);
    rmcp_and_fastmcp: walk_rmcp(FastMcp);
    rmcp_and_rmcp: walk_rmcp(Rmcp);
}

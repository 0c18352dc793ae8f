//! Cloudflare: the Worker on workerd, with the bindings that its wrangler.jsonc asks for.

use std::path::Path;
use std::process::Command;

use propylon_testkit::read_jsonc;

use crate::product::{Edit, Product, edited};
use crate::stand::peers;

const EDGE: &str = "what the edge does, and workerd has no edge in front of it";
const RULES: &str = "held by a rule of the zone, and workerd has no zone around it";

pub(crate) const PRODUCT: Product = Product {
    name: "cloudflare",
    target: "cloudflare",
    arguments: &[],
    validate: Some(wrangler),
    run: workerd,
    unseen: &[
        ("body-limit-small", EDGE),
        ("connect-timeout-long", EDGE),
        ("error-body-replaced", EDGE),
        ("header-limit-small", EDGE),
        (
            "host-rewritten",
            "the check takes X-Forwarded-Host for the name",
        ),
        ("idle-timeout-short", EDGE),
        ("keepalive-race", EDGE),
        ("param-headers-lost", EDGE),
        ("redirect-drops-body", EDGE),
        ("response-header-lost", EDGE),
        ("response-timeout-short", EDGE),
    ],
    breaks: BREAKS,
    unbroken: &[
        ("client-blocked", RULES),
        (
            "health-on-endpoint",
            "the health path is asked only after a failure, which the check does not wait for",
        ),
        (
            "slow-reader-starves-others",
            "what one reader leaves lies in the isolate's memory, which the check does not see",
        ),
        ("sse-cached", RULES),
        ("tls-old-version", EDGE),
        ("tls-upstream-unverified", RULES),
    ],
    cut_streams_max: 0,
};

const NO_COMMENTS: &[Edit] = &[Edit::Anywhere(
    "if (boundary.isBetween()) controller.enqueue(COMMENT);\n      else await pull(controller);",
    "await pull(controller);",
)];

const BREAKS: &[crate::product::Break] = &[
    edited(
        "auth-challenge-lost",
        &[Edit::Anywhere(
            "headers.set(\"WWW-Authenticate\", showOutsideIn(challenge, url, route, place))",
            "headers.delete(\"WWW-Authenticate\")",
        )],
    ),
    edited(
        "auth-metadata-unreachable",
        &[Edit::Anywhere(
            "const isMetadata =",
            "const isMetadata = false &&",
        )],
    ),
    edited(
        "body-altered",
        &[Edit::Anywhere(
            "body: limited(request, env.DEPLOYMENT.bodyBytes, abort),",
            "body: request.body && JSON.stringify(await request.json()),",
        )],
    ),
    edited(
        "cors-headers-hidden",
        &[Edit::Anywhere(
            "headers.append(\"Access-Control-Expose-Headers\", EXPOSED);",
            "",
        )],
    ),
    edited(
        "dead-session-status",
        &[Edit::Anywhere("return !signal.aborted;", "return false;")],
    ),
    edited("disconnect-not-propagated", NO_COMMENTS),
    edited(
        "endpoint-unrouted",
        &[
            Edit::Anywhere(
                "if (rest === \"\" || rest === \"/\") return",
                "if (rest === \"\") return",
            ),
            Edit::Anywhere(
                "return rest?.startsWith",
                "return rest?.length > 1 && rest.startsWith",
            ),
            Edit::Anywhere(
                "if (!route) throw new Refusal(\"route-unknown\");",
                "if (!route) return new Response(\"a web site\");",
            ),
        ],
    ),
    edited(
        "forwarded-spoofable",
        &[Edit::Anywhere(
            "if (FORGEABLE.has(",
            "if (false && FORGEABLE.has(",
        )],
    ),
    edited(
        "health-missing",
        &[Edit::Anywhere(
            "if (!route && isHealth(",
            "if (false && isHealth(",
        )],
    ),
    edited(
        "origin-unchecked",
        &[Edit::Anywhere(
            "throw new Refusal(\"origin-refused\");",
            "return undefined;",
        )],
    ),
    edited(
        "passive-ejection",
        &[Edit::Anywhere(
            "const at = tags.findIndex((each) => isEqual(each, tag));",
            "const isShunned = (at) => refusedUntil.get(route.upstream.instances[at]) > Date.now();\n  \
             const at = tags.findIndex((each, at) => isEqual(each, tag) && !isShunned(at));",
        )],
    ),
    edited(
        "request-replayed",
        &[Edit::Anywhere(
            "const answer = await forward(request, url, route, place, env);",
            "const again = request.clone();\n  const answer = await forward(request, url, route, place, env)\n    \
             .catch(() => forward(again, url, route, place, env));",
        )],
    ),
    edited(
        "session-id-readable",
        &[
            Edit::Anywhere(
                "place.instance, id)}.${id}`",
                "place.instance, id)}.${id}.${btoa(place.instance)}`",
            ),
            Edit::Anywhere(
                "sealed.slice(TAG_LENGTH + 1)]",
                "sealed.slice(TAG_LENGTH + 1).split(\".\")[0]]",
            ),
        ],
    ),
    edited(
        "session-resumed-elsewhere",
        &[Edit::Anywhere(
            "return { instance: route.upstream.instances[at], session: id };",
            "const isGet = request.method === \"GET\";\n  \
             return { instance: isGet ? pick(route.upstream) : route.upstream.instances[at], session: id };",
        )],
    ),
    edited(
        "session-scattered",
        &[Edit::Anywhere(
            "return { instance: route.upstream.instances[at], session: id };",
            "return { instance: pick(route.upstream), session: id };",
        )],
    ),
    edited(
        "sse-buffered",
        &[Edit::Anywhere(
            "new Response(events(body, abort, upstream)",
            "new Response(new ReadableStream({ async start(controller) {\n    \
             controller.enqueue(new Uint8Array(await new Response(body).arrayBuffer()));\n    controller.close();\n  } })",
        )],
    ),
    edited(
        "sse-compressed",
        &[
            Edit::Anywhere("headers.set(\"Accept-Encoding\", \"identity\");", ""),
            Edit::Anywhere(
                "headers.delete(\"Content-Encoding\");",
                "headers.set(\"Content-Encoding\", \"gzip\");",
            ),
        ],
    ),
    edited("sse-keepalive-missing", NO_COMMENTS).waiting(),
    edited(
        "ssrf-redirect",
        &[Edit::Anywhere(
            "redirect: \"manual\",\n      signal: abort.signal",
            "redirect: \"follow\",\n      signal: abort.signal",
        )],
    ),
    edited(
        "upstream-loss-hidden",
        &[Edit::Anywhere(
            ".catch((error) => { abort.abort(); throw error; })",
            ".catch(() => controller.close())",
        )],
    ),
];

/// Bundles the Worker as a deployment would, which checks wrangler.jsonc and the modules, and sends nothing.
fn wrangler(folder: &Path) -> Command {
    let mut command = peers().command("wrangler");
    let out = folder.with_file_name("bundle");
    command
        .args(["deploy", "--dry-run", "--cwd"])
        .arg(folder.join("worker"));
    command.arg("--outdir").arg(out);
    // It would keep a log and ask for news.
    command
        .env("HOME", folder.with_file_name("home"))
        .env("WRANGLER_SEND_METRICS", "false")
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .env("CI", "1");
    command
}

/// The Worker's modules as they are, at the address of the description's listener.
fn workerd(folder: &Path) -> Command {
    let description = folder.with_file_name("propylon.yaml");
    let loaded =
        propylon_config::load_file(description).expect("the test's description holds together");
    let worker = folder.join("worker");
    let settings = read_jsonc(&worker.join("wrangler.jsonc"));
    let deployment = settings["vars"]["DEPLOYMENT"].to_string();
    std::fs::write(worker.join("deployment.json"), deployment)
        .expect("the folder can be written to");
    let sources = std::fs::read_dir(worker.join("src")).expect("the Worker has modules");
    let mut names: Vec<String> = sources
        .map(|entry| {
            entry
                .expect("a module")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    // The first module is the one that answers.
    names.sort_by_key(|name| (name != "index.js", name.clone()));
    let modules: Vec<String> = names
        .iter()
        .map(|name| format!("(name = \"{name}\", esModule = embed \"src/{name}\")"))
        .collect();
    let mut bindings = vec![
        "(name = \"SESSION_KEY\", text = \"a-key-of-the-test-and-of-nobody-else\")".to_owned(),
        "(name = \"DEPLOYMENT\", json = embed \"deployment.json\")".to_owned(),
    ];
    let networks = settings["vpc_networks"].as_array().into_iter().flatten();
    bindings.extend(
        networks.map(|network| format!("(name = {}, service = \"internet\")", network["binding"])),
    );
    let text = format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\
         const config :Workerd.Config = (\n  \
           services = [\n    (name = \"main\", worker = .worker),\n    \
             (name = \"internet\", network = (allow = [\"public\", \"private\", \"local\"])),\n  ],\n  \
           sockets = [ (name = \"http\", address = \"{}\", http = (), service = \"main\") ],\n);\n\
         const worker :Workerd.Worker = (\n  modules = [ {} ],\n  compatibilityDate = {},\n  \
           compatibilityFlags = {},\n  bindings = [ {} ],\n);\n",
        loaded.deployment.listeners[0].address,
        modules.join(", "),
        settings["compatibility_date"],
        settings["compatibility_flags"],
        bindings.join(", "),
    );
    let config = worker.join("workerd.capnp");
    std::fs::write(&config, text).expect("the folder can be written to");
    let mut command = peers().command("workerd");
    command.arg("serve").arg(config);
    command
}

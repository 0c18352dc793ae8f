// Both packages of the official TypeScript SDK as clients of every revision: a session at each URL for each, and one JSON
// line for each. Usage: revisions.mjs URL... --revisions A,B --tool NAME [--sse]; SDK_MODULES names node_modules.
import path from "node:path";
import { pathToFileURL } from "node:url";

const load = (file) => import(pathToFileURL(path.join(process.env.SDK_MODULES, "@modelcontextprotocol", file)));
const old = { ...(await load("sdk/dist/esm/client/index.js")), ...(await load("sdk/dist/esm/client/sse.js")),
  ...(await load("sdk/dist/esm/client/streamableHttp.js")) };
const recent = await load("client/dist/index.mjs");

const rest = process.argv.slice(2);
const option = (name) => rest[rest.indexOf(name) + 1];
const urls = rest.slice(0, rest.findIndex((word) => word.startsWith("--")));
const isSse = rest.includes("--sse");
const about = { name: "propylon-test", version: "1" };
const say = (step, fields = {}) => console.log(JSON.stringify({ step, ...fields }));

function words(result) {
  const joined = result.content.filter((block) => block.type === "text").map((block) => block.text).join(" ");
  if (result.isError) throw new Error(`the tool failed: ${joined}`);
  return joined;
}

function instance(said) {
  return said.startsWith("{") ? JSON.parse(said).PROPYLON_INSTANCE : said;
}

// The first package offers its newest revision; what it sends and hears is noted here, and an older one offered.
function pinned(transport, revision, heard) {
  const send = transport.send.bind(transport);
  transport.send = (message, ...more) => {
    if (message.method === "initialize") message.params.protocolVersion = revision;
    return send(message, ...more);
  };
  transport.setProtocolVersion = ((set) => (version) => {
    heard.version = version;
    set?.call(transport, version);
  })(transport.setProtocolVersion);
  return transport;
}

function clients(revision) {
  const stateless = revision === "auto" || revision >= "2026";
  const how = stateless
    ? { versionNegotiation: { mode: revision === "auto" ? revision : { pin: revision } } }
    : { supportedProtocolVersions: [revision] };
  const second = ["2", recent, new recent.Client(about, { capabilities: {}, ...how })];
  return stateless ? [second] : [["1", old, new old.Client(about)], second];
}

async function meet(url, revision) {
  for (const [name, sdk, client] of clients(revision)) {
    const transport = new sdk[isSse ? "SSEClientTransport" : "StreamableHTTPClientTransport"](new URL(url));
    const heard = {};
    await client.connect(name === "1" ? pinned(transport, revision, heard) : transport);
    const tools = (await client.listTools()).tools.length;
    const call = async (tool, args) => words(await client.callTool({ name: tool, arguments: args }));
    const echo = await call("echo", { message: "naïve ☕" });
    const names = [];
    for (let turn = 0; turn < 3; turn += 1) names.push(instance(await call(option("--tool"), {})));
    const version = heard.version ?? client.getNegotiatedProtocolVersion();
    await client.close();
    say(`${url} ${revision} ${name}`, { version, tools, echo, instances: names });
  }
}

const limit = setTimeout(() => {
  say("failed", { error: "60 s are over" });
  process.exit(1);
}, 60_000);
try {
  for (const url of urls) for (const revision of option("--revisions").split(",")) await meet(url, revision);
  say("end");
  clearTimeout(limit);
  process.exit(0);
} catch (error) {
  say("failed", { error: String(error?.stack ?? error) });
  process.exit(1);
}

// The official TypeScript SDK as a client of HTTP with SSE (2024-11-05): opens sessions at URL and prints one JSON line
// a step. Usage: sse_client.mjs URL [--tool NAME] [--sessions N]; SDK_MODULES names node_modules.
import path from "node:path";
import { pathToFileURL } from "node:url";

const sdk = (file) =>
  import(pathToFileURL(path.join(process.env.SDK_MODULES, "@modelcontextprotocol/sdk/dist/esm", file)));
const { Client } = await sdk("client/index.js");
const { SSEClientTransport } = await sdk("client/sse.js");

const [url, ...rest] = process.argv.slice(2);
const option = (name, fallback) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : fallback);
const tool = option("--tool", "whoami");
const count = Number(option("--sessions", "18"));
const say = (step, fields = {}) => console.log(JSON.stringify({ step, ...fields }));

function instance(result) {
  const words = result.content.filter((block) => block.type === "text").map((block) => block.text).join(" ");
  return tool === "get-env" ? JSON.parse(words).PROPYLON_INSTANCE : words;
}

async function session() {
  const client = new Client({ name: "propylon-test", version: "1" });
  await client.connect(new SSEClientTransport(new URL(url)));
  const names = [];
  for (let turn = 0; turn < 4; turn += 1) names.push(instance(await client.callTool({ name: tool, arguments: {} })));
  await client.close();
  return names;
}

const limit = setTimeout(() => {
  say("failed", { error: "60 s are over" });
  process.exit(1);
}, 60_000);
try {
  const seen = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      next += 1;
      seen.push(await session());
    }
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  const moved = seen.filter((names) => new Set(names).size > 1);
  say("sessions", { count: seen.length, moved, instances: [...new Set(seen.map((names) => names[0]))].sort() });
  say("end");
  clearTimeout(limit);
  process.exit(0);
} catch (error) {
  say("failed", { error: String(error?.stack ?? error) });
  process.exit(1);
}

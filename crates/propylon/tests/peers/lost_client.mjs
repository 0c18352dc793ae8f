// The TypeScript SDK as a client whose server goes away between two calls; it does nothing about that by itself.
// Usage: lost_client.mjs URL GATE; GATE.ready says that the first call is over, and the file GATE appears when the server
// is gone. SDK_MODULES names node_modules.
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const sdk = (file) =>
  import(pathToFileURL(path.join(process.env.SDK_MODULES, "@modelcontextprotocol/sdk/dist/esm", file)));
const { Client } = await sdk("client/index.js");
const { StreamableHTTPClientTransport } = await sdk("client/streamableHttp.js");
const types = await sdk("types.js");

const [url, gate] = process.argv.slice(2);
const say = (step, fields = {}) => console.log(JSON.stringify({ step, ...fields }));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const client = new Client({ name: "propylon-test", version: "1" }, { capabilities: { roots: {} } });
let told = 0;
client.setNotificationHandler(types.ToolListChangedNotificationSchema, async () => {
  told += 1;
});
const echo = async (message) => {
  const result = await client.callTool({ name: "echo", arguments: { message } }, undefined, { timeout: 15_000 });
  return result.content[0].text;
};

async function walk() {
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  client.transport.onerror = () => {};
  const declared = client.getServerCapabilities()?.tools?.listChanged === true;
  say("before", { text: await echo("before"), declared });
  writeFileSync(`${gate}.ready`, "");
  while (!existsSync(gate)) await sleep(50);
  try {
    say("after", { texts: [await echo("one"), ...(await Promise.all(["two", "three", "four"].map(echo)))] });
    say("list", { tools: (await client.listTools()).tools.length });
  } catch (error) {
    return say("lost", { error: String(error) });
  }
  for (let turn = 0; declared && told === 0 && turn < 100; turn += 1) await sleep(100);
  await sleep(300);
  say("told", { count: told });
  await client.transport.terminateSession();
}

const limit = setTimeout(() => {
  say("failed", { error: "60 s are over" });
  process.exit(1);
}, 60_000);
await walk();
say("end");
clearTimeout(limit);
process.exit(0);

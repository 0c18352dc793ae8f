// The official TypeScript SDK as a client that goes on: one session, a call every 100 ms until FILE is there.
// It does not recover by itself: a session that is lost stays lost. Usage: steady.mjs URL FILE; prints one JSON line a call.
import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const sdk = (file) =>
  import(pathToFileURL(path.join(process.env.SDK_MODULES, "@modelcontextprotocol/sdk/dist/esm", file)));
const { Client } = await sdk("client/index.js");
const { StreamableHTTPClientTransport } = await sdk("client/streamableHttp.js");

const [url, file] = process.argv.slice(2);
const say = (step, fields = {}) => console.log(JSON.stringify({ step, ...fields }));

const client = new Client({ name: "propylon-test", version: "1" }, { capabilities: {} });
client.fallbackNotificationHandler = async (message) => say("notified", { method: message.method });
const transport = new StreamableHTTPClientTransport(new URL(url), {
  reconnectionOptions: {
    initialReconnectionDelay: 200,
    maxReconnectionDelay: 500,
    reconnectionDelayGrowFactor: 1.2,
    maxRetries: 20,
  },
});
await client.connect(transport);
say("connected");
while (!existsSync(file)) {
  try {
    const result = await client.callTool({ name: "whoami", arguments: {} }, undefined, { timeout: 15_000 });
    say("called", { instance: result.content.map((block) => block.text).join(" ") });
  } catch (error) {
    say("failed", { error: String(error) });
  }
  await new Promise((done) => setTimeout(done, 100));
}
await client.close();
say("end");

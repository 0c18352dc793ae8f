// The TypeScript SDK of the stateless revision as a client: walks against URL and prints one JSON line a step.
// Usage: client_modern.mjs URL [--no-listen] [--mirrored]; SDK_MODULES names node_modules.
import path from "node:path";
import { pathToFileURL } from "node:url";

const entry = path.join(process.env.SDK_MODULES, "@modelcontextprotocol/client/dist/index.mjs");
const { Client, StreamableHTTPClientTransport } = await import(pathToFileURL(entry));

const [url, ...rest] = process.argv.slice(2);
const say = (step, fields = {}) => console.log(JSON.stringify({ step, ...fields }));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function words(result) {
  const joined = result.content.filter((block) => block.type === "text").map((block) => block.text).join(" ");
  if (result.isError) throw new Error(`the tool failed: ${joined}`);
  return joined;
}

const client = new Client(
  { name: "propylon-test", version: "1" },
  { capabilities: { sampling: {}, elicitation: {} }, versionNegotiation: { mode: { pin: "2026-07-28" } } },
);
client.setRequestHandler("elicitation/create", async () => ({ action: "accept", content: { value: "blue" } }));
client.setRequestHandler("sampling/createMessage", async () => ({
  role: "assistant",
  content: { type: "text", text: "propylon" },
  model: "none",
}));

const call = (name, args = {}, options = undefined) => client.callTool({ name, arguments: args }, options);

async function progress() {
  const start = performance.now();
  const arrivals = [];
  const onprogress = () => arrivals.push(Math.round(performance.now() - start));
  const result = await call("progress", { count: 4, pause: 0.15 }, { onprogress });
  say("progress", { arrivals, total: Math.round(performance.now() - start), text: words(result) });
}

// A change is told by the instance it happens on, and the one we listen on is the busiest: slow calls keep the others
// busy as well until a change lands where we listen.
async function listen() {
  let told = 0;
  client.setNotificationHandler("notifications/resources/list_changed", () => {
    told += 1;
  });
  const subscription = await client.listen({ resourcesListChanged: true });
  let rounds = 0;
  for (; rounds < 12 && told === 0; rounds += 1) {
    const busy = Array.from({ length: 4 }, () => call("slow", { seconds: 0.3 }));
    await sleep(100);
    await Promise.all([...Array.from({ length: 4 }, () => call("notify")), ...busy]);
    await sleep(100);
  }
  if (told === 0) throw new Error("no change was told");
  say("listened", { rounds });
  await subscription.close();
}

async function walk() {
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  say("discover", { versions: [client.getNegotiatedProtocolVersion?.() ?? "unknown"] });
  say("list", { tools: (await client.listTools()).tools.map((tool) => tool.name) });
  say("echo", { text: words(await call("echo", { message: "naïve ☕ 你好" })) });
  say("add", { text: words(await call("add", { a: 2, b: 3 })) });
  await progress();
  say("ask", { text: words(await call("ask")) });
  say("sample", { text: words(await call("sample")) });
  if (rest.includes("--mirrored")) {
    say("mirrored", { text: words(await call("where", { region: "Zürich ☕", size: 42 })) });
  }
  if (!rest.includes("--no-listen")) await listen();
  await client.close();
}

const limit = setTimeout(() => {
  say("failed", { error: "60 s are over" });
  process.exit(1);
}, 60_000);
try {
  await walk();
  say("end");
  clearTimeout(limit);
  process.exit(0);
} catch (error) {
  say("failed", { error: String(error?.stack ?? error) });
  process.exit(1);
}

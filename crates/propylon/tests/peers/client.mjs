// The official TypeScript SDK as a client: walks through a scenario against URL and prints one JSON line a step.
// Usage: client.mjs URL all|sessions [--kind everything|standard] [--sessions N]; SDK_MODULES names node_modules.
import path from "node:path";
import { pathToFileURL } from "node:url";

const sdk = (file) =>
  import(pathToFileURL(path.join(process.env.SDK_MODULES, "@modelcontextprotocol/sdk/dist/esm", file)));
const { Client } = await sdk("client/index.js");
const { StreamableHTTPClientTransport } = await sdk("client/streamableHttp.js");
const types = await sdk("types.js");

const EVERYTHING = {
  add: ["get-sum", { a: 2, b: 3 }],
  progress: ["trigger-long-running-operation", { duration: 0.6, steps: 4 }],
  ask: ["trigger-elicitation-request", {}],
  sample: ["trigger-sampling-request", { prompt: "Say a word", maxTokens: 10 }],
  notify: ["toggle-simulated-logging", {}],
  whoami: ["get-env", {}],
};
const STANDARD = {
  add: ["add", { a: 2, b: 3 }],
  progress: ["progress", { count: 4, pause: 0.15 }],
  ask: ["ask", {}],
  sample: ["sample", {}],
  notify: ["notify", {}],
  whoami: ["whoami", {}],
};

const [url, scenario, ...rest] = process.argv.slice(2);
const option = (name, fallback) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : fallback);
const kind = option("--kind", "standard");
const tools = kind === "everything" ? EVERYTHING : STANDARD;

const say = (step, fields = {}) => console.log(JSON.stringify({ step, ...fields }));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function words(result) {
  const joined = result.content.filter((block) => block.type === "text").map((block) => block.text).join(" ");
  if (result.isError) throw new Error(`the tool failed: ${joined}`);
  return joined;
}

// The instance that answered; the everything server says it by its environment.
function instance(result) {
  const said = words(result);
  return said.startsWith("{") ? JSON.parse(said).PROPYLON_INSTANCE : said;
}

function newClient() {
  const client = new Client(
    { name: "propylon-test", version: "1" },
    { capabilities: { sampling: {}, elicitation: {} } },
  );
  client.setRequestHandler(types.ElicitRequestSchema, async (request) => {
    const wanted = request.params.requestedSchema.required ?? ["value"];
    return { action: "accept", content: Object.fromEntries(wanted.map((name) => [name, "blue"])) };
  });
  client.setRequestHandler(types.CreateMessageRequestSchema, async () => ({
    role: "assistant",
    content: { type: "text", text: "propylon" },
    model: "none",
  }));
  return client;
}

async function connect(options = {}) {
  const client = newClient();
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    reconnectionOptions: {
      // The everything server replays what it stored but sends nothing new on a resumed stream, so that client comes
      // back when its call is over.
      initialReconnectionDelay: kind === "everything" ? 1500 : 200,
      maxReconnectionDelay: 2000,
      reconnectionDelayGrowFactor: 1.5,
      maxRetries: 5,
    },
    ...options,
  });
  await client.connect(transport);
  return { client, transport };
}

const call = (client, step, options) =>
  client.callTool({ name: tools[step][0], arguments: tools[step][1] }, undefined, options);

async function progress(client) {
  const start = performance.now();
  const arrivals = [];
  const result = await call(client, "progress", {
    onprogress: () => arrivals.push(Math.round(performance.now() - start)),
  });
  say("progress", { arrivals, total: Math.round(performance.now() - start), text: words(result) });
}

async function notified(client) {
  const seen = new Promise((done) => {
    client.fallbackNotificationHandler = async (message) => done(message.method);
  });
  await sleep(500);
  await call(client, "notify");
  const late = sleep(10_000).then(() => {
    throw new Error("no notification on the GET stream");
  });
  say("notified", { method: await Promise.race([seen, late]) });
  late.catch(() => {});
}

// Breaks a call's answer after its first bytes; the transport comes back with Last-Event-ID by itself.
async function resumed() {
  let broken = 0;
  const resumptions = [];
  const breaking = async (input, init) => {
    const last = new Headers(init?.headers).get("last-event-id");
    if (last) resumptions.push(last);
    const response = await fetch(input, init);
    const streaming = response.headers.get("content-type")?.startsWith("text/event-stream");
    if (broken || init?.method !== "POST" || !streaming || !String(init.body).includes("tools/call")) return response;
    broken += 1;
    const reader = response.body.getReader();
    let given = false;
    const body = new ReadableStream({
      async pull(controller) {
        if (given) {
          await reader.cancel().catch(() => {});
          return controller.error(new Error("cut by the test"));
        }
        const { value, done } = await reader.read();
        if (done) return controller.close();
        given = true;
        controller.enqueue(value);
      },
    });
    return new Response(body, { status: response.status, headers: response.headers });
  };
  const { client, transport } = await connect({ fetch: breaking });
  transport.onerror = () => {};
  const result = await call(client, "progress", { onprogress: () => {}, timeout: 20_000 });
  say("resumed", { text: words(result), broken, resumptions: resumptions.length });
  await client.close();
}

async function all() {
  const { client, transport } = await connect();
  say("initialize", { version: transport.protocolVersion, server: client.getServerVersion().name });
  say("list", { tools: (await client.listTools()).tools.map((tool) => tool.name) });
  say("echo", { text: words(await client.callTool({ name: "echo", arguments: { message: "naïve ☕ 你好" } })) });
  say("add", { text: words(await call(client, "add")) });
  await progress(client);
  say("ask", { text: words(await call(client, "ask")) });
  say("sample", { text: words(await call(client, "sample")) });
  if (kind === "standard") {
    const note = (await client.readResource({ uri: "note://greeting" })).contents[0].text;
    const prompt = (await client.getPrompt({ name: "greet", arguments: { who: "Ada" } })).messages[0].content.text;
    say("read", { resource: note, prompt });
  }
  await notified(client);
  if (!rest.includes("--no-resume")) await resumed();
  say("whoami", { instance: instance(await call(client, "whoami")) });
  const session = transport.sessionId;
  await transport.terminateSession();
  await client.close();
  const response = await fetch(url, {
    method: "POST",
    headers: {
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      "mcp-session-id": session,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 99, method: "tools/list", params: {} }),
  });
  say("terminated", { status: response.status });
  await response.body?.cancel();
}

async function sessions() {
  const count = Number(option("--sessions", "60"));
  const seen = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      next += 1;
      const { client, transport } = await connect();
      const names = [];
      for (let turn = 0; turn < 4; turn += 1) names.push(instance(await call(client, "whoami")));
      await transport.terminateSession();
      await client.close();
      seen.push(names);
    }
  };
  await Promise.all(Array.from({ length: 10 }, worker));
  const moved = seen.filter((names) => new Set(names).size > 1);
  say("sessions", { count: seen.length, moved, instances: [...new Set(seen.map((names) => names[0]))].sort() });
}

const limit = setTimeout(() => {
  say("failed", { error: "90 s are over" });
  process.exit(1);
}, 90_000);
try {
  await (scenario === "all" ? all() : sessions());
  say("end");
  clearTimeout(limit);
  process.exit(0);
} catch (error) {
  say("failed", { error: String(error?.stack ?? error) });
  process.exit(1);
}

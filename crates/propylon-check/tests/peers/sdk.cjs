// Talks to a probe with the TypeScript SDKs, legacy and modern, and prints what they got as one JSON line.
// Arguments: the probe's base URL, the node_modules folder.
const path = require("node:path");
const [base, modules] = process.argv.slice(2);
const load = name => require(require.resolve(name, { paths: [path.dirname(modules)] }));

async function use(client, options) {
  const progress = [];
  const onprogress = notification => progress.push(JSON.parse(notification.message).n);
  const call = (name, args) => client.callTool({ name, arguments: args }, ...options({ onprogress }));
  const streamed = await call("stream", { events: 3, interval_ms: 20 });
  const large = await call("large", { bytes: 2000000 });
  const who = await call("whoami", {});
  return {
    tools: (await client.listTools()).tools.length,
    progress,
    emissions: streamed.structuredContent.emissions.length,
    bytes: large.content[0].text.length,
    era: who.structuredContent.era,
    contents: (await client.readResource({ uri: "probe://clock" })).contents.length,
  };
}

async function legacy() {
  const { Client } = load("@modelcontextprotocol/sdk/client/index.js");
  const { StreamableHTTPClientTransport } = load("@modelcontextprotocol/sdk/client/streamableHttp.js");
  const client = new Client({ name: "somebody", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(base + "/mcp"));
  await client.connect(transport);
  const seen = await use(client, options => [undefined, options]);
  // The probe ends the connection after two events; the SDK comes back for the rest.
  const polled = await client.callTool({ name: "stream", arguments: { events: 4, interval_ms: 50, close_after: 2, retry_ms: 50 } });
  seen.polled = polled.structuredContent.emissions.length;
  await transport.terminateSession();
  await client.close();
  return seen;
}

async function modern() {
  const { Client, StreamableHTTPClientTransport } = load("@modelcontextprotocol/client");
  const client = new Client({ name: "somebody", version: "1" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StreamableHTTPClientTransport(new URL(base + "/mcp")));
  const seen = await use(client, options => [options]);
  await client.close();
  return seen;
}

(async () => {
  console.log(JSON.stringify({ legacy: await legacy(), modern: await modern() }));
  process.exit(0);
})().catch(error => {
  console.error(error);
  process.exit(1);
});

// One MCP-like server over HTTP/1.1 and over HTTP/2 in clear: a call is answered, a watched call streams until it is
// cancelled, and /seen says what came of them.
import http from "node:http";
import http2 from "node:http2";

const seen = { calls: [], cancelled: 0 };

function answer(request, response) {
  const version = request.httpVersion;
  if (request.url.startsWith("/health")) {
    response.writeHead(200);
    return response.end("ok");
  }
  if (request.url.startsWith("/mcp/seen")) {
    response.writeHead(200, { "content-type": "application/json" });
    return response.end(JSON.stringify(seen));
  }
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    const message = JSON.parse(body);
    seen.calls.push({ version, method: message.method, length: body.length });
    if (message.method !== "watched") {
      response.writeHead(200, { "content-type": "application/json" });
      return response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result: { version } }));
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    let number = 0;
    const beat = setInterval(() => response.write(`data: {"n":${number++}}\n\n`), 30);
    response.on("close", () => {
      clearInterval(beat);
      seen.cancelled += 1;
    });
  });
}

const one = http.createServer(answer);
const two = http2.createServer(answer);
await new Promise((done) => one.listen(0, "127.0.0.1", done));
await new Promise((done) => two.listen(0, "127.0.0.1", done));
console.log(JSON.stringify({ step: "ports", one: one.address().port, two: two.address().port }));

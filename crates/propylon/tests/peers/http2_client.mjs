// Calls, streams and cancels over one connection of HTTP/2, by Node's own client: node http2_client.mjs ORIGIN
import http2 from "node:http2";

const say = (step, more = {}) => console.log(JSON.stringify({ step, ...more }));
const session = http2.connect(process.argv[2], { rejectUnauthorized: false });
session.on("error", (error) => {
  say("failed", { error: String(error) });
  process.exit(1);
});

// Opens a stream with a message; `pieces` is told of each piece of the answer.
function open(message, pieces) {
  return new Promise((done, fail) => {
    const stream = session.request({ ":method": "POST", ":path": "/mcp", "content-type": "application/json" });
    stream.setEncoding("utf8");
    let head;
    let text = "";
    stream.on("response", (headers) => (head = headers));
    stream.on("data", (piece) => {
      text += piece;
      pieces?.(text, stream);
    });
    stream.on("error", fail);
    stream.on("close", () => done({ status: head?.[":status"], text, code: stream.rstCode }));
    stream.end(JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }));
  });
}

const call = await open({ method: "ping", params: { pad: "x".repeat(200_000) } });
say("call", { status: call.status, result: JSON.parse(call.text).result });

const watched = await open({ method: "watched" }, (text, stream) => {
  if (text.includes('"n":2')) stream.close(http2.constants.NGHTTP2_CANCEL);
});
say("cancelled", { status: watched.status, events: watched.text.split("data:").length - 1 });

const again = await Promise.all(Array.from({ length: 20 }, (_, id) => open({ id, method: "ping" })));
say("again", { good: again.filter((answer) => answer.status === 200 && JSON.parse(answer.text).id >= 0).length });
session.close();
session.on("close", () => say("end"));

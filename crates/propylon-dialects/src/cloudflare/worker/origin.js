// origin-unchecked: which pages may call a route, and cors-headers-hidden: what their browsers are told of it.
import { Refusal } from "./refusal.js";

const METHODS = "GET, POST, DELETE, OPTIONS";
const ALLOWED = "Accept, Authorization, Content-Type, Last-Event-ID, Mcp-Method, Mcp-Name, MCP-Protocol-Version, "
  + "Mcp-Session-Id, traceparent, tracestate, baggage";
const EXPOSED = "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, Retry-After, Propylon-Reason";
const TOKEN = /^[\w!#$%&'+.^`|~-]+$/;

// Lets a request through if no page sent it, or one that may; gives the origin its answer is shown to.
export function admit(request, url, { origins }) {
  const origin = request.headers.get("Origin");
  if (origin === null) return undefined;
  if (origins.includes("*")) return "*";
  const isListed = origins.some((each) => each === withoutDefaultPort(origin.toLowerCase()) || each === origin);
  // The edge answers for names of this account only, so an origin that is the name asked for is the route's own.
  if (isListed || withoutDefaultPort(origin.toLowerCase()) === url.origin) return origin;
  throw new Refusal("origin-refused");
}

// The answer to the question a browser asks before it sends what a page wants; nothing if this is none.
export function preflight(request, shown, { corsMaxAge }) {
  const { headers } = request;
  if (request.method !== "OPTIONS" || !shown || !headers.has("Access-Control-Request-Method")) return undefined;
  const asked = (headers.get("Access-Control-Request-Headers") ?? "").split(",").map((name) => name.trim());
  const answer = new Headers({
    "Access-Control-Allow-Origin": shown,
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": [ALLOWED, ...asked.filter((name) => TOKEN.test(name))].join(", "),
    "Access-Control-Max-Age": String(corsMaxAge),
    "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
  });
  return new Response(null, { status: 204, headers: answer });
}

// Tells a browser that the page may read the answer, and which headers of it.
export function showToPage(headers, shown, { origins }) {
  if (shown) {
    for (const name of [...headers.keys()]) {
      if (name.startsWith("access-control-") && name !== "access-control-expose-headers") headers.delete(name);
    }
    headers.set("Access-Control-Allow-Origin", shown);
    headers.append("Access-Control-Expose-Headers", EXPOSED);
  }
  if (shown !== "*" && (shown || origins.length > 0)) headers.append("Vary", "Origin");
}

function withoutDefaultPort(origin) {
  return origin.replace(/^(http:.*):80$/, "$1").replace(/^(https:.*):443$/, "$1");
}

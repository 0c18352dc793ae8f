// Sends a request to its instance, once, and makes out what it means when no answer comes.
import { noteRefused } from "./affinity.js";
import { Refusal } from "./refusal.js";

// What an untrusted client could make up about itself; names are compared without regard to `_` and `-`.
const FORGEABLE = new Set([
  "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-proto",
  "x-forwarded-server", "x-real-ip",
]);
// The edge's own words for an origin that it could not reach.
const UNREACHED = new Set([521, 522, 523, 530]);

export async function forward(request, url, route, place, env) {
  const { upstream } = route;
  const network = networkOf(upstream, env);
  const abort = new AbortController();
  // disconnect-not-propagated: the edge tells when the client has gone, and the instance hears of it.
  request.signal.addEventListener("abort", () => abort.abort());
  let isLate = false;
  const timer = setTimeout(() => { isLate = true; abort.abort(); }, upstream.responseHeadMs);
  try {
    // request-replayed: one fetch, whatever comes of it. ssrf-redirect: no redirect is followed.
    const response = await network.fetch(new URL(route.target, place.instance), {
      method: request.method,
      headers: headersFor(request, url, route, place),
      body: limited(request, env.DEPLOYMENT.bodyBytes, abort),
      redirect: "manual",
      signal: abort.signal,
    });
    if (await isLost(response, upstream, place, network)) throw new Refusal("session-lost");
    return { response, abort };
  } catch (error) {
    throw await explain(error, isLate, { upstream, place, network, reason: abort.signal.reason });
  } finally {
    clearTimeout(timer);
  }
}

// ssrf-private-address: only instances of the description are asked, private ones through the tunnel.
function networkOf({ isPrivate }, env) {
  return isPrivate ? env.NETWORK : globalThis;
}

// Everything as the client sent it, but for what the client could have made up.
function headersFor(request, url, route, place) {
  const headers = new Headers(request.headers);
  for (const name of request.headers.keys()) {
    if (FORGEABLE.has(name.replaceAll("_", "-"))) headers.delete(name);
  }
  // forwarded-spoofable: the edge sets CF-Connecting-IP itself, whatever the client sent.
  const client = request.headers.get("CF-Connecting-IP");
  if (client) headers.set("X-Forwarded-For", client);
  headers.set("X-Forwarded-Proto", url.protocol.slice(0, -1));
  // host-rewritten: fetch takes Host from the URL, so the outside name goes here.
  headers.set("X-Forwarded-Host", url.host);
  // sse-compressed: nothing between the server and the client has to unpack, and so to hold back, an event.
  headers.set("Accept-Encoding", "identity");
  if (place.session !== null) headers.set("Mcp-Session-Id", place.session);
  return headers;
}

// body-limit-small: a larger body is refused, at once where its length is told.
function limited(request, most, abort) {
  if (Number(request.headers.get("Content-Length") ?? 0) > most) throw new Refusal("body-limit");
  if (!request.body || request.headers.has("Content-Length")) return request.body;
  let left = most;
  return request.body.pipeThrough(new TransformStream({
    transform(chunk, controller) {
      left -= chunk.byteLength;
      if (left < 0) abort.abort(new Refusal("body-limit"));
      else controller.enqueue(chunk);
    },
  }));
}

// Whether this answer is the edge's or a tunnel's about an instance that is not there any more.
async function isLost(response, upstream, place, network) {
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const isDoubtful = UNREACHED.has(response.status) || (response.status === 502 && !isJson);
  return isDoubtful && place.session !== null && (await isGone(upstream, place, network));
}

async function explain(error, isLate, { upstream, place, network, reason }) {
  if (error instanceof Refusal) return error;
  if (reason instanceof Refusal) return reason;
  if (isLate) return new Refusal("response-timeout");
  noteRefused(place.instance, upstream.ejectMs);
  // dead-session-status: gone is 404, so that the client begins anew; slow is 503, and the session lives on.
  if (place.session !== null && (await isGone(upstream, place, network))) return new Refusal("session-lost");
  return new Refusal("upstream-unreachable");
}

// health-on-endpoint: the health path is asked, never the endpoint, and only after a failure.
async function isGone(upstream, place, network) {
  const signal = AbortSignal.timeout(upstream.healthMs);
  try {
    const response = await network.fetch(new URL(upstream.health, place.instance), { redirect: "manual", signal });
    await response.body?.cancel();
    return response.status >= 500;
  } catch {
    return !signal.aborted;
  }
}

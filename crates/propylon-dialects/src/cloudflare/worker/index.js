// One request, from top to bottom: route, origin, place, forward, relay.
import { findPlace, sealSession } from "./affinity.js";
import { forward } from "./forward.js";
import { admit, preflight, showToPage } from "./origin.js";
import { Refusal } from "./refusal.js";
import { relay } from "./relay.js";
import { findRoute, isHealth, showMetadata, showOutside } from "./route.js";

export default {
  async fetch(request, env) {
    try {
      return await serve(request, env);
    } catch (error) {
      // log-credentials, log-payload: nothing of the request or of the error is written anywhere.
      return (error instanceof Refusal ? error : new Refusal("upstream-closed")).answer();
    }
  },
};

async function serve(request, env) {
  const { DEPLOYMENT: deployment } = env;
  const url = new URL(request.url);
  const route = findRoute(deployment, url);
  if (!route && isHealth(deployment, request, url)) {
    // health-missing: answered without credentials, and without a session.
    return new Response("ready\n", { headers: { "Content-Type": "text/plain", "Cache-Control": "no-store" } });
  }
  if (!route) throw new Refusal("route-unknown");
  const shown = admit(request, url, route);
  const asked = preflight(request, shown, route);
  if (asked) return asked;
  const place = await findPlace(request, route, env.SESSION_KEY);
  const answer = await forward(request, url, route, place, env);
  const headers = new Headers(answer.response.headers);
  await sealSession(headers, route, place, env.SESSION_KEY);
  showOutside(headers, url, route, place);
  showToPage(headers, shown, route);
  const body = await showMetadata(answer.response, url, route, place);
  return relay(answer, body, headers, route);
}

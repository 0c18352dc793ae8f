// Which upstream a request is for, and what its path and its redirects become.
const METADATA = "/.well-known/oauth-protected-resource";

// The route of a URL with the target it has on the upstream; the most exact host and the longest path come first.
export function findRoute(deployment, url) {
  const serving = deployment.routes.filter((route) => servesHost(route, url.hostname));
  const found = serving.find((route) => mapMetadata(deployment, route, url.pathname))
    ?? serving.find((route) => mapPath(deployment, route, url.pathname));
  if (found) {
    const path = mapMetadata(deployment, found, url.pathname) ?? mapPath(deployment, found, url.pathname);
    return bind(deployment, found, path + url.search);
  }
  if (url.pathname === METADATA && serving.length === 1) {
    return bind(deployment, serving[0], METADATA + url.search);
  }
  return undefined;
}

function bind(deployment, route, target) {
  const { path, upstream: name, origins, corsMaxAge } = route;
  return { prefix: trim(path), name, upstream: deployment.upstreams[name], origins, corsMaxAge, target };
}

function servesHost({ host }, name) {
  if (!host) return true;
  if (!host.startsWith("*.")) return host === name;
  return name.slice(name.indexOf(".") + 1) === host.slice(2);
}

// endpoint-unrouted, redirect-drops-body: the prefix with and without a slash is the endpoint as the upstream writes
// it, so that nothing redirects a POST.
function mapPath(deployment, route, path) {
  const prefix = trim(route.path);
  const rest = path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
  const inside = deployment.upstreams[route.upstream].path;
  if (rest === "" || rest === "/") return inside || "/";
  return rest?.startsWith("/") ? trim(inside) + rest : undefined;
}

// auth-metadata-unreachable: the metadata of a resource stands under the resource's own path (RFC 9728, 3.1).
function mapMetadata(deployment, route, path) {
  if (!path.startsWith(`${METADATA}/`)) return undefined;
  const mapped = mapPath(deployment, route, path.slice(METADATA.length));
  return mapped && METADATA + mapped;
}

// The instance sees its own name as Host, so the URLs it gives of itself are shown as the outside's: redirects, and
// auth-challenge-lost: where a challenge says the metadata is.
export function showOutside(headers, url, route, place) {
  const location = headers.get("Location");
  if (location?.startsWith("/") || location?.includes("://")) {
    headers.set("Location", outside(location, url, route, place) ?? location);
  }
  const challenge = headers.get("WWW-Authenticate");
  if (challenge !== null) headers.set("WWW-Authenticate", showOutsideIn(challenge, url, route, place));
}

// auth-metadata-unreachable: the resource's metadata names the resource, which is the URL that clients use.
export async function showMetadata(response, url, route, place) {
  const isMetadata = url.pathname.startsWith(METADATA) && response.ok;
  if (!isMetadata || !response.headers.get("Content-Type")?.startsWith("application/json")) return response.body;
  return showOutsideIn(await response.text(), url, route, place);
}

function showOutsideIn(text, url, route, place) {
  const inside = new URL(place.instance).origin.replaceAll(".", "\\.");
  const pattern = new RegExp(`${inside}(?![\\w.:-])[^\\s"',<>\\\\]*`, "g");
  return text.replace(pattern, (found) => outside(found, url, route, place) ?? found);
}

// What clients use for a URL of the instance; nothing for a URL of somebody else.
function outside(text, url, route, place) {
  const inside = new URL(text, place.instance);
  if (inside.origin !== new URL(place.instance).origin && inside.host !== url.host) return undefined;
  const lead = inside.pathname.startsWith(`${METADATA}/`) ? METADATA : "";
  const path = inside.pathname.slice(lead.length);
  const base = trim(route.upstream.path);
  const rest = path.startsWith(base) ? path.slice(base.length) : undefined;
  const mapped = rest === "" || rest?.startsWith("/") ? route.prefix + rest : path;
  return `${url.origin}${lead}${mapped}${inside.search}${inside.hash}`;
}

// Whether this asks the Worker itself how it is.
export function isHealth({ health }, request, url) {
  return url.pathname === health && (request.method === "GET" || request.method === "HEAD");
}

function trim(path) {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

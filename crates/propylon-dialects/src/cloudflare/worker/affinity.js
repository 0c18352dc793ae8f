// session-scattered, session-resumed-elsewhere: which instance a request belongs to.
//
// An isolate's memory is its own and short-lived, so the instance is in the id itself: a client gets TAG.ID, where ID is
// the server's and TAG an HMAC of it with the instance. Whoever has the key finds the instance whose HMAC it is.
// reload-forgets-sessions, affinity-unbounded: no table, so none to lose or to fill.
// session-id-readable: the tag shows nothing, and nobody can choose an instance by it.
import { Refusal } from "./refusal.js";

const TAG_LENGTH = 22;
const encoder = new TextEncoder();
// Only caches and hints live here: losing them costs a little time.
const keys = new Map();
const refusedUntil = new Map();

// Where a request goes: the instance of its session, or any.
export async function findPlace(request, route, secret) {
  const sealed = request.headers.get("Mcp-Session-Id");
  if (sealed === null || !isSealed(route)) return { instance: pick(route.upstream), session: sealed };
  const [tag, id] = [sealed.slice(0, TAG_LENGTH), sealed.slice(TAG_LENGTH + 1)];
  const tags = await Promise.all(route.upstream.instances.map((each) => tagOf(secret, route, each, id)));
  const at = tags.findIndex((each) => isEqual(each, tag));
  // dead-session-status: an instance that is not there any more, or an id that nobody made, is 404.
  if (at < 0 || sealed[TAG_LENGTH] !== ".") throw new Refusal("session-lost");
  return { instance: route.upstream.instances[at], session: id };
}

// Puts the tag in front of the id an instance has made.
export async function sealSession(headers, route, place, secret) {
  const id = headers.get("Mcp-Session-Id");
  if (id === null || !isSealed(route)) return;
  headers.set("Mcp-Session-Id", `${await tagOf(secret, route, place.instance, id)}.${id}`);
}

// New sessions keep away from an instance that has just refused. One isolate's hint; sessions are not moved.
export function noteRefused(instance, milliseconds) {
  refusedUntil.set(instance, Date.now() + milliseconds);
}

function isSealed({ upstream }) {
  return upstream.affinity && upstream.instances.length > 1;
}

function pick({ instances }) {
  const now = Date.now();
  const willing = instances.filter((each) => !(refusedUntil.get(each) > now));
  const among = willing.length > 0 ? willing : instances;
  return among[Math.floor(Math.random() * among.length)];
}

async function tagOf(secret, route, instance, id) {
  if (!secret) throw new Refusal("session-key-missing");
  const bytes = encoder.encode(`${route.name}\n${instance}\n${id}`);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", await keyOf(secret), bytes));
  const text = btoa(String.fromCharCode(...mac.subarray(0, 16)));
  return text.slice(0, TAG_LENGTH).replaceAll("+", "-").replaceAll("/", "_");
}

async function keyOf(secret) {
  let key = keys.get(secret);
  if (!key) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
    keys.clear();
    keys.set(secret, key);
  }
  return key;
}

// In the same time wherever they differ.
function isEqual(one, other) {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at += 1) difference |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return difference === 0;
}

// origin-unchecked: a page of a foreign origin is refused; whoever sends no Origin is no browser.
import { Refusal } from "./refusal.js";

export function checkOrigin({ origins }, request, url) {
  const origin = request.headers.get("Origin");
  if (origin === null || origin === url.origin || origins.includes(origin)) return;
  throw new Refusal("origin-refused");
}

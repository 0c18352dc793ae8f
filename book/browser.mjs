// Opens the built book in Chromium, as a phone and as a desktop, light and dark: says what the console, the network and axe
// complain about, and whether the keyboard reaches what matters. Writes one JSON object.
// Arguments: the folder of the HTML, the folder for screenshots, Chromium, the node_modules with axe-core and puppeteer-core.
import { createServer } from "node:http";
import { readdir, readFile, rm, mkdtemp } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { extname, join, normalize, relative } from "node:path";

const [html, shots, chromium, modules] = process.argv.slice(2);
const require = createRequire(join(modules, "entry.js"));
const puppeteer = require("puppeteer-core");
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json" };
const VIEWS = [
  { name: "phone", width: 390, height: 844, isMobile: true, theme: "light" },
  { name: "phone-dark", width: 390, height: 844, isMobile: true, theme: "navy" },
  { name: "desktop", width: 1280, height: 900, isMobile: false, theme: "light" },
  { name: "desktop-dark", width: 1280, height: 900, isMobile: false, theme: "navy" },
];
// One page of each kind is looked at in every view; the others on the phone, where most goes wrong.
const SAMPLES = [
  "index.html", "start.html", "how-mcp-uses-http.html", "timeouts.html", "troubleshooting.html", "checklist.html",
  "products/nginx.html", "practices/sse_buffered.html", "reference/configuration.html", "tested.html",
];

async function pages(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(entries.map((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pages(path);
    return entry.name.endsWith(".html") ? [relative(html, path)] : [];
  }));
  return found.flat().filter((name) => !["404.html", "toc.html"].includes(name)).sort();
}

const server = createServer(async (request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://book").pathname));
  try {
    const body = await readFile(join(html, path.endsWith("/") ? `${path}index.html` : path));
    response.setHeader("Content-Type", TYPES[extname(path)] ?? "application/octet-stream");
    response.end(body);
  } catch {
    response.statusCode = 404;
    response.end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const root = `http://127.0.0.1:${server.address().port}`;
const profile = await mkdtemp(join(tmpdir(), "propylon-book-"));
const problems = new Set();
let opened = 0;

const browser = await puppeteer.launch({
  executablePath: chromium,
  userDataDir: profile,
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});

async function look(view, name) {
  const page = await browser.newPage();
  const say = (what) => problems.add(`${view.name}: ${name}: ${what}`);
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && say(message.text()));
  page.on("pageerror", (error) => say(`${error}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(root) && !url.startsWith("data:") && !url.startsWith("blob:")) say(`asks for ${url}`);
  });
  page.on("response", (answer) => answer.status() >= 400 && say(`${answer.status()} for ${answer.url()}`));
  await page.setViewport({ width: view.width, height: view.height, isMobile: view.isMobile, hasTouch: view.isMobile });
  await page.evaluateOnNewDocument((theme) => localStorage.setItem("mdbook-theme", theme), view.theme);
  await page.goto(`${root}/${name}`, { waitUntil: "load" });
  opened += 1;
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (overflow > 1) say(`${overflow} pixels wider than the screen`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
  for (const { id, help, nodes } of violations) say(`${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" · ")}`);
  if (SAMPLES.includes(name)) {
    await page.screenshot({ path: join(shots, `${view.name}-${name.replaceAll("/", "-").replace(".html", "")}.png`) });
  }
  return page;
}

async function keyboard(page) {
  const say = (what) => problems.add(`keyboard: ${what}`);
  // The search opens with its key, takes words, and its results are links.
  await page.keyboard.press("s");
  await page.waitForSelector("#mdbook-searchbar, #searchbar", { visible: true, timeout: 5000 }).catch(() => say("`s` opens no search"));
  await page.keyboard.type("abortonclose");
  const hit = await page.waitForSelector("#mdbook-searchresults a, #searchresults a", { timeout: 20000 }).catch(() => null);
  if (!hit) say("the search finds nothing");
  await page.keyboard.press("Escape");
  // Tab reaches links of the text, and what has the focus can be seen.
  let reached = false;
  for (let step = 0; step < 400 && !reached; step += 1) {
    await page.keyboard.press("Tab");
    reached = await page.evaluate(() => document.activeElement?.closest("main") !== null && document.activeElement.tagName === "A");
  }
  if (!reached) say("Tab reaches no link of the text");
  const before = page.url();
  await page.evaluate(() => document.activeElement.blur());
  await Promise.all([page.waitForNavigation({ timeout: 10000 }).catch(() => {}), page.keyboard.press("ArrowRight")]);
  if (page.url() === before) say("the right arrow leads to no next page");
}

try {
  const all = await pages(html);
  for (const view of VIEWS) {
    for (const name of all) {
      if (view.name !== "phone" && !SAMPLES.includes(name)) continue;
      await (await look(view, name)).close();
    }
  }
  await keyboard(await look(VIEWS[2], "products/haproxy.html"));
} finally {
  await browser.close();
  server.close();
  await rm(profile, { recursive: true, force: true });
}
console.log(JSON.stringify({ pages: opened, problems: [...problems].sort() }));

// Passes an answer on as it comes: bytes unchanged, an event at a time, and broken where the server's broke.
const COMMENT = new TextEncoder().encode(":\n\n");
const LF = 10;
const CR = 13;
// How soon a quiet stream's first comment comes, in milliseconds.
const FIRST_COMMENT_MS = 500;
// A comment comes after this part of the stream's age: a close is noticed within it, and old streams are left alone.
const AGE_PART = 20;

export function relay({ response, abort }, body, headers, { upstream }) {
  const { status, statusText } = response;
  const isStream = headers.get("Content-Type")?.toLowerCase().startsWith("text/event-stream");
  if (typeof body === "string") headers.delete("Content-Length");
  // body-altered: what is no stream does not pass through JavaScript at all.
  if (!isStream || !body) return new Response(body, { status, statusText, headers });
  // sse-compressed: read unpacked, sent unpacked. sse-cached: nothing on the way stores or rewrites it.
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-cache, no-transform");
  // sse-head-withheld: the head leaves now, before the first event.
  return new Response(events(body, abort, upstream), { status, statusText, headers });
}

// sse-buffered: each piece leaves when it arrives. slow-reader-starves-others: nothing is read that nobody asks for.
function events(body, abort, upstream) {
  const feed = new Feed(body.getReader());
  const began = Date.now();
  let last = began;
  const boundary = new Boundary();
  async function pull(controller) {
    const patience = Math.min(upstream.commentMs, Math.max(FIRST_COMMENT_MS, (Date.now() - began) / AGE_PART));
    const piece = await feed.next(patience);
    const now = Date.now();
    if (piece === undefined) {
      if (now - last > upstream.idleMs) throw new Error("idle-timeout");
      if (now - began > upstream.streamMs) throw new Error("stream-timeout");
      // sse-keepalive-missing: a comment, and only between events. disconnect-not-propagated: writing it shows whether
      // the client is still there.
      if (boundary.isBetween()) controller.enqueue(COMMENT);
      else await pull(controller);
    } else if (piece.done) {
      controller.close();
    } else {
      last = now;
      boundary.follow(piece.value);
      controller.enqueue(piece.value);
    }
  }
  // upstream-loss-hidden: an error of the server's stream is thrown here, and breaks the client's.
  const source = {
    pull: (controller) => pull(controller).catch((error) => { abort.abort(); throw error; }),
    cancel: () => abort.abort(),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

// Knows whether the next byte begins an event: at the start, and after an empty line. A lone CR at the end may be half
// of a CRLF, so it counts as inside.
class Boundary {
  constructor() {
    this.last = [];
  }

  isBetween() {
    const [first, second, third] = this.last;
    if (first === undefined) return true;
    if (first !== LF) return false;
    const before = second === CR ? third : second;
    return before === LF || before === CR;
  }

  follow(bytes) {
    for (const byte of bytes.subarray(-3)) this.last = [byte, ...this.last].slice(0, 3);
  }
}

// Reads ahead by one piece, so that waiting for it can be given up and taken up again.
class Feed {
  constructor(reader) {
    this.reader = reader;
    this.piece = undefined;
    this.wake = undefined;
  }

  // The next piece, or nothing when none comes within the time.
  async next(milliseconds) {
    this.piece ??= this.read();
    if (!this.settled) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.wake = () => { clearTimeout(timer); resolve(); };
        if (this.settled) this.wake();
      });
    }
    if (!this.settled) return undefined;
    const { piece } = this;
    this.piece = undefined;
    return piece;
  }

  async read() {
    this.settled = false;
    try {
      return await this.reader.read();
    } finally {
      this.settled = true;
      this.wake?.();
    }
  }
}

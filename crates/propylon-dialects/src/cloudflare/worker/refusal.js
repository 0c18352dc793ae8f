// What the Worker says in its own name: a status, a reason, and a JSON-RPC error.
const REASONS = {
  "body-limit": [413, "The request body is larger than this proxy accepts."],
  "origin-refused": [403, "Pages of this origin may not talk to this server."],
  "response-timeout": [504, "The server did not answer in time.", 1],
  "route-unknown": [404, "Nothing is served at this host and path."],
  "session-key-missing": [500, "The Worker has no SESSION_KEY: wrangler secret put SESSION_KEY."],
  "session-lost": [404, "Session not found: begin a new one with initialize."],
  "upstream-closed": [502, "The server closed the connection before it answered."],
  "upstream-unreachable": [503, "The server cannot be reached.", 1],
};

// The code that SDKs know for a session that is gone.
const SESSION_NOT_FOUND = -32001;

export class Refusal extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }

  answer() {
    const [status, message, retryAfter] = REASONS[this.reason];
    const code = this.reason === "session-lost" ? SESSION_NOT_FOUND : -31000 - status;
    const headers = new Headers({ "Content-Type": "application/json", "Propylon-Reason": this.reason });
    if (retryAfter) headers.set("Retry-After", String(retryAfter));
    const error = { code, message, data: { reason: this.reason } };
    return new Response(JSON.stringify({ jsonrpc: "2.0", id: null, error }), { status, headers });
  }
}

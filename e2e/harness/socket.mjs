// A WebSocket that keeps what it gets: every frame passes the dialect's linter, then waits here to be asked for.

import WebSocket from "ws";
import { sleep, until } from "./until.mjs";

export class JsonSocket {
  frames = [];
  closed = undefined;
  refused = undefined;
  #problem = undefined;
  #received = 0;

  constructor(url, { lint, protocols = [], headers = {} }) {
    this.socket = new WebSocket(url, protocols, { perMessageDeflate: false, headers });
    this.socket.on("message", (bytes, isBinary) => this.#keep(bytes, isBinary, lint));
    this.socket.on("close", (code, reason) => (this.closed = { code, reason: String(reason), at: performance.now() }));
    this.socket.on("unexpected-response", (_, response) => {
      this.refused = response.statusCode;
      this.socket.terminate();
    });
    this.socket.on("error", (error) => (this.error = error));
  }

  #keep(bytes, isBinary, lint) {
    try {
      if (isBinary) throw new Error("a binary frame");
      const text = String(bytes);
      const frame = lint(text, { first: this.#received++ === 0 });
      // Not enumerable: frames compare by what they say, the exact bytes are there for who asks.
      this.frames.push(Object.defineProperty(frame, "text", { value: text }));
    } catch (error) {
      this.#problem ??= error;
    }
  }

  send(frame) {
    this.socket.send(typeof frame === "string" || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** Removes and returns the first kept frame that fits: the name of an event or type, or a predicate. */
  async next(wanted, { within = 5000 } = {}) {
    const fits = typeof wanted === "string" ? (frame) => (frame.event ?? frame.type) === wanted : wanted;
    return until(
      `a frame ${wanted}`,
      () => {
        this.check();
        const at = this.frames.findIndex(fits);
        return at >= 0 && this.frames.splice(at, 1)[0];
      },
      { within, every: 5 },
    ).catch((error) => {
      error.message += `; have ${JSON.stringify(this.frames)}${this.closed ? `, closed ${this.closed.code} ${this.closed.reason}` : ""}`;
      throw error;
    });
  }

  async closing({ within = 5000 } = {}) {
    const closed = await until(`the close; have ${JSON.stringify(this.frames)}`, () => this.closed, { within, every: 5 });
    this.check();
    return closed;
  }

  /** The HTTP status that came in place of an upgrade. */
  async refusal({ within = 5000 } = {}) {
    return until("a refusal of the upgrade", () => this.refused, { within, every: 5 });
  }

  async staysOpen(ms = 150) {
    await sleep(ms);
    if (this.closed) throw new Error(`closed with ${this.closed.code} ${this.closed.reason}`);
    await this.settle();
  }

  /** Fails when a frame broke a rule of the linter. */
  check() {
    if (this.#problem) throw this.#problem;
  }

  async close() {
    this.socket.close();
    await this.closing();
  }

  drop() {
    this.socket.terminate();
    this.check();
  }
}

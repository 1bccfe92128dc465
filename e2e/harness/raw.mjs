// A client without manners of its own: sends what it is told, lints and keeps every frame it gets.

import WebSocket from "ws";
import { lint } from "./lint.mjs";
import { sleep, until } from "./until.mjs";

export function socketUrl(app, { key = app.key, query = "protocol=7&client=js&version=8.6.0&flash=false" } = {}) {
  return `${app.stack.gateway_url.replace("http", "ws")}/app/${key}${query ? `?${query}` : ""}`;
}

/** Opens a socket; returns once the first frame has come, unless `settled: false`. */
export async function rawClient(t, app, { url, settled = true, ...where } = {}) {
  const client = new RawClient(url ?? socketUrl(app, where), app);
  t.after(() => client.drop());
  if (settled) {
    const first = await client.next((frame) => frame);
    if (first.event === "pusher:connection_established") client.socketId = JSON.parse(first.data).socket_id;
  }
  return client;
}

export class RawClient {
  frames = [];
  closed = undefined;
  refused = undefined;
  #problem = undefined;
  #received = 0;

  constructor(url, app) {
    this.app = app;
    this.socket = new WebSocket(url, { perMessageDeflate: false });
    this.socket.on("message", (bytes, isBinary) => this.#keep(bytes, isBinary));
    this.socket.on("close", (code, reason) => (this.closed = { code, reason: String(reason), at: performance.now() }));
    this.socket.on("unexpected-response", (_, response) => {
      this.refused = response.statusCode;
      this.socket.terminate();
    });
    this.socket.on("error", (error) => (this.error = error));
  }

  #keep(bytes, isBinary) {
    try {
      if (isBinary) throw new Error("a binary frame");
      this.frames.push(lint(String(bytes), { first: this.#received++ === 0 }));
    } catch (error) {
      this.#problem ??= error;
    }
  }

  send(frame) {
    this.socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** Removes and returns the first kept frame that fits: an event name or a predicate. */
  async next(wanted, { within = 5000 } = {}) {
    const fits = typeof wanted === "string" ? (frame) => frame.event === wanted : wanted;
    return until(
      `a frame ${wanted}; have ${JSON.stringify(this.frames)}${this.closed ? `, closed ${this.closed.code}` : ""}`,
      () => {
        if (this.#problem) throw this.#problem;
        const at = this.frames.findIndex(fits);
        return at >= 0 && this.frames.splice(at, 1)[0];
      },
      { within, every: 5 },
    ).catch((error) => {
      error.message += `; now have ${JSON.stringify(this.frames)}${this.closed ? `, closed ${this.closed.code}` : ""}`;
      throw error;
    });
  }

  /** Everything that came in until a ping sent now was answered: what has not come by then was not sent before. */
  async settle() {
    this.send({ event: "pusher:ping", data: {} });
    await this.next("pusher:pong");
    return this.frames.splice(0);
  }

  async closing({ within = 5000 } = {}) {
    return until(`the close; have ${JSON.stringify(this.frames)}`, () => this.closed, { within, every: 5 });
  }

  async staysOpen(ms = 150) {
    await sleep(ms);
    if (this.closed) throw new Error(`closed with ${this.closed.code} ${this.closed.reason}`);
    await this.settle();
  }

  /** Subscribes with a good signature where one is needed. */
  async subscribe(channel, { member } = {}) {
    const channelData = member === undefined ? undefined : JSON.stringify(member);
    const needsAuth = /^(private|presence)-/.test(channel);
    const signed = needsAuth ? this.app.authorize(this.socketId, channel, channelData) : { auth: "" };
    this.send({ event: "pusher:subscribe", data: { ...signed, channel } });
    return this.next((frame) => frame.event === "pusher_internal:subscription_succeeded" && frame.channel === channel);
  }

  async signIn(user) {
    this.send({ event: "pusher:signin", data: this.app.authenticate(this.socketId, user) });
    return this.next("pusher:signin_success");
  }

  async close() {
    this.socket.close();
    await this.closing();
  }

  drop() {
    this.socket.terminate();
    if (this.#problem) throw this.#problem;
  }
}

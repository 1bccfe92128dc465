// A Relay client: no package of it exists, so this one sends the frames of relay-js and lives by its timers
// (relay sheet §4.3, §4.5 and §4.6), down to the habits that servers must put up with.

import { lint } from "./lint/relay.mjs";
import { recording } from "./recording.mjs";
import { JsonSocket } from "./socket.mjs";
import { until } from "./until.mjs";

const RECONNECT_DELAYS_S = [1, 2, 4, 8, 16, 30];

export const relayUrl = (app, { key = app.key, query = "" } = {}) => `${app.stack.gateway_url.replace("http", "ws")}/app/${key}${query}`;

/** A connected client that goes away with the test. */
export async function relayClient(t, app, options) {
  const client = new RelayClient(app, options);
  t.after(() => {
    client.end();
    client.record.check();
  });
  await until("the Relay client is connected", () => client.state === "connected");
  return client;
}

export class RelayClient {
  state = "connecting";
  channels = new Map();
  frames = [];
  pings = 0;
  #attempts = 0;
  #timers = new Set();
  #pongTimer = undefined;
  #ended = false;

  constructor(app, { url = relayUrl(app), member, activityTimeout = 120, pongTimeout = 30, maxReconnectAttempts = 6, delays = RECONNECT_DELAYS_S } = {}) {
    Object.assign(this, { app, url, member, activityTimeout, pongTimeout, maxReconnectAttempts, delays });
    this.record = recording(lint);
    this.#open();
  }

  #open() {
    const socket = new this.record.WebSocket(this.url);
    socket.on("open", () => (this.#attempts = 0));
    socket.on("message", (bytes) => this.#on(String(bytes)));
    socket.on("error", () => {}); // a close follows
    socket.on("close", () => this.#lost());
  }

  #lost() {
    clearTimeout(this.#pongTimer);
    if (this.#ended) return;
    if (this.#attempts >= this.maxReconnectAttempts) return void (this.state = "failed");
    this.state = "reconnecting";
    const delay = this.delays[Math.min(this.#attempts++, this.delays.length - 1)];
    this.#later(delay, () => {
      this.#open();
      // relay-js authorises its channels for the socket it had, before the new one has an id.
      const stale = [...this.channels.values()].map((channel) => this.#subscription(channel));
      this.record.current().once("open", () => stale.forEach((data) => this.send("relay:subscribe", data)));
    });
  }

  #on(text) {
    const frame = Object.defineProperty(JSON.parse(text), "text", { value: text });
    frame.event = frame.event.replace(/^pusher(_internal)?:/, "relay:");
    this.frames.push(frame);
    const data = parsed(frame.data);
    const channel = this.channels.get(frame.channel);
    switch (frame.event) {
      case "relay:connection_established":
        this.socketId = data.socket_id;
        this.state = "connected";
        this.#schedulePing();
        for (const each of this.channels.values()) this.send("relay:subscribe", this.#subscription(each));
        break;
      case "relay:pong":
        clearTimeout(this.#pongTimer);
        this.#schedulePing(); // each pong starts a timer: a pong too many doubles the pings
        break;
      case "relay:subscription_succeeded":
        channel.subscribed = true;
        for (const id of data.presence?.ids ?? []) channel.members.set(id, data.presence.hash[id]);
        break;
      case "relay:member_added":
        channel.members.set(data.id, data);
        break;
      case "relay:member_removed":
        channel.members.delete(data.id);
        break;
    }
    channel?.heard.push({ event: frame.event, data, text: frame.data });
  }

  #schedulePing() {
    this.#later(this.activityTimeout, () => {
      if (this.state !== "connected") return;
      this.pings++;
      this.send("relay:ping", {});
      this.#pongTimer = this.#later(this.pongTimeout, () => this.record.current().close());
    });
  }

  #later(seconds, act) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, seconds * 1000);
    this.#timers.add(timer);
    return timer;
  }

  #subscription({ name }) {
    if (!/^(private|presence)-/.test(name)) return { channel: name };
    const channelData = name.startsWith("presence-") ? JSON.stringify(this.member) : undefined;
    return { channel: name, ...this.app.authorize(this.socketId, name, channelData) };
  }

  /** As relay-js does, `data` is a JSON string inside JSON. */
  send(event, data, channel) {
    this.record.send(JSON.stringify({ event, ...(channel === undefined ? {} : { channel }), data: JSON.stringify(data) }));
  }

  subscribe(name) {
    const channel = { name, subscribed: false, members: new Map(), heard: [] };
    this.channels.set(name, channel);
    if (this.state === "connected") this.send("relay:subscribe", this.#subscription(channel));
    return channel;
  }

  async subscribed(name) {
    const channel = this.subscribe(name);
    await until(`subscription to ${name}`, () => channel.subscribed);
    return channel;
  }

  unsubscribe(name) {
    this.channels.delete(name);
    this.send("relay:unsubscribe", { channel: name });
  }

  trigger(channel, event, data) {
    this.send(event, data, channel);
  }

  /** As relay-js does: a client told to disconnect comes back once, with its subscriptions. */
  disconnect() {
    this.record.current().close();
  }

  end() {
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.record.current().terminate();
  }
}

function parsed(data) {
  if (typeof data !== "string") return data;
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

/** A socket in the Relay dialect without manners of its own. */
export async function rawRelay(t, app, { url = relayUrl(app), settled = true } = {}) {
  const socket = new RawRelay(url, { lint });
  t.after(() => socket.drop());
  if (settled) socket.socketId = (await socket.next("relay:connection_established")).data.socket_id;
  return socket;
}

class RawRelay extends JsonSocket {
  async settle() {
    this.send({ event: "relay:ping", data: "{}" });
    await this.next("relay:pong");
    return this.frames.splice(0);
  }
}

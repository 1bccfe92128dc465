// Metered: the real SDK, and a socket without manners of its own.

import { randomUUID } from "node:crypto";
import { MeteredPeer, SignallingClient } from "@metered-ca/realtime";
import { lint } from "./lint/metered.mjs";
import { recording } from "./recording.mjs";
import { JsonSocket } from "./socket.mjs";
import { jwt, now } from "./tokens.mjs";
import { until } from "./until.mjs";

export const ACTIONS = ["publish", "subscribe", "presence", "send"];
const EVENTS = ["connected", "disconnected", "message", "direct", "presence", "server-error", "going-away", "token-provider-error"];

const meteredOrigin = (app) => app.stack.gateway_url.replace("http", "ws");
const meteredUrl = (app, query) => `${meteredOrigin(app)}/v1?${new URLSearchParams(query)}`;

/** A JWT of a customer's back end for a peer; `key` as `app.givenTokenKey` gives it. */
export function peerToken(key, sub, { exp = now() + 600, ...claims } = {}) {
  return jwt({ sub, exp, ...claims }, key.token_secret, { header: { typ: "JWT", kid: key.id } });
}

function options(app, { key, token, tokenProvider, ...more }, record) {
  return {
    url: meteredOrigin(app),
    ...(key ? { apiKey: key } : { tokenProvider: tokenProvider ?? (async () => token) }),
    webSocketFactory: (url) => new record.WebSocket(url),
    reconnect: { initialDelayMs: 50, maxDelayMs: 200 },
    ...more,
  };
}

/** A `SignallingClient` that is not connected yet; `client.told[event]` collects what it emits. */
export function signallingClient(t, app, credential) {
  const record = recording(lint);
  const client = new SignallingClient(options(app, credential, record));
  client.record = record;
  client.told = Object.fromEntries(EVENTS.map((event) => [event, []]));
  for (const event of EVENTS) client.on(event, (payload) => client.told[event].push(payload));
  t.after(async () => {
    await client.close();
    record.current()?.terminate();
    record.check();
  });
  return client;
}

export async function signalling(t, app, credential) {
  const client = signallingClient(t, app, credential);
  await client.connect();
  client.peerId = client.told.connected[0].peerId;
  return client;
}

/** A `MeteredPeer` in `channel`, whose WebRTC connections only note what they are told. */
export async function meteredPeer(t, app, credential, channel) {
  const record = recording(lint);
  const peer = new MeteredPeer({ ...options(app, credential, record), rtcPeerConnectionFactory: () => new StubConnection() });
  peer.record = record;
  peer.told = { joined: [], left: [], data: [], errors: [] };
  peer.on("peer-joined", ({ peer: other }) => peer.told.joined.push(other.id));
  peer.on("peer-left", ({ peer: other }) => peer.told.left.push(other.id));
  peer.on("data", (event) => peer.told.data.push(event));
  peer.on("error", ({ err }) => peer.told.errors.push(err));
  t.after(async () => {
    await peer.close();
    record.current()?.terminate();
    record.check();
  });
  await peer.join(channel, { includeSenderMetadata: true });
  return peer;
}

class StubConnection extends EventTarget {
  connectionState = "new";
  signalingState = "stable";
  iceConnectionState = "new";
  localDescription = null;
  remoteDescription = null;
  createOffer = async () => ({ type: "offer", sdp: "v=0" });
  createAnswer = async () => ({ type: "answer", sdp: "v=0" });
  setLocalDescription = async (description) => (this.localDescription = description ?? { type: "offer", sdp: "v=0" });
  setRemoteDescription = async (description) => (this.remoteDescription = description);
  addIceCandidate = async () => {};
  addTrack = () => ({});
  removeTrack = () => {};
  getSenders = () => [];
  createDataChannel = (label) => Object.assign(new EventTarget(), { label, readyState: "connecting", bufferedAmount: 0, send() {}, close() {} });
  setConfiguration = () => {};
  close = () => (this.connectionState = "closed");
}

export async function rawMetered(t, app, { query, headers, settled = true } = {}) {
  const socket = new RawMetered(meteredUrl(app, query), { lint, headers });
  t.after(() => socket.drop());
  if (settled) {
    socket.welcome = await socket.next("welcome");
    socket.peerId = socket.welcome.peerId;
  }
  return socket;
}

class RawMetered extends JsonSocket {
  /** Sends a request and returns its ack or error. */
  async request(frame) {
    const requestId = randomUUID();
    this.send({ ...frame, requestId });
    return this.answer(requestId);
  }

  /** The same for a frame whose `data` must go out byte for byte. */
  async requestRaw(type, where, data) {
    const requestId = randomUUID();
    const members = Object.entries({ type, ...where, requestId }).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
    this.send(`{${members.join(",")},"data":${data}}`);
    return this.answer(requestId);
  }

  answer(requestId) {
    return this.next((frame) => ["ack", "error"].includes(frame.type) && frame.requestId === requestId);
  }

  /** Subscribes; the snapshot that follows the ack. */
  async subscribe(channel, more = {}) {
    const answer = await this.request({ type: "subscribe", channel, ...more });
    if (answer.type !== "ack") throw new Error(`not subscribed to ${channel}: ${JSON.stringify(answer)}`);
    return this.next((frame) => frame.type === "presence" && frame.channel === channel);
  }

  async settle() {
    this.send({ type: "ping" });
    await this.next("pong");
    return this.frames.splice(0);
  }
}

export const heardOn = (client, channel, count, wait) =>
  until(`${count} messages on ${channel}`, () => {
    const on = client.told.message.filter((message) => message.channel === channel);
    return on.length >= count && on;
  }, wait);

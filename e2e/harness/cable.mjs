// AnyCable and Action Cable: the real clients, and a socket without manners of its own.

import { createCable } from "@anycable/core";
import ActionCable from "@rails/actioncable";
import { lint } from "./lint/cable.mjs";
import { recording } from "./recording.mjs";
import { JsonSocket } from "./socket.mjs";

export const BASE = "actioncable-v1-json";
export const EXT = "actioncable-v1-ext-json";
export const UNSUPPORTED = "actioncable-unsupported";

export function cableUrl(app, query = {}) {
  const text = new URLSearchParams(query).toString();
  return `${app.stack.gateway_url.replace("http", "ws")}/apps/${app.key}/cable${text ? `?${text}` : ""}`;
}

/** The identifier of a stream as `@anycable/core` writes it. */
export const publicId = (stream) => JSON.stringify({ channel: "$pubsub", stream_name: stream });
export const signedId = (signed) => JSON.stringify({ channel: "$pubsub", signed_stream_name: signed });

/** `@anycable/core`, quick to come back; `cable.record` has every frame it got. */
export function anycable(t, app, { create = createCable, protocol = BASE, token, url = cableUrl(app), ...options } = {}) {
  const record = recording(lint);
  const cable = create(url, {
    protocol,
    websocketImplementation: record.WebSocket,
    reconnectStrategy: () => 50,
    logLevel: "error",
    ...(token === undefined ? {} : { auth: { token } }),
    ...options,
  });
  cable.record = record;
  t.after(() => {
    cable.monitor?.dispose();
    cable.disconnect();
    record.current()?.terminate();
    record.check();
  });
  return cable;
}

/** A channel of a cable once it is confirmed, with what it heard in `channel.heard`. */
export async function streaming(cable, stream, { signed = false } = {}) {
  const channel = signed ? cable.streamFromSigned(stream) : cable.streamFrom(stream);
  channel.heard = [];
  channel.infos = [];
  channel.presences = [];
  channel.on("message", (message, meta) => channel.heard.push({ message, meta }));
  channel.on("info", (event) => channel.infos.push(event.type));
  channel.on("presence", (event) => channel.presences.push(event));
  await channel.ensureSubscribed();
  return channel;
}

// `@rails/actioncable` expects a page around it.
globalThis.document ??= { visibilityState: "visible", head: { querySelector: () => null } };
globalThis.addEventListener ??= () => {};
globalThis.removeEventListener ??= () => {};

/** `@rails/actioncable`; its WebSocket class is one for all consumers, so all of them are in `consumer.record`. */
export function rails(t, url) {
  const record = recording(lint);
  ActionCable.adapters.WebSocket = record.WebSocket;
  const consumer = ActionCable.createConsumer(url);
  consumer.record = record;
  t.after(() => {
    consumer.subscriptions.guarantor.stopGuaranteeing();
    consumer.disconnect();
    record.current()?.terminate();
    record.check();
  });
  return consumer;
}

/** A subscription of a Rails consumer that notes what its callbacks were told. */
export function created(consumer, params) {
  const told = { connected: [], received: [], disconnected: [], rejected: 0 };
  const subscription = consumer.subscriptions.create(params, {
    connected: (how) => told.connected.push(how),
    received: (message) => told.received.push(message),
    disconnected: (how) => told.disconnected.push(how),
    rejected: () => told.rejected++,
  });
  return Object.assign(subscription, { told });
}

export async function rawCable(t, app, { url, query, protocols = [BASE], headers, settled = true } = {}) {
  const socket = new RawCable(url ?? cableUrl(app, query), { lint, protocols, headers });
  t.after(() => socket.drop());
  if (settled) socket.sid = (await socket.next("welcome")).sid;
  return socket;
}

class RawCable extends JsonSocket {
  command(command, identifier, more = {}) {
    this.send({ command, ...(identifier === undefined ? {} : { identifier }), ...more });
  }

  /** Subscribes and returns the confirmation or the rejection. */
  async subscribe(identifier, more) {
    this.command("subscribe", identifier, more);
    return this.next((frame) => ["confirm_subscription", "reject_subscription"].includes(frame.type) && frame.identifier === identifier);
  }

  async settle() {
    this.command("ping");
    await this.next("pong");
    return this.frames.splice(0).filter(({ type }) => type !== "ping");
  }

  /** The disconnect frame, once the socket is closed with `code` after it. */
  async dismissed(options) {
    const frame = await this.next("disconnect", options);
    const { code } = await this.closing(options);
    return { ...frame, code };
  }
}

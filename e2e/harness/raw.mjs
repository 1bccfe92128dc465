// A Pusher client without manners of its own: sends what it is told, lints and keeps every frame it gets.

import { lint } from "./lint/pusher.mjs";
import { JsonSocket } from "./socket.mjs";

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

class RawClient extends JsonSocket {
  constructor(url, app) {
    super(url, { lint });
    this.app = app;
  }

  /** Everything that came in until a ping sent now was answered: what has not come by then was not sent before. */
  async settle() {
    this.send({ event: "pusher:ping", data: {} });
    await this.next("pusher:pong");
    return this.frames.splice(0);
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
}

// pusher-js as a page uses it, with the customer's two auth endpoints played by handlers.

import Pusher from "pusher-js";
import { until } from "./until.mjs";

export function pusherOptions(app, { member, user, sharedSecret, ...more } = {}) {
  const { hostname, port } = new URL(app.stack.gateway_url);
  return {
    cluster: "none",
    wsHost: hostname,
    wsPort: Number(port),
    forceTLS: false,
    enabledTransports: ["ws", "wss"],
    disableStats: true,
    channelAuthorization: {
      customHandler: ({ socketId, channelName }, callback) => {
        const channelData = channelName.startsWith("presence-") && member ? JSON.stringify(member) : undefined;
        const answer = app.authorize(socketId, channelName, channelData);
        if (channelName.startsWith("private-encrypted-") && sharedSecret) answer.shared_secret = sharedSecret(channelName);
        callback(null, answer);
      },
    },
    userAuthentication: {
      customHandler: ({ socketId }, callback) => callback(null, app.authenticate(socketId, user)),
    },
    ...more,
  };
}

/** A connected pusher-js client that goes away with the test. */
export async function connected(t, app, options) {
  const pusher = new Pusher(app.key, pusherOptions(app, options));
  t.after(() => pusher.disconnect());
  await until("pusher-js is connected", () => pusher.connection.state === "connected");
  return pusher;
}

/** The channel, once the server has let this client in. */
export async function subscribed(pusher, name) {
  const channel = pusher.subscribe(name);
  await until(`subscription to ${name}`, () => channel.subscribed);
  return channel;
}

/** Collects what a pusher-js object emits. */
export function heard(emitter, event) {
  const calls = [];
  emitter.bind(event, (data, metadata) => calls.push({ data, metadata }));
  return {
    calls,
    first: (options) => until(`event ${event}`, () => calls[0], options),
    count: (n, options) => until(`${n} times ${event}; had ${calls.length}`, () => calls.length >= n && calls, options),
  };
}

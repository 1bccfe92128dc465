// What nearly every test file starts with: the shared stack, an account of its own, and apps on demand.

import Pusher from "pusher";
import { givenApp } from "./apps.mjs";
import { givenAccount } from "./management.mjs";
import { sharedStack } from "./stack.mjs";

export const EVERYTHING_ON = { client_events: true, subscription_counting: true, watchlist_events: true };

/** Everything that the five dialects can do, switched on. */
export const OPEN = {
  ...EVERYTHING_ON,
  anycable: { anonymous: true, public_streams: true, whisper: true },
};

export async function givenSuite() {
  const stack = await sharedStack();
  const account = await givenAccount(stack);
  return { stack, account, givenApp: (options) => givenApp(account, options) };
}

/** The official server SDK for Node, pointed at the gateway. */
export function serverSdk(app, more = {}) {
  const { hostname, port } = new URL(app.stack.gateway_url);
  return new Pusher({ appId: app.id, key: app.key, secret: app.secret, host: hostname, port, useTLS: false, ...more });
}

/** The parsed body of a server SDK's answer. */
export async function body(response) {
  return (await response).json();
}

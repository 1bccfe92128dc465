// An app as its owner holds it: ids and secrets, and signed or Bearer requests in its name.

import { createHash, createHmac } from "node:crypto";
import { jwt, signedName } from "./tokens.mjs";
import { until } from "./until.mjs";

let made = 0;

/** What an app on the free plan may use, whatever plan the tests' accounts are on. */
const USUAL = {
  max_connections: 200,
  max_publishes_per_s: 200,
  max_reads_per_s: 50,
  max_payload_bytes: 65536,
  max_presence_members: 100,
  max_channels_per_connection: 200,
};

/** A new app of `account`, known to the gateway with these settings when this returns. */
export async function givenApp(account, { settings, limits, name = `app ${++made}` } = {}) {
  const { app, credential } = await account.api.call("POST", `/v1/organisations/${account.organisation.id}/apps`, { name });
  const given = new App(account, { id: app.id, key: credential.key, secret: credential.secret });
  await given.change({ settings, limits: { ...USUAL, ...limits } });
  // The feed keeps the order of commits: where a later key is known, the change before it is too.
  await given.givenKey({ actions: ["channels.read"], name: "settled" });
  await until("the gateway knows the app", async () => (await given.get("/channels")).status === 200);
  return given;
}

export class App {
  constructor(account, { id, key, secret }) {
    Object.assign(this, { account, stack: account.stack, id, key, secret });
  }

  change(patch) {
    return this.account.api.call("PATCH", `/v1/apps/${this.id}`, patch);
  }

  /** A scoped secret key, in force when this returns. */
  async givenKey({ actions, channels = ["**"], name = "e2e", ...rest }) {
    const { key, token } = await this.account.api.call("POST", `/v1/apps/${this.id}/keys`, { name, actions, channels, ...rest });
    await until("the gateway knows the key", async () => !isUnknown(await this.bearer(token, "GET", "/channels")));
    return { ...key, token };
  }

  /** A publishable key, in force when this returns. */
  async givenPublishableKey({ actions = ["publish", "subscribe", "presence", "send"], channels = ["**"], name = "e2e", ...rest } = {}) {
    const key = await this.account.api.call("POST", `/v1/apps/${this.id}/publishable-keys`, { name, actions, channels, ...rest });
    // The feed keeps the order of commits: where a later key is known, this one is too.
    await this.givenKey({ actions: ["channels.read"], name: "settled" });
    return key;
  }

  /** A secret key that signs tokens: `id`, `token`, `token_secret` and `pair`. */
  async givenTokenKey({ actions = ["publish", "subscribe", "presence", "send"], channels = ["**"], name = "e2e", ...rest } = {}) {
    const answer = await this.account.api.call("POST", `/v1/apps/${this.id}/keys`, { name, actions, channels, token_secret: true, ...rest });
    await this.givenKey({ actions: ["channels.read"], name: "settled" });
    const { key, token, token_secret, pair } = answer;
    return { ...key, token, token_secret, pair };
  }

  hmac(text) {
    return hmac(this.secret, text);
  }

  /** A request in the Relay dialect: the app's secret is the Bearer. */
  relay(method, path, body) {
    return this.bearer(this.secret, method, path, body);
  }

  /** A request in the AnyCable dialect below the app's prefix, with the Bearer that fits the path. */
  cable(method, path, body, headers = {}) {
    const label = path.startsWith("/_broadcast") ? "broadcast-cable" : "api-cable";
    return this.send(method, `/apps/${this.key}${path}`, texted(body), { authorization: `Bearer ${this.hmac(label)}`, ...headers });
  }

  /** A request in the Metered dialect. */
  metered(credential, method, path, body) {
    return this.send(method, `/v1${path}`, texted(body), credential === undefined ? {} : { authorization: `Bearer ${credential}` });
  }

  /** The signed name of a stream, as the customer's back end makes it. */
  signedStream(name, how) {
    return signedName(name, this.secret, how);
  }

  /** An AnyCable token; `ext` is what the customer says of its user. */
  cableToken(ext, { exp, ...how } = {}) {
    const claims = { ext: typeof ext === "string" ? ext : JSON.stringify(ext), ...(exp === undefined ? {} : { exp }) };
    return jwt(claims, this.secret, how);
  }

  /** The answer of the customer's auth endpoint for a channel. */
  authorize(socketId, channel, channelData) {
    const text = channelData === undefined ? `${socketId}:${channel}` : `${socketId}:${channel}:${channelData}`;
    return { auth: `${this.key}:${this.hmac(text)}`, ...(channelData === undefined ? {} : { channel_data: channelData }) };
  }

  /** The answer of the customer's user authentication endpoint. */
  authenticate(socketId, user) {
    const user_data = typeof user === "string" ? user : JSON.stringify(user);
    return { auth: `${this.key}:${this.hmac(`${socketId}::user::${user_data}`)}`, user_data };
  }

  get(path, query) {
    return this.signed("GET", path, undefined, query);
  }

  post(path, body, query) {
    return this.signed("POST", path, body, query);
  }

  signed(method, path, body, query) {
    const text = texted(body);
    const full = `/apps/${this.id}${path}`;
    return this.send(method, `${full}?${signedQuery(this, method, full, { body: text, query })}`, text);
  }

  bearer(token, method, path, body) {
    const text = texted(body);
    return this.send(method, `/apps/${this.id}${path}`, text, { authorization: `Bearer ${token}` });
  }

  async send(method, target, body, headers = {}) {
    const response = await fetch(this.stack.gateway_url + target, {
      method,
      body,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: jsonOr(text) };
  }

  publish(channel, name, data, more = {}) {
    return this.post("/events", { name, channel, data: typeof data === "string" ? data : JSON.stringify(data), ...more });
  }
}

/** The query of a signed request, as section 15 of the protocol sheet builds it; `override` breaks it on purpose. */
export function signedQuery(app, method, path, { body, query = {}, at = Math.floor(Date.now() / 1000), override = {} } = {}) {
  const parameters = { ...query, auth_key: app.key, auth_timestamp: String(at), auth_version: "1.0" };
  if (body) parameters.body_md5 = createHash("md5").update(body).digest("hex");
  Object.assign(parameters, override);
  const sorted = Object.keys(parameters).sort();
  const text = [method, path, sorted.map((name) => `${name.toLowerCase()}=${parameters[name]}`).join("&")].join("\n");
  const sent = sorted.map((name) => `${name}=${encodeURIComponent(parameters[name])}`);
  return [...sent, `auth_signature=${hmac(app.secret, text)}`].join("&");
}

/** Whether a Bearer was refused as nobody's; one that lacks a scope is somebody's. */
export function isUnknown({ status, json }) {
  return status === 401 || (status === 403 && json?.error === "Invalid app secret");
}

export function hmac(secret, text) {
  return createHmac("sha256", secret).update(text).digest("hex");
}

function texted(body) {
  return body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
}

function jsonOr(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

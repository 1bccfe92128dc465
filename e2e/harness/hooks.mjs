// Endpoints by the management API, and channel events as a gateway tells them.

import { randomUUID } from "node:crypto";
import { sleep } from "./until.mjs";

/** An endpoint of `app`: `{ id, secret, path, call(method, rest, body) }`. */
export async function givenHook(app, sink, wanted = {}) {
  const api = app.account.api;
  const base = `/v1/apps/${app.id}/webhooks`;
  const { endpoint, secret } = await api.call("POST", base, { url: sink.url, ...wanted });
  const path = `${base}/${endpoint.id}`;
  return { id: endpoint.id, secret, path, get: () => api.call("GET", path), call: (method, rest, body) => api.call(method, path + rest, body) };
}

/** The same, of the whole organisation. */
export async function givenOwnHook(account, sink, wanted = {}) {
  const base = `/v1/organisations/${account.organisation.id}/webhooks`;
  const { endpoint, secret } = await account.api.call("POST", base, { url: sink.url, ...wanted });
  return { id: endpoint.id, secret, path: `${base}/${endpoint.id}` };
}

/** All deliveries of an endpoint that a query finds, over all pages. */
export async function deliveries(hook, query = {}) {
  const found = [];
  for (let cursor; ; ) {
    const params = new URLSearchParams({ limit: "100", ...query, ...(cursor ? { cursor } : {}) });
    const page = await hook.call("GET", `/deliveries?${params}`);
    found.push(...page.items);
    cursor = page.next_cursor;
    if (!cursor) return found;
  }
}

/** A gateway of our own: numbers what happens and tells it until it is taken, like a real one. */
export class Teller {
  #seq = 0;
  #boot = randomUUID();

  constructor(stack) {
    this.stack = stack;
  }

  async tell(app, events) {
    const body = JSON.stringify({
      gateway: "teller",
      boot: this.#boot,
      events: events.map((event) => ({ seq: ++this.#seq, app: app.id, at_ms: Date.now(), ...event })),
    });
    for (;;) {
      const status = await this.#post(body);
      if (status === 204) return;
      if (status !== undefined && status < 500) throw new Error(`told and refused: ${status}`);
      await sleep(50);
    }
  }

  async #post(body) {
    const token = this.stack.operator.env.SIGNALBOX_GATEWAY_TOKEN;
    try {
      const response = await fetch(`${this.stack.console_url}/internal/v1/channel-events`, {
        method: "POST",
        body,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        signal: AbortSignal.timeout(5000),
      });
      return response.status;
    } catch {
      return undefined; // away, or killed while it listened
    }
  }
}

export const joined = (channel, n) => ({ channel, name: "member_added", user_id: `u${n}` });
export const occupied = (channel) => ({ channel, name: "channel_occupied" });

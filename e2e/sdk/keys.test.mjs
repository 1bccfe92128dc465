// Bearer secret keys and their scopes: in Relay's words where the path is Relay's too, in Pusher's elsewhere.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { isUnknown } from "../harness/apps.mjs";
import { rawClient } from "../harness/raw.mjs";
import { EVERYTHING_ON, givenSuite } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";

describe("secret keys", () => {
  let suite, app, keys;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: EVERYTHING_ON });
    keys = {
      publisher: await app.givenKey({ actions: ["publish"], channels: ["news", "private-team.*", "presence-ok"] }),
      reader: await app.givenKey({ actions: ["channels.read"], channels: ["**"] }),
      presence: await app.givenKey({ actions: ["presence"], channels: ["presence-*"] }),
      terminator: await app.givenKey({ actions: ["users.terminate"], channels: ["**"] }),
      sender: await app.givenKey({ actions: ["send"], channels: ["**"] }),
      all: await app.givenKey({ actions: ["publish", "presence", "send", "channels.read", "users.terminate"], channels: ["**"] }),
    };
  });

  const event = (channel) => ({ name: "e", channel, data: "1" });
  const ROWS = [
    ["publisher", "POST", "/events", event("news"), 200],
    ["publisher", "POST", "/events", event("private-team.42"), 200],
    ["publisher", "POST", "/events", event("other"), 403],
    ["publisher", "POST", "/events", event("newsroom"), 403],
    ["publisher", "POST", "/events", { name: "e", channels: ["news", "other"], data: "1" }, 403],
    ["publisher", "POST", "/batch_events", { batch: [event("news"), event("other")] }, 403],
    ["publisher", "POST", "/batch_events", { batch: [event("news")] }, 200],
    ["publisher", "GET", "/channels", undefined, 403],
    ["publisher", "POST", "/users/u/terminate_connections", {}, 403],
    ["reader", "GET", "/channels", undefined, 200],
    ["reader", "GET", "/channels/news", undefined, 404],
    ["reader", "POST", "/events", event("news"), 403],
    ["terminator", "POST", "/users/u/terminate_connections", {}, 200],
    ["terminator", "POST", "/events", event("news"), 403],
    ["all", "POST", "/events", event("anything"), 200],
    ["all", "GET", "/channels/presence-x/users", undefined, 404],
    ["all", "POST", "/users/u/events", { name: "e", data: "1" }, 200],
    ["all", "POST", "/events", { name: "e", channel: "news", data: "x".repeat(65537) }, 413],
  ];
  for (const [who, method, path, body, status] of ROWS) {
    const what = body?.channel ?? body?.channels ?? body?.batch?.map(({ channel }) => channel) ?? "";
    test(`${who}: ${method} ${path} ${String(what)} is answered with ${status}`, async () => {
      const answer = await app.bearer(keys[who].token, method, path, body);
      assert.equal(answer.status, status, answer.text);
      if (status !== 200) assert.equal(typeof answer.json.error, "string");
    });
  }

  test("what a secret key publishes arrives", async (t) => {
    const client = await rawClient(t, app);
    await client.subscribe("news");
    await app.bearer(keys.publisher.token, "POST", "/events", event("news"));
    await client.next("e");
  });

  const unknown = (token) => `${token.slice(0, -1)}${token.endsWith("0") ? "1" : "0"}`;
  const WRONG = [
    ["a wrong checksum", () => unknown(keys.all.token)],
    ["nothing", () => ""],
    ["another scheme of key", () => "sk_live_abcdef"],
    ["a very long token", () => `sk_sbx_${"a".repeat(3000)}`],
  ];
  for (const [what, token] of WRONG) {
    test(`${what} is refused without details, on either dialect's path`, async () => {
      const answer = await app.bearer(token(), "POST", "/events", event("news"));
      assert.ok(isUnknown(answer), `${answer.status} ${answer.text}`);
      assert.deepEqual(Object.keys(answer.json), ["error", "refusal"]);
      assert.deepEqual(Object.keys(answer.json.refusal), ["request_id", "code"]);
      assert.equal((await app.bearer(token(), "POST", "/batch_events", { batch: [event("news")] })).status, 401);
      assert.ok(!answer.text.includes(app.secret));
    });
  }

  test("a key of another app is as good as none", async () => {
    const other = await suite.givenApp();
    const foreign = await other.givenKey({ actions: ["publish"], channels: ["**"] });
    assert.ok(isUnknown(await app.bearer(foreign.token, "POST", "/events", event("news"))));
  });

  test("an empty list of channels permits nothing", async (t) => {
    const made = await app.account.api.send("POST", `/v1/apps/${app.id}/keys`, { name: "none", actions: ["publish"], channels: [] });
    if (made.status === 422 || made.status === 400) return t.diagnostic("refused when it is made");
    await until("the key is known", async () => !isUnknown(await app.bearer(made.json.token, "POST", "/events", event("news"))));
    assert.equal((await app.bearer(made.json.token, "POST", "/events", event("news"))).status, 403);
  });

  test("a key that has expired is refused", async () => {
    const soon = new Date(Date.now() + 2500).toISOString();
    const key = await app.givenKey({ actions: ["publish", "channels.read"], channels: ["**"], expires_at: soon });
    assert.equal((await app.bearer(key.token, "POST", "/events", event("news"))).status, 200);
    await until("it has expired", async () => [401, 403].includes((await app.bearer(key.token, "POST", "/events", event("news"))).status), { within: 4000 });
  });

  test("publishing faster than the app may is answered with 429, a time to wait, and works after it", async () => {
    const small = await suite.givenApp({ limits: { max_publishes_per_s: 5 } });
    const key = await small.givenKey({ actions: ["publish"], channels: ["**"] });
    const answers = [];
    for (let n = 0; n < 60; n++) answers.push(n % 2 ? await small.publish("a", "e", "1") : await small.bearer(key.token, "POST", "/events", event("a")));
    const limited = answers.filter(({ status }) => status === 429);
    assert.ok(limited.length > 20, `${limited.length} of 60 refused`);
    assert.equal(limited.find(({ json }) => json.code).json.code, "rate_limited", "in Pusher's words");
    assert.equal(limited.find(({ json }) => !json.code).json.error, "rate limit exceeded", "in Relay's");
    const wait = Number(limited.at(-1).headers.get("retry-after"));
    assert.ok(Number.isInteger(wait) && wait >= 1 && wait <= 5, `Retry-After: ${wait}`);
    await until("there is room again", async () => (await small.publish("a", "e", "1")).status === 200, { within: wait * 1000 + 500 });
  });
});

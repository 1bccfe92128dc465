// What the management API says about when credentials were last used. Gateways report it every 10 s.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { givenApp } from "../harness/apps.mjs";
import { givenAccount } from "../harness/management.mjs";
import { rawClient } from "../harness/raw.mjs";
import { ownStack } from "../harness/stack.mjs";
import { givenSuite } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";

const REPORTED = { within: 15_000, every: 250 };

describe("last uses", { concurrency: true }, () => {
  let suite;
  before(async () => {
    suite = await givenSuite();
  });

  const listed = async (app, kind) => (await app.account.api.call("GET", `/v1/apps/${app.id}/${kind}`)).items;
  const credential = async (app, key) => (await listed(app, "credentials")).find((item) => item.key === key);
  const secretKey = async (app, id) => (await listed(app, "keys")).find((item) => item.id === id);

  /** `used_s`: Unix seconds just before the use. */
  const checkTime = (iso, used_s) => {
    const at = Date.parse(iso);
    assert.ok(at >= used_s * 1000 && at <= Date.now() + 1000, `${iso} is not between the use and now`);
  };

  test("signed requests and requests with a secret key say so; what was not used stays unused", async () => {
    const app = await suite.givenApp();
    const { credential: spare } = await suite.account.api.call("POST", `/v1/apps/${app.id}/credentials`, {});
    const publisher = await app.givenKey({ actions: ["publish"] });
    const { key: idle } = await suite.account.api.call("POST", `/v1/apps/${app.id}/keys`, { name: "idle", actions: ["publish"], channels: ["**"] });
    const used_s = Math.floor(Date.now() / 1000);
    assert.equal((await app.publish("news", "e", "1")).status, 200);
    assert.equal((await app.bearer(publisher.token, "POST", "/events", { name: "e", channel: "news", data: "1" })).status, 200);
    const since = (item) => item.last_used_at && Date.parse(item.last_used_at) >= used_s * 1000 && item;
    const pair = await until("the pair counts as used", async () => since(await credential(app, app.key)), REPORTED);
    const key = await until("the key counts as used", async () => since(await secretKey(app, publisher.id)), REPORTED);
    checkTime(pair.last_used_at, used_s);
    checkTime(key.last_used_at, used_s);
    assert.equal((await credential(app, spare.key)).last_used_at, null);
    assert.equal((await secretKey(app, idle.id)).last_used_at, null);
  });

  test("a connection is a use of the key it was opened with", async (t) => {
    const app = await suite.givenApp();
    const { credential: browsers } = await suite.account.api.call("POST", `/v1/apps/${app.id}/credentials`, {});
    await until("the gateway knows the pair's key", async () => (await app.send("GET", `/apps/${browsers.key}/channels`)).json.error !== "Unknown app ID");
    assert.equal((await credential(app, browsers.key)).last_used_at, null, "a request that was refused is no use");
    const used_s = Math.floor(Date.now() / 1000);
    const client = await rawClient(t, app, { key: browsers.key });
    await client.subscribe("news");
    const pair = await until("the pair counts as used", async () => {
      const item = await credential(app, browsers.key);
      return item.last_used_at && item;
    }, REPORTED);
    checkTime(pair.last_used_at, used_s);
  });

  test("a gateway that stops reports what was used since its last round", async (t) => {
    const stack = await ownStack(t);
    const app = await givenApp(await givenAccount(stack));
    assert.equal((await app.publish("news", "e", "1")).status, 200);
    await stack.stop("gateway");
    assert.notEqual((await credential(app, app.key)).last_used_at, null);
  });
});

// Caps hold: exactly at one gateway, and closely when several share them.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { App, givenApp } from "../harness/apps.mjs";
import { givenAccount } from "../harness/management.mjs";
import { rawClient, socketUrl } from "../harness/raw.mjs";
import { lifetime, ownStack } from "../harness/stack.mjs";
import { sleep, until } from "../harness/until.mjs";

const AT_ONCE = 200;

describe("caps", { timeout: 180000 }, () => {
  const life = lifetime();
  let stack, account;
  before(async () => {
    stack = await ownStack(life);
    account = await givenAccount(stack);
  });

  /** Publishes `count` times, so many at once, at the gateways in turn; answers by status. */
  async function publish(apps, count, atOnce = AT_ONCE) {
    const statuses = {};
    let sent = 0;
    const work = async () => {
      while (sent < count) {
        const app = apps[sent++ % apps.length];
        const { status } = await app.publish("capped", "e", "x");
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return statuses;
  }

  const pool = async (app) => (await account.api.call("GET", `/v1/apps/${app.id}/usage`)).quotas.find(({ rule }) => rule === "app_messages");
  const settled = (app, key) => app.givenKey({ actions: ["channels.read"], name: `settled ${key}` });

  test(`${AT_ONCE} requests at once cross a quota: exactly the quota passes, and more once it is raised`, async () => {
    const app = await givenApp(account, { limits: { max_publishes_per_s: 10000 } });
    await app.change({ messages_per_day: 60 });
    await settled(app, 1);
    assert.deepEqual(await publish([app], AT_ONCE), { 200: 60, 429: AT_ONCE - 60 });
    await app.change({ messages_per_day: 75 });
    await until("the raised cap lets one through", async () => (await app.publish("capped", "e", "x")).status === 200, { within: 2000 });
    assert.deepEqual(await publish([app], 50), { 200: 14, 429: 36 });
    assert.equal((await pool(app)).left, 0);
  });

  test("two gateways share one quota", async () => {
    const first = await givenApp(account, { limits: { max_publishes_per_s: 10000 } });
    await stack.start("second_gateway");
    const second = new App({ ...account, stack: { ...stack, gateway_url: stack.second_gateway_url } }, first);
    await until("the second gateway knows the app", async () => (await second.get("/channels")).status === 200);
    await first.change({ messages_per_day: 2000 });
    const { token } = await settled(first, 2);
    await until("both gateways know the quota", async () => (await second.bearer(token, "GET", "/channels")).status === 200);
    const statuses = await publish([first, second], 3000, 40);
    assert.deepEqual(Object.keys(statuses), ["200", "429"], JSON.stringify(statuses));
    assert.ok(statuses[200] >= 1998 && statuses[200] <= 2100, JSON.stringify(statuses));
  });

  test("connections: as many as allowed over both gateways, the next is told 4004", async (t) => {
    const first = await givenApp(account);
    const second = new App({ ...account, stack: { ...stack, gateway_url: stack.second_gateway_url } }, first);
    await until("the second gateway knows the app", async () => (await second.get("/channels")).status === 200);
    await first.change({ limits: { max_connections: 20 } });
    const { token } = await settled(first, 3);
    await until("both gateways know the limit", async () => (await second.bearer(token, "GET", "/channels")).status === 200);
    // An app that is new to a gateway is let in before the first answer about it has come.
    for (const app of [first, second]) await rawClient(t, app);
    await sleep(2000);
    const outcomes = await Promise.all(
      Array.from({ length: 38 }, async (_, n) => {
        const client = await rawClient(t, n % 2 ? first : second, { url: socketUrl(n % 2 ? first : second), settled: false });
        const frame = await client.next((frame) => frame);
        return frame.event === "pusher:connection_established" ? "open" : (frame.data.code ?? JSON.parse(frame.data).code);
      }),
    );
    const open = outcomes.filter((outcome) => outcome === "open").length;
    assert.deepEqual([...new Set(outcomes)].sort(), [4004, "open"]);
    assert.equal(open, 18, "with the two that were open before");
  });
});

// Looking back: what is kept of an app's events and what is only counted are together all that happened.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { givenApp } from "../harness/apps.mjs";
import { givenAccount } from "../harness/management.mjs";
import { rawClient } from "../harness/raw.mjs";
import { relayClient } from "../harness/relay.mjs";
import { lifetime, ownStack } from "../harness/stack.mjs";
import { OPEN } from "../harness/suite.mjs";
import { sleep, until } from "../harness/until.mjs";

describe("looking back", { timeout: 180000 }, () => {
  const life = lifetime();
  let stack, account, app;
  before(async () => {
    stack = await ownStack(life);
    account = await givenAccount(stack);
    app = await givenApp(account, { settings: OPEN, limits: { max_publishes_per_s: 10000 } });
  });

  const page = (query = {}) => account.api.call("GET", `/v1/apps/${app.id}/live/history?${new URLSearchParams(query)}`);

  /** Everything that is there, and how much happened: what was kept and what was only counted. */
  async function everything(query = {}) {
    const items = [];
    for (let cursor; cursor !== null; ) {
      const next = await page({ limit: 200, ...query, ...(cursor ? { cursor } : {}) });
      items.push(...next.items);
      cursor = next.next_cursor;
    }
    const dropped = items.reduce((sum, { count }) => sum + (count ?? 0), 0);
    return { items, dropped, happened: items.filter(({ kind }) => kind !== "dropped").length + dropped };
  }

  /** The same once nothing more comes: reports leave every second. */
  async function settled() {
    let before = -1;
    return until("no more comes", async () => {
      const now = await everything();
      const isSame = now.happened === before;
      before = now.happened;
      if (!isSame) await sleep(2200);
      return isSame && now;
    }, { within: 30000 });
  }

  test("a burst over HTTP and sockets of two dialects adds up to the last event", async (t) => {
    const { happened: already } = await settled();
    const pusher = await rawClient(t, app);
    await pusher.subscribe("private-orders-1");
    const relay = await relayClient(t, app);
    await relay.subscribed("news");
    for (let n = 0; n < 3; n++) pusher.send({ event: "client-typing", channel: "private-orders-1", data: { n } });
    await pusher.settle();
    const batches = Array.from({ length: 100 }, (_, n) => n);
    const work = async () => {
      for (let n = batches.shift(); n !== undefined; n = batches.shift()) {
        const batch = Array.from({ length: 10 }, (_, m) => ({ name: `e${n}-${m}`, channel: "load", data: "{}" }));
        assert.equal((await app.post("/batch_events", { batch })).status, 200);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));

    const told = await settled();
    assert.equal(told.happened - already, 1000 + 2 + 2 + 3);
    assert.ok(told.dropped > 500, "most of a burst is only counted");
    const times = told.items.map(({ at_ms }) => at_ms);
    assert.deepEqual(times, times.toSorted((a, b) => b - a), "newest first");
    const isOf = (kind, dialect) => (item) => item.kind === kind && item.dialect === dialect;
    for (const [kind, dialect] of [["connection_opened", "pusher"], ["connection_opened", "relay"], ["subscribed", "relay"], ["published", "pusher"]]) {
      assert.ok(told.items.some(isOf(kind, dialect)), `${kind} in ${dialect}`);
    }

    const { items } = await everything({ kinds: "client_event", channel: "private-orders-*", socket_id: pusher.socketId });
    const typed = items.filter(({ kind }) => kind !== "dropped");
    assert.deepEqual(typed.map(({ event, data, data_bytes }) => [event, data, data_bytes]), [2, 1, 0].map((n) => ["client-typing", `{"n":${n}}`, 7]));
    const found = await everything({ q: "PRIVATE-ORDERS", kinds: "subscribed" });
    assert.equal(found.items.filter(({ kind }) => kind === "subscribed").length, 1);
  });

  test("what happens while the control plane is killed comes when it is back", async () => {
    const { happened: already } = await settled();
    await stack.kill("control_plane");
    for (let n = 0; n < 20; n++) assert.equal((await app.publish("away", `away-${n}`, "x")).status, 200);
    await sleep(2500);
    await stack.start("control_plane");
    const told = await until("all of it is there", async () => {
      const away = await everything({ channel: "away", kinds: "published" });
      return away.items.filter(({ kind }) => kind === "published").length >= 20 && away;
    }, { within: 15000, every: 200 });
    const names = told.items.filter(({ kind }) => kind === "published").map(({ event }) => event);
    assert.deepEqual(names, Array.from({ length: 20 }, (_, n) => `away-${19 - n}`));
    assert.equal((await settled()).happened - already, 20, "nothing twice");
  });

  test("a gateway that is stopped tells what it has first", async () => {
    await sleep(2000);
    assert.equal((await app.publish("last", "last-words", "x")).status, 200);
    await stack.stop("gateway");
    const { items } = await page({ event: "last-words" });
    assert.equal(items.filter(({ event }) => event === "last-words").length, 1);
    await stack.start("gateway");
    await until("the gateway is back", async () => (await app.get("/channels")).status === 200, { within: 15000 });
  });

  test("switched off, nothing is kept; without payloads, none are", async () => {
    const set = async (live_history) => {
      await app.change({ settings: { live_history } });
      await app.givenKey({ actions: ["channels.read"], name: `settled ${live_history}` });
    };
    const long = "y".repeat(3000);
    const publish = async (name) => assert.equal((await app.publish("settings", name, long)).status, 200);
    const named = async (event) => (await page({ event })).items.filter((item) => item.event === event);
    const shown = (event) => until(`${event} is there`, async () => (await named(event))[0], { within: 10000, every: 200 });

    await publish("in-full");
    const full = await shown("in-full");
    assert.deepEqual([full.data, full.data_bytes], [long.slice(0, 1024), 3000]);

    await set("without_data");
    assert.equal((await named("in-full"))[0].data, undefined, "hidden at once");
    await publish("in-part");
    const part = await shown("in-part");
    assert.deepEqual([part.data, part.data_bytes, part.channel], [undefined, 3000, "settings"]);

    await set("off");
    await publish("hidden");
    assert.deepEqual(await page().then(({ items, kept }) => [items, kept]), [[], "off"]);
    await sleep(2500);
    await set("with_data");
    await publish("seen");
    await shown("seen");
    assert.deepEqual(await named("hidden"), []);
    await until("what was kept before is deleted", async () => (await named("in-full")).length === 0, { within: 20000, every: 200 });
  });
});

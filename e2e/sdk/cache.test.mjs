import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { connected, heard } from "../harness/browsers.mjs";
import { rawClient } from "../harness/raw.mjs";
import { body, EVERYTHING_ON, givenSuite, serverSdk } from "../harness/suite.mjs";

const MASTER = Buffer.alloc(32, 9).toString("base64");

describe("cache channels", () => {
  let app, sdk;
  before(async () => {
    app = await (await givenSuite()).givenApp({ settings: { ...EVERYTHING_ON, cache_ttl_s: 60 } });
    sdk = serverSdk(app, { encryptionMasterKeyBase64: MASTER });
  });
  const options = () => ({
    member: { user_id: "ann" },
    sharedSecret: (channel) => sdk.channelSharedSecret(channel).toString("base64"),
  });

  for (const prefix of ["cache-", "private-cache-", "private-encrypted-cache-", "presence-cache-"]) {
    test(`${prefix}: the last event waits for who comes later`, async (t) => {
      const name = `${prefix}bus.7`;
      await sdk.trigger(name, "location", { lat: 1 });
      await sdk.trigger(name, "location", { lat: 51.5 });
      const pusher = await connected(t, app, options());
      const channel = pusher.subscribe(name);
      const [events, misses] = [heard(channel, "location"), heard(channel, "pusher:cache_miss")];
      assert.deepEqual((await events.first()).data, { lat: 51.5 });
      assert.deepEqual([events.calls.length, misses.calls.length], [1, 0]);
    });

    test(`${prefix}: nothing there is said to be missing`, async (t) => {
      const pusher = await connected(t, app, options());
      await heard(pusher.subscribe(`${prefix}empty`), "pusher:cache_miss").first();
    });
  }

  test("succeeded comes first, then the cached event, with its channel", async (t) => {
    await app.publish("cache-order", "moved", '{"x": 1.50}');
    const client = await rawClient(t, app);
    client.send({ event: "pusher:subscribe", data: { channel: "cache-order" } });
    await client.next("moved");
    const frames = [...client.frames];
    assert.deepEqual(frames.map(({ event }) => event).slice(0, 1), ["pusher_internal:subscription_succeeded"]);
    const again = await rawClient(t, app);
    await again.subscribe("cache-order");
    assert.deepEqual(await again.next("moved"), { event: "moved", channel: "cache-order", data: '{"x": 1.50}' });
  });

  test("a channel that only looks like a cache has none", async (t) => {
    await app.publish("mycache-1", "e", "1");
    const client = await rawClient(t, app);
    await client.subscribe("mycache-1");
    assert.deepEqual((await client.settle()).filter(({ event }) => event !== "pusher_internal:subscription_count"), []);
  });

  test("what a client says is not remembered", async (t) => {
    const name = "private-cache-chat";
    await app.publish(name, "server", "kept");
    const [one, two] = [await rawClient(t, app), await rawClient(t, app)];
    await one.subscribe(name);
    await two.subscribe(name);
    await two.next("server");
    one.send({ event: "client-said", channel: name, data: "gone" });
    await two.next("client-said");
    const late = await rawClient(t, app);
    await late.subscribe(name);
    assert.equal((await late.next("server")).data, "kept");
  });

  test("info=cache reads it over HTTP, occupied or not", async () => {
    await app.publish("cache-read", "moved", '{"lat":51.5}');
    const { occupied, cache } = await body(sdk.get({ path: "/channels/cache-read", params: { info: "cache" } }));
    assert.equal(occupied, false);
    assert.equal(cache.event, "moved");
    assert.equal(cache.data, '{"lat":51.5}');
    assert.ok(Number.isInteger(cache.ttl) && cache.ttl > 50 && cache.ttl <= 60, `ttl ${cache.ttl}`);
    assert.deepEqual(await body(sdk.get({ path: "/channels/cache-none", params: { info: "cache,subscription_count" } })), {
      occupied: false,
      subscription_count: 0,
      cache: null,
    });
  });

  test("it is stored even when the only listener was left out", async (t) => {
    const listener = await rawClient(t, app);
    await listener.subscribe("cache-excluded");
    await listener.next("pusher:cache_miss");
    await app.publish("cache-excluded", "e", "1", { socket_id: listener.socketId });
    const late = await rawClient(t, app);
    await late.subscribe("cache-excluded");
    assert.equal((await late.next("e")).data, "1");
    assert.ok(!(await listener.settle()).some(({ event }) => event === "e"));
  });
});

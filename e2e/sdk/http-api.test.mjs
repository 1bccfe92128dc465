// The HTTP API through the Node SDK and in hand-signed requests: bodies and statuses of both mandates.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { signedQuery } from "../harness/apps.mjs";
import { connected, heard, subscribed } from "../harness/browsers.mjs";
import { rawClient } from "../harness/raw.mjs";
import { body, EVERYTHING_ON, givenSuite, serverSdk } from "../harness/suite.mjs";

describe("HTTP API", () => {
  let suite, app, sdk;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: EVERYTHING_ON });
    sdk = serverSdk(app);
  });

  async function occupied(t, ...channels) {
    const client = await rawClient(t, app);
    for (const channel of channels) await client.subscribe(channel, channel.startsWith("presence-") ? { member: { user_id: "u" } } : {});
    return client;
  }

  test("the app's key in the path works like its id, and as app_id of an SDK", async (t) => {
    const client = await occupied(t, "by-key");
    const byKey = serverSdk({ ...app, id: app.key, stack: app.stack });
    assert.deepEqual(await body(byKey.trigger("by-key", "e", 1)), {});
    await client.next("e");
  });

  test("answers are JSON, 200, and leave the connection open", async () => {
    const answer = await app.publish("a", "e", "1");
    assert.equal(answer.status, 200);
    assert.equal(answer.text, "{}");
    assert.match(answer.headers.get("content-type"), /^application\/json/);
    assert.notEqual(answer.headers.get("connection"), "close");
  });

  test("trigger answers the asked-for counts per channel", async (t) => {
    await occupied(t, "counted", "presence-counted");
    const answer = await body(sdk.trigger(["counted", "presence-counted"], "e", 1, { info: "subscription_count,user_count" }));
    assert.deepEqual(answer, { channels: { counted: { subscription_count: 1 }, "presence-counted": { subscription_count: 1, user_count: 1 } } });
  });

  test("a batch arrives, each item once, each channel in order, without the connection it names", async (t) => {
    const [one, two] = [await occupied(t, "b1", "b2"), await occupied(t, "b1", "b2")];
    const batch = [
      { channel: "b1", name: "first", data: { n: 1 } },
      { channel: "b2", name: "second", data: "2", socket_id: one.socketId },
      { channel: "b1", name: "third", data: "3" },
    ];
    assert.deepEqual(await body(sdk.triggerBatch(structuredClone(batch))), {});
    const names = async (client) => {
      const frames = await client.settle();
      return ["b1", "b2"].map((name) => frames.filter(({ event, channel }) => channel === name && !event.startsWith("pusher")).map(({ event }) => event));
    };
    assert.deepEqual(await names(two), [["first", "third"], ["second"]]);
    assert.deepEqual(await names(one), [["first", "third"], []]);
  });

  test("a batch with info answers one object per item", async (t) => {
    await occupied(t, "bi");
    const batch = [
      { channel: "bi", name: "e", data: "1" },
      { channel: "bi", name: "e", data: "2", info: "subscription_count" },
    ];
    assert.deepEqual(await body(sdk.triggerBatch(batch)), { batch: [{}, { subscription_count: 1 }] });
  });

  test("channels lists what is occupied, by prefix, with user counts", async (t) => {
    await occupied(t, "list-a", "private-list", "presence-list.1");
    const { channels } = await body(sdk.get({ path: "/channels" }));
    for (const name of ["list-a", "private-list", "presence-list.1"]) assert.deepEqual(channels[name], {}, name);
    const presence = await body(sdk.get({ path: "/channels", params: { filter_by_prefix: "presence-list", info: "user_count" } }));
    assert.deepEqual(presence, { channels: { "presence-list.1": { user_count: 1 } } });
    assert.deepEqual(await body(sdk.get({ path: "/channels", params: { filter_by_prefix: "no-such-" } })), { channels: {} });
  });

  test("one channel is asked after", async (t) => {
    await occupied(t, "private-room.42", "presence-q");
    const ask = async (channel, info) => (await app.get(`/channels/${encodeURIComponent(channel)}`, info ? { info } : {})).json;
    assert.deepEqual(await ask("private-room.42"), { occupied: true });
    assert.deepEqual(await ask("private-room.42", "subscription_count"), { occupied: true, subscription_count: 1 });
    assert.deepEqual(await ask("presence-q", "subscription_count,user_count,cache"), { occupied: true, user_count: 1, subscription_count: 1 });
    assert.deepEqual(await ask("empty", "subscription_count"), { occupied: false, subscription_count: 0 });
    assert.deepEqual(await ask("names=with@,;"), { occupied: false });
  });

  test("users of an empty presence channel are none", async () => {
    assert.deepEqual((await app.get("/channels/presence-nobody/users")).json, { users: [] });
  });

  test("a channel is vacated when its last subscriber leaves", async (t) => {
    const client = await occupied(t, "vacated");
    client.send({ event: "pusher:unsubscribe", data: { channel: "vacated" } });
    await client.settle();
    assert.deepEqual((await app.get("/channels/vacated")).json, { occupied: false });
  });

  test("one key sent twice publishes once", async (t) => {
    const client = await occupied(t, "once");
    for (let n = 0; n < 2; n++) assert.equal((await app.publish("once", "e", "1", { idempotency_key: "same" })).status, 200);
    await app.publish("once", "end", "");
    await client.next("end");
    assert.equal(client.frames.filter(({ event }) => event === "e").length, 1);
  });

  test("unknown fields are ignored, one channel or many, data of any JSON", async (t) => {
    const client = await occupied(t, "fields");
    const rows = [
      [{ name: "e", channel: "fields", data: "s", extra: { deep: [1] } }, "s"],
      [{ name: "e", channels: ["fields", "fields"], data: { b: 1, a: [1, 2] } }, '{"b":1,"a":[1,2]}'],
      [{ name: "e", channels: ["fields"], data: "" }, ""],
    ];
    for (const [request, expected] of rows) {
      assert.equal((await app.post("/events", request)).status, 200);
      assert.equal((await client.next("e")).data, expected);
    }
    assert.ok(!(await client.settle()).some(({ event }) => event === "e"), "a channel named twice gets it once");
  });

  test("numbers in data keep every digit", async (t) => {
    const client = await occupied(t, "digits");
    await app.post("/events", '{"name":"e","channel":"digits","data":{"n":12345678901234567890.10}}');
    assert.equal((await client.next("e")).data, '{"n":12345678901234567890.10}');
  });

  const SIGNATURES = [
    ["599 s old", { at: -599 }, 200],
    ["599 s ahead", { at: 599 }, 200],
    ["602 s old", { at: -602 }, 401],
    ["602 s ahead", { at: 602 }, 401],
    ["version 1.1", { override: { auth_version: "1.1" } }, 401],
    ["an unknown key", { override: { auth_key: "aaaaaaaaaaaaaaaaaaaa" } }, 401],
    ["a body_md5 of something else", { override: { body_md5: "0".repeat(32) } }, 401],
    ["no body_md5", { override: { body_md5: undefined } }, 401],
  ];
  for (const [what, { at = 0, override = {} }, status] of SIGNATURES) {
    test(`a signature with ${what} is answered with ${status}`, async () => {
      const path = `/apps/${app.id}/events`;
      const text = JSON.stringify({ name: "e", channel: "a", data: "1" });
      let query = signedQuery(app, "POST", path, { body: text, at: Math.floor(Date.now() / 1000) + at, override });
      if ("body_md5" in override && override.body_md5 === undefined) {
        query = signedQuery(app, "POST", path, { body: undefined });
      }
      assert.equal((await app.send("POST", `${path}?${query}`, text)).status, status);
    });
  }

  test("GET with the body_md5 of nothing is accepted, as Python sends it", async () => {
    assert.equal((await app.get("/channels", { body_md5: "d41d8cd98f00b204e9800998ecf8427e" })).status, 200);
  });

  test("Python's path for terminate is served", async (t) => {
    const client = await rawClient(t, app);
    await client.signIn({ id: "py" });
    const path = "/users/py/terminate_connections";
    const answer = await app.send("POST", `${path}?${signedQuery(app, "POST", path, { body: "{}" })}`, "{}");
    assert.deepEqual([answer.status, answer.json], [200, {}]);
    assert.equal((await client.closing()).code, 4200);
  });

  test("pusher-js and the SDK agree when signatures come from the SDK", async (t) => {
    const pusher = await connected(t, app, {
      channelAuthorization: { customHandler: ({ socketId, channelName }, done) => done(null, sdk.authorizeChannel(socketId, channelName, { user_id: "sdk" })) },
      userAuthentication: { customHandler: ({ socketId }, done) => done(null, sdk.authenticateUser(socketId, { id: "sdk" })) },
    });
    await subscribed(pusher, "presence-by-sdk");
    await subscribed(pusher, "private-by-sdk");
    const signedIn = heard(pusher.connection, "message");
    pusher.signin();
    await signedIn.count(1);
  });

  test("the operators' endpoints answer", async () => {
    const { gateway_url, metrics_url } = app.stack;
    const up = await fetch(`${gateway_url}/up`);
    assert.deepEqual([up.status, await up.text(), up.headers.get("x-health-check")], [200, "OK", "OK"]);
    assert.equal((await fetch(`${gateway_url}/up/${app.id}`)).status, 200);
    const unknown = await fetch(`${gateway_url}/up/1`);
    assert.deepEqual([unknown.status, await unknown.text()], [404, "NOT_FOUND"]);
    const { memory } = await (await fetch(`${gateway_url}/usage`)).json();
    assert.ok(memory.used > 0 && memory.total >= memory.used && memory.percent > 0);
    const metrics = await fetch(`${metrics_url}/metrics`);
    assert.equal(metrics.status, 200);
    assert.match(metrics.headers.get("content-type"), /^text\/plain; version=0\.0\.4/);
    assert.match(await metrics.text(), /^sockudo_connected\b/m);
  });
});

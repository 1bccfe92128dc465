// Who is connected, who is on a channel and what it remembers: one answer for all dialects, and the way to end one.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { anycable, EXT, streaming } from "../harness/cable.mjs";
import { meteredPeer } from "../harness/metered.mjs";
import { rawClient } from "../harness/raw.mjs";
import { relayClient } from "../harness/relay.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";

describe("looking into an app", () => {
  let account, app, stranger;
  before(async () => {
    const suite = await givenSuite();
    account = suite.account;
    app = await suite.givenApp({ settings: OPEN });
    stranger = await givenSuite();
  });

  const ask = (path) => account.api.call("GET", `/v1/apps/${app.id}/${path}`);
  const terminate = (socket, api = account.api) => api.send("POST", `/v1/apps/${app.id}/connections/${socket}/terminate`, {});

  test("connections of every dialect are listed with what they hear, and found by channel and user", async (t) => {
    const pusher = await rawClient(t, app);
    await pusher.subscribe("orders@1");
    await pusher.subscribe("presence-desk", { member: { user_id: "ann", user_info: { name: "Ann" } } });
    await pusher.signIn({ id: "ann" });
    const relay = await relayClient(t, app);
    await relay.subscribed("news");
    await streaming(anycable(t, app, { protocol: EXT, token: app.cableToken({ user_id: "cal" }) }), app.signedStream("news"), { signed: true });
    await meteredPeer(t, app, { key: (await app.givenPublishableKey()).key }, "news");

    const all = await until("all are listed", async () => {
      const list = await ask("connections");
      return list.connections.filter(({ channel_count }) => channel_count > 0).length >= 4 && list;
    });
    assert.equal(all.total, all.connections.length);
    assert.deepEqual(all.unanswered, []);
    const dialects = new Set(all.connections.map(({ dialect }) => dialect));
    for (const dialect of ["pusher", "relay", "anycable", "metered"]) assert.ok(dialects.has(dialect), dialect);
    const opened = all.connections.map(({ opened_at_ms }) => opened_at_ms);
    assert.deepEqual(opened, opened.toSorted((a, b) => b - a));

    const own = all.connections.find(({ socket_id }) => socket_id === pusher.socketId);
    assert.deepEqual(own.channels, ["orders@1", "presence-desk"]);
    assert.equal(own.user_id, "ann");
    assert.ok(Math.abs(Date.now() - own.opened_at_ms) < 60_000);

    const ids = async (query) => (await ask(`connections?${query}`)).connections.map(({ socket_id }) => socket_id);
    assert.deepEqual(await ids("channel=orders%401"), [pusher.socketId]);
    assert.deepEqual(await ids("user=ann"), [pusher.socketId]);
    assert.deepEqual(await ids("channel=nobody-here"), []);
    assert.equal((await account.api.send("GET", `/v1/apps/${app.id}/connections?channel=`)).status, 422);
  });

  for (const [heard, named] of [[20, 20], [21, 20]]) {
    test(`of ${heard} channels ${named} are named, and all are counted`, async (t) => {
      const client = await rawClient(t, app);
      for (let n = 0; n < heard; n++) await client.subscribe(`many-${heard}-${String(n).padStart(2, "0")}`);
      const { connections } = await ask(`connections?channel=many-${heard}-00`);
      assert.equal(connections[0].channel_count, heard);
      assert.equal(connections[0].channels.length, named);
    });
  }

  test("a channel says who is there, what newcomers get and what was said", async (t) => {
    const client = await rawClient(t, app);
    await client.subscribe("presence-cache-room", { member: { user_id: "bea", user_info: { name: "Bea" } } });
    assert.equal((await app.publish("presence-cache-room", "said", '{"n":1}')).status, 200);
    assert.equal((await app.publish("presence-cache-room", "said", '{"n":2}')).status, 200);
    const channel = await ask("channel?name=presence-cache-room");
    assert.equal(channel.subscriptions, 1);
    assert.equal(channel.users, 1);
    assert.deepEqual(channel.members, [{ user_id: "bea", info: { name: "Bea" } }]);
    assert.equal(channel.cached.data, '{"n":2}');
    const empty = await ask("channel?name=never-used");
    assert.deepEqual([empty.subscriptions, empty.members, empty.cached, empty.events], [0, [], null, []]);
  });

  test("one connection is ended, the others go on", async (t) => {
    const [gone, stays] = [await rawClient(t, app), await rawClient(t, app)];
    assert.equal((await terminate(gone.socketId, stranger.account.api)).status, 404, "not another tenant's to end");
    assert.equal((await terminate(gone.socketId)).status, 204);
    const { code } = await gone.closing();
    assert.equal(code, 4200);
    await stays.settle();
    await until("it is off the list", async () => {
      const { connections } = await ask("connections");
      return !connections.some(({ socket_id }) => socket_id === gone.socketId);
    });
    assert.equal((await terminate(gone.socketId)).status, 404, "nobody is there any more");
    const { items } = await account.api.call("GET", `/v1/organisations/${account.organisation.id}/audit?action=connection.terminated`);
    assert.equal(items[0].subject, gone.socketId);
  });
});

// @metered-ca/realtime's SignallingClient: channels, messages, presence, direct messages.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { OversizedPayloadError } from "@metered-ca/realtime";
import { heardOn, peerToken, rawMetered, signalling } from "../harness/metered.mjs";
import { givenSuite } from "../harness/suite.mjs";
import { sleep, until } from "../harness/until.mjs";

describe("@metered-ca/realtime", { concurrency: 4 }, () => {
  let suite, app, pk, tokenKey;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ limits: { max_connections: 1000 } });
    pk = (await app.givenPublishableKey()).key;
    tokenKey = await app.givenTokenKey();
  });
  const byKey = (t) => signalling(t, app, { key: pk });
  const as = (t, sub, claims) => signalling(t, app, { token: peerToken(tokenKey, sub, claims) });
  const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  test("by a publishable key each connection is a new peer, and does not expire", async (t) => {
    const clients = [await byKey(t), await byKey(t)];
    const told = clients.map(({ told }) => told.connected[0]);
    for (const { peerId, expiresAt, serverTime, isReconnect, maxMessageSize } of told) {
      assert.match(peerId, UUID);
      assert.deepEqual([expiresAt, isReconnect, maxMessageSize], [null, false, 65536]);
      assert.ok(Math.abs(serverTime - Date.now() / 1000) < 5, "Unix seconds");
    }
    assert.notEqual(told[0].peerId, told[1].peerId);
  });

  test("by a token the peer is its sub, until its exp", async (t) => {
    const exp = Math.floor(Date.now() / 1000) + 60;
    const client = await as(t, "u_1", { exp });
    const { peerId, expiresAt } = client.told.connected[0];
    assert.deepEqual([peerId, expiresAt], ["u_1", exp]);
  });

  test("a subscriber is shown who is there, the others that it came and went", async (t) => {
    const channel = "app_abc/room-1";
    const [one, two] = [await as(t, "u_1", { peerMetadata: { username: "One" } }), await as(t, "u_2")];
    await one.subscribe(channel);
    await until("its snapshot", () => one.told.presence.length === 1);
    assert.deepEqual(one.told.presence[0], { channel, joined: [], left: [] });
    await two.subscribe(channel);
    await until("both are told", () => one.told.presence.length === 2 && two.told.presence.length === 1);
    assert.deepEqual(two.told.presence[0], { channel, joined: [{ peerId: "u_1", metadata: { username: "One" } }], left: [] });
    assert.deepEqual(one.told.presence[1], { channel, joined: [{ peerId: "u_2" }], left: [] });
    await two.unsubscribe(channel);
    await until("it left", () => one.told.presence.length === 3);
    assert.deepEqual(one.told.presence[2], { channel, joined: [], left: [{ peerId: "u_2" }] });
    await two.unsubscribe(channel);
    await two.subscribe(channel);
    await until("it is back", () => one.told.presence.length === 4);
    two.record.current().terminate();
    await until("it is seen to be lost", () => one.told.presence.some(({ left }, at) => at >= 4 && left.length === 1));
  });

  test("the roster comes a moment after the ack, in a read of its own", async (t) => {
    const client = await rawMetered(t, app, { query: { key: pk } });
    const times = { ack: [], presence: [] };
    client.socket.on("message", (bytes) => times[JSON.parse(String(bytes)).type]?.push(performance.now()));
    for (let n = 0; n < 10; n++) await client.subscribe(`moment-${n}`);
    const gaps = times.presence.map((at, n) => at - times.ack[n]);
    assert.ok(Math.max(...gaps) >= 8, `${gaps.map((ms) => ms.toFixed(1))} ms`);
  });

  test("a publish reaches the others, not the connection it came from; the publisher need not be subscribed", async (t) => {
    const channel = "talk";
    const [one, two, outside] = [await as(t, "u_1"), await as(t, "u_1"), await byKey(t)];
    for (const client of [one, two]) await client.subscribe(channel);
    await one.publish(channel, { n: 1 });
    await outside.publish(channel, "two");
    const messages = await heardOn(two, channel, 2);
    assert.deepEqual(messages, [
      { channel, from: "u_1", data: { n: 1 } },
      { channel, from: outside.peerId, data: "two" },
    ]);
    assert.deepEqual((await heardOn(one, channel, 1)).map(({ data }) => data), ["two"]);
    await one.publish("nobody-here", 1);
  });

  for (const data of [null, 0, false, "", [], {}, { deep: { er: [1, 2.5, null] } }, "é😀"]) {
    test(`data ${JSON.stringify(data)} arrives as it was sent`, async (t) => {
      const [one, two] = [await byKey(t), await byKey(t)];
      const channel = `data-${JSON.stringify(data).length}-${typeof data}`;
      await two.subscribe(channel);
      await one.publish(channel, data);
      assert.deepEqual((await heardOn(two, channel, 1))[0].data, data);
    });
  }

  test("data of 65,536 bytes passes; one more is stopped by the SDK, which was told the limit", async (t) => {
    const [one, two] = [await byKey(t), await byKey(t)];
    await two.subscribe("big");
    await one.publish("big", "x".repeat(65534));
    assert.equal((await heardOn(two, "big", 1))[0].data.length, 65534);
    await assert.rejects(one.publish("big", "x".repeat(65535)), OversizedPayloadError);
  });

  test("a sender's metadata is shown to those who asked, and to nobody when it has none", async (t) => {
    const channel = "meta";
    const [curious, plain] = [await byKey(t), await byKey(t)];
    await curious.subscribe(channel, { includeSenderMetadata: true });
    await plain.subscribe(channel);
    const [known, unknown] = [await as(t, "u_7", { peerMetadata: { username: "Seven" } }), await byKey(t)];
    await known.publish(channel, 1);
    await unknown.publish(channel, 2);
    const [seen, unseen] = [await heardOn(curious, channel, 2), await heardOn(plain, channel, 2)];
    assert.deepEqual(seen[0], { channel, from: "u_7", data: 1, fromMetadata: { username: "Seven" } });
    assert.ok(!("fromMetadata" in seen[1]));
    assert.ok(unseen.every((message) => !("fromMetadata" in message)));
  });

  test("subscribing twice sends the roster again, changes the flag and announces nobody", async (t) => {
    const channel = "again";
    const [one, two] = [await as(t, "u_1", { peerMetadata: { username: "One" } }), await as(t, "u_2")];
    await one.subscribe(channel);
    await two.subscribe(channel);
    await two.subscribe(channel, { includeSenderMetadata: true });
    await until("two rosters", () => two.told.presence.length === 2);
    assert.deepEqual(two.told.presence[0], two.told.presence[1]);
    await one.publish(channel, 1);
    assert.deepEqual((await heardOn(two, channel, 1))[0].fromMetadata, { username: "One" });
    assert.equal(one.told.presence.length, 2, "the snapshot, and one join");
  });

  test("a peer with two connections is one peer", async (t) => {
    const channel = "tabs";
    const watcher = await as(t, "w");
    await watcher.subscribe(channel);
    const tabs = [await as(t, "u_1", { peerMetadata: { v: 1 } }), await as(t, "u_1", { peerMetadata: { v: 2 } })];
    for (const tab of tabs) await tab.subscribe(channel);
    await until("each has its roster", () => tabs.every(({ told }) => told.presence.length >= 1));
    await tabs[0].unsubscribe(channel);
    const late = await as(t, "late");
    await late.subscribe(channel);
    await until("the latecomer's roster", () => late.told.presence.length === 1);
    assert.deepEqual(late.told.presence[0].joined.find(({ peerId }) => peerId === "u_1"), { peerId: "u_1", metadata: { v: 2 } });
    await tabs[1].unsubscribe(channel);
    await until("it left", () => watcher.told.presence.some(({ left }) => left.some(({ peerId }) => peerId === "u_1")));
    const moves = watcher.told.presence.flatMap(({ joined, left }) => [...joined.map(({ peerId }) => `+${peerId}`), ...left.map(({ peerId }) => `-${peerId}`)]);
    assert.deepEqual(moves, ["+u_1", "+late", "-u_1"]);
  });

  test("a direct message needs no channel, names its sender, and says when nobody is there", async (t) => {
    const [ann, bob] = [await as(t, "ann", { channels: ["only-this"], peerMetadata: { name: "Ann" } }), await as(t, "bob-d", { channels: [] })];
    await ann.send("bob-d", { type: "rtc-ice", candidate: null });
    await until("it arrived", () => bob.told.direct.length === 1);
    assert.deepEqual(bob.told.direct[0], { from: "ann", data: { type: "rtc-ice", candidate: null }, fromMetadata: { name: "Ann" } });
    await assert.rejects(ann.send("nobody", 1), { name: "peer_not_found" });
    await assert.rejects(bob.subscribe("only-this"), { name: "channel_not_authorized" });
  });

  test("a pattern hears what fits it, under the concrete name, once for several", async (t) => {
    const [listener, device] = [await byKey(t), await byKey(t)];
    await listener.subscribe("devices/*/events");
    await listener.subscribe("devices/**");
    await until("each is answered with an empty roster", () => listener.told.presence.length === 2);
    assert.deepEqual(listener.told.presence.map(({ channel, joined }) => [channel, joined]), [["devices/*/events", []], ["devices/**", []]]);
    await device.subscribe("devices/7/events");
    await device.publish("devices/7/events", 1);
    await device.publish("devices/7/x/events", 2);
    await device.publish("other/7/events", 3);
    await device.publish("devices/8/events", 4);
    await until("what fits", () => listener.told.message.length >= 3);
    assert.deepEqual(listener.told.message.map(({ channel, data }) => [channel, data]), [["devices/7/events", 1], ["devices/7/x/events", 2], ["devices/8/events", 4]]);
    await until("its own roster", () => device.told.presence.length === 1);
    assert.deepEqual(device.told.presence[0].joined, [], "a listener by pattern is no member");
    await listener.unsubscribe("devices/**");
    await listener.unsubscribe("devices/*/events");
    await device.publish("devices/7/events", 5);
    await listener.subscribe("after");
    assert.equal(listener.told.message.length, 3);
  });

  test("a hundred channels are the most of one connection", async (t) => {
    const client = await byKey(t);
    await Promise.all(Array.from({ length: 100 }, (_, n) => client.subscribe(`c${n}`)));
    await assert.rejects(client.subscribe("c100"), { name: "channel_limit_exceeded" });
    await client.subscribe("c5");
    await client.unsubscribe("c5");
    await client.subscribe("c100");
  });

  test("a roster is one frame that the SDK takes, however many peers say however much", async (t) => {
    const crowded = await suite.givenApp({ limits: { max_connections: 1000, max_presence_members: 1000 } });
    const key = await crowded.givenTokenKey();
    const token = (n) => peerToken(key, `p${n}`, { peerMetadata: { about: "x".repeat(4000), n } });
    for (let from = 0; from < 260; from += 26) {
      const peers = await Promise.all(Array.from({ length: 26 }, (_, n) => rawMetered(t, crowded, { query: { token: token(from + n) } })));
      await Promise.all(peers.map((peer) => peer.subscribe("crowd")));
    }
    const late = await rawMetered(t, crowded, { query: { token: token("late") } });
    const roster = await late.subscribe("crowd");
    assert.equal(roster.joined.length, 260);
    assert.ok(roster.text.length < 1_048_576, `${roster.text.length} characters`);
    assert.deepEqual((await late.settle()).filter(({ type }) => type === "presence"), []);
  });

  test("an idle connection is kept alive", async (t) => {
    const client = await signalling(t, app, { key: pk, inactivityTimeoutMs: 2500 });
    await sleep(3500);
    assert.deepEqual([client.told.disconnected, client.state], [[], "connected"]);
    assert.ok(client.record.texts.some((text) => JSON.parse(text).type === "pong"));
  });
});

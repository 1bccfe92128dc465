// No dialect is a way around another's rules.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { anycable, EXT, publicId, rawCable, signedId, streaming } from "../harness/cable.mjs";
import { ACTIONS, peerToken, rawMetered } from "../harness/metered.mjs";
import { rawClient } from "../harness/raw.mjs";
import { rawRelay, relayClient } from "../harness/relay.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { signedName } from "../harness/tokens.mjs";
import { sleep, until } from "../harness/until.mjs";

const GUARDED = ["private-safe", "presence-safe", "private-encrypted-safe", "private-cache-safe", "presence-cache-safe"];

describe("guarded channels", () => {
  let suite, app, tokenKey, pk;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: OPEN, limits: { max_publishes_per_s: 1000 } });
    tokenKey = await app.givenTokenKey();
    pk = (await app.givenPublishableKey({ actions: ACTIONS, channels: ["**"] })).key;
  });

  for (const channel of GUARDED) {
    test(`${channel}: Pusher without a signature is refused`, async (t) => {
      const client = await rawClient(t, app);
      client.send({ event: "pusher:subscribe", data: { channel, channel_data: '{"user_id":"u"}' } });
      assert.equal((await client.next("pusher:subscription_error")).channel, channel);
      await client.staysOpen(10);
    });

    test(`${channel}: Relay without a signature is refused with 4009`, async (t) => {
      const client = await rawRelay(t, app);
      client.send({ event: "relay:subscribe", data: JSON.stringify({ channel, channel_data: '{"user_id":"u"}' }) });
      assert.equal((await client.next("relay:error")).data.code, 4009);
      await client.staysOpen(10);
    });

    test(`${channel}: AnyCable by its plain name is rejected, over the socket and as events`, async (t) => {
      const client = await rawCable(t, app);
      assert.equal((await client.subscribe(publicId(channel))).type, "reject_subscription");
      const response = await fetch(`${app.stack.gateway_url}/apps/${app.key}/sse?stream=${channel}`);
      await response.body?.cancel();
      assert.equal(response.status, 400);
    });

    test(`${channel}: Metered with a publishable key is refused, to hear and to publish`, async (t) => {
      const peer = await rawMetered(t, app, { query: { key: pk } });
      for (const frame of [{ type: "subscribe", channel }, { type: "publish", channel, data: 1 }]) {
        assert.equal((await peer.request(frame)).code, "channel_not_authorized", frame.type);
      }
      await peer.staysOpen(10);
    });

    test(`${channel}: Metered with a token for another channel is refused`, async (t) => {
      const peer = await rawMetered(t, app, { query: { token: peerToken(tokenKey, "m", { channels: ["private-other", "presence-other"] }) } });
      for (const frame of [{ type: "subscribe", channel }, { type: "publish", channel, data: 1 }]) {
        assert.equal((await peer.request(frame)).code, "channel_not_authorized", frame.type);
      }
    });

    test(`${channel}: what was refused hears nothing of it, what was let in does`, async (t) => {
      const strangers = [await rawClient(t, app), await rawRelay(t, app), await rawCable(t, app), await rawMetered(t, app, { query: { key: pk } })];
      strangers[0].send({ event: "pusher:subscribe", data: { channel } });
      strangers[1].send({ event: "relay:subscribe", data: { channel } });
      strangers[2].command("subscribe", publicId(channel));
      strangers[3].send({ type: "subscribe", channel });
      for (const pattern of [`${channel.slice(0, -1)}*`, "**"]) strangers[3].send({ type: "subscribe", channel: pattern });
      for (const stranger of strangers) await stranger.settle();

      const cable = await rawCable(t, app);
      assert.equal((await cable.subscribe(signedId(app.signedStream(channel)))).type, "confirm_subscription");
      const peer = await rawMetered(t, app, { query: { token: peerToken(tokenKey, "m", { channels: [channel] }) } });
      await peer.subscribe(channel);
      const encrypted = '{"nonce":"AAAA","ciphertext":"AAAA"}';
      assert.equal((await app.publish(channel, "e", encrypted)).status, 200);
      assert.equal((await cable.next(({ type }) => type === undefined)).message.event, "e");
      assert.equal((await peer.next("message")).data.event, "e");
      for (const stranger of strangers) assert.deepEqual(await stranger.settle(), []);
    });
  }

  test("a signature for one channel opens no other, in any dialect", async (t) => {
    const relay = await rawRelay(t, app);
    relay.send({ event: "relay:subscribe", data: JSON.stringify({ channel: "private-safe", ...app.authorize(relay.socketId, "private-other") }) });
    assert.equal((await relay.next("relay:error")).data.code, 4009);
    relay.send({ event: "relay:subscribe", data: JSON.stringify({ channel: "private-safe", ...app.authorize("1.2", "private-safe") }) });
    assert.equal((await relay.next("relay:error")).data.code, 4009);
    const cable = await rawCable(t, app);
    const other = await suite.givenApp();
    assert.equal((await cable.subscribe(signedId(signedName("private-safe", other.secret)))).type, "reject_subscription");
    const foreignKey = await other.givenTokenKey();
    const peer = await rawMetered(t, app, { query: { token: peerToken(foreignKey, "m") } });
    await peer.subscribe("private-safe"); // of the other app, whose key this is
    await app.publish("private-safe", "e", "mine");
    assert.deepEqual(await peer.settle(), []);
  });

  test("presence of a presence channel is taken up only under the id that the token proves", async (t) => {
    const room = "presence-proved";
    const watcher = await rawClient(t, app);
    await watcher.subscribe(room, { member: { user_id: "w" } });
    for (const [token, id] of [
      [undefined, "root"],
      [app.cableToken({ user_id: "cal" }), "root"],
      [app.cableToken({ name: "cal" }), "cal"],
    ]) {
      const cable = anycable(t, app, { protocol: EXT, token });
      const channel = await streaming(cable, app.signedStream(room), { signed: true });
      await channel.presence.join(id, {});
      await channel.presence.info();
    }
    assert.deepEqual(await watcher.settle(), []);
    const cable = anycable(t, app, { protocol: EXT, token: app.cableToken({ id: 42 }) });
    const channel = await streaming(cable, app.signedStream(room), { signed: true });
    await channel.presence.join(42, {});
    assert.deepEqual(JSON.parse((await watcher.next("pusher_internal:member_added")).data).user_id, "42");
  });

  test("a user's own channel cannot be had as a channel", async (t) => {
    const channel = "#server-to-user-ann";
    const relay = await rawRelay(t, app);
    relay.send({ event: "relay:subscribe", data: { channel } });
    assert.ok((await relay.next("relay:error")).data.code >= 4000);
    const cable = await rawCable(t, app);
    assert.equal((await cable.subscribe(publicId(channel))).type, "reject_subscription");
    assert.equal((await cable.subscribe(signedId(app.signedStream(channel)))).type, "reject_subscription");
    const peer = await rawMetered(t, app, { query: { token: peerToken(tokenKey, "m") } });
    for (const frame of [{ type: "subscribe", channel }, { type: "publish", channel, data: 1 }]) {
      assert.ok(["invalid_channel", "channel_reserved", "channel_not_authorized"].includes((await peer.request(frame)).code));
    }
    assert.equal((await app.cable("POST", "/api/publish", { stream: channel, data: "1" })).status, 422);
    assert.equal((await app.relay("POST", "/events", { channel, event: "e", data: "1" })).status, 422);
    assert.equal((await app.metered(tokenKey.pair, "POST", `/channels/${encodeURIComponent(channel)}/publish`, { data: 1 })).status, 400);
  });

  test("a name that Metered reserves is reserved only there; REST and socket agree", async (t) => {
    const peer = await rawMetered(t, app, { query: { key: pk } });
    for (const channel of ["_metered/x", "_INTERNAL/x", "_System/x"]) {
      assert.equal((await peer.request({ type: "subscribe", channel })).code, "channel_reserved");
      const answer = await app.metered(tokenKey.pair, "POST", `/channels/${encodeURIComponent(channel)}/publish`, { data: 1 });
      assert.deepEqual([answer.status, answer.json.error], [400, "channel_reserved"]);
    }
  });

  test("a protocol event cannot be forged through another dialect", async (t) => {
    const room = "presence-forged";
    const raw = await rawClient(t, app);
    await raw.subscribe(room, { member: { user_id: "w" } });
    const relay = await relayClient(t, app, { member: { user_id: "r" } });
    const onRelay = await relay.subscribed(room);
    const before = onRelay.members.size;
    for (const event of ["pusher_internal:member_added", "pusher:error", "relay:member_added", "client-x"]) {
      assert.equal((await app.cable("POST", "/api/publish", { stream: room, data: JSON.stringify({ event, data: '{"user_id":"root","id":"root"}' }) })).status, 201);
      assert.equal((await app.relay("POST", "/events", { channel: room, event: event.replace("client-", "relay:"), data: "{}" })).status, 422);
    }
    await app.publish(room, "end", "");
    await raw.next("end");
    const names = raw.frames.filter(({ event }) => event !== "pusher_internal:member_added" || JSON.parse(event.data ?? "{}").user_id === "root").map(({ event }) => event);
    assert.deepEqual(names, ["message", "message", "message", "message"]);
    assert.equal(onRelay.members.size, before);
  });

  describe("a dialect that the app has off", () => {
    // [dialect, a request in it, how its socket is turned away]
    const ROWS = [
      ["pusher", (off) => off.publish("a", "e", "1"), async (t, off) => assert.ok((await (await rawClient(t, off, { settled: false })).closing()).code >= 4000)],
      ["relay", (off) => off.relay("POST", "/events", { channel: "a", event: "e", data: "1" }), async (t, off) => {
        const client = await rawRelay(t, off, { settled: false });
        await until("it is turned away", () => client.closed || client.refused);
        assert.ok(!client.frames.some(({ event }) => event === "relay:connection_established"));
      }],
      ["anycable", (off) => off.cable("POST", "/api/publish", { stream: "a", data: "1" }), async (t, off) => {
        const { reconnect, code } = await (await rawCable(t, off, { settled: false })).dismissed();
        assert.deepEqual([reconnect, code], [false, 1000]);
      }],
      ["metered", (off, key) => off.metered(key.pair, "POST", "/channels/a/publish", { data: 1 }), async (t, off) => {
        const peer = await rawMetered(t, off, { query: { key: (await off.givenPublishableKey()).key }, settled: false });
        const { code } = await peer.closing();
        assert.ok([4001, 4003, 4012].includes(code), `code ${code}`);
        assert.deepEqual(peer.frames, []);
      }],
    ];
    for (const [dialect, request, socket] of ROWS) {
      test(`${dialect} is refused with 403, its socket is turned away, the others serve`, async (t) => {
        const off = await suite.givenApp();
        const key = await off.givenTokenKey();
        const others = ROWS.filter(([name]) => name !== dialect);
        await off.change({ settings: { ...OPEN, dialects: { [dialect]: false } } });
        let answer;
        await until("it is refused", async () => (answer = await request(off, key)).status === 403).catch((error) => assert.fail(`${error.message}; answered ${answer.status} ${answer.text}`));
        await socket(t, off);
        for (const [name, works] of others) assert.ok([200, 201].includes((await works(off, key)).status), name);
      });
    }

    test("closes the sockets that speak it when it is switched off", async (t) => {
      const off = await suite.givenApp({ settings: OPEN });
      const key = (await off.givenPublishableKey()).key;
      const [relay, cable, peer, pusher] = [await rawRelay(t, off), await rawCable(t, off), await rawMetered(t, off, { query: { key } }), await rawClient(t, off)];
      await off.change({ settings: { ...OPEN, dialects: { relay: false, anycable: false, metered: false } } });
      for (const [name, socket] of Object.entries({ relay, cable, peer })) await until(`${name} is closed`, () => socket.closed);
      await sleep(50);
      assert.equal(pusher.closed, undefined);
    });
  });

  test("an app that is disabled is closed to all dialects", async (t) => {
    const closed = await suite.givenApp({ settings: OPEN });
    const key = await closed.givenTokenKey();
    await closed.change({ enabled: false });
    await until("it is closed", async () => (await closed.publish("a", "e", "1")).status === 403);
    assert.equal((await closed.relay("POST", "/events", { channel: "a", event: "e", data: "1" })).status, 403);
    assert.ok([401, 403].includes((await closed.cable("POST", "/api/publish", { stream: "a", data: "1" })).status));
    assert.ok([401, 403].includes((await closed.metered(key.pair, "POST", "/channels/a/publish", { data: 1 })).status));
    const peer = await rawMetered(t, closed, { query: { token: peerToken(key, "m") }, settled: false });
    assert.equal((await peer.closing()).code, 4012);
    const { reason, reconnect } = await (await rawCable(t, closed, { settled: false })).dismissed();
    assert.deepEqual([reason, reconnect], ["unauthorized", false]);
  });
});

// One roster: who is in a presence channel is the same to every dialect, and so are joins and leaves.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { connected, heard, subscribed } from "../harness/browsers.mjs";
import { anycable, EXT, streaming } from "../harness/cable.mjs";
import { peerToken, rawMetered, signalling } from "../harness/metered.mjs";
import { relayClient } from "../harness/relay.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";

const ROOM = "presence-room";
const NAMES = { ann: { name: "Ann" }, 7: { name: "Rey" }, cal: { name: "Cal" }, met: { name: "Met" } };
const IDS = Object.keys(NAMES).sort();

describe("presence across dialects", () => {
  let app, tokenKey;
  before(async () => {
    const suite = await givenSuite();
    app = await suite.givenApp({ settings: { ...OPEN, anycable: { ...OPEN.anycable, presence_grace_s: 0 } }, limits: { max_reads_per_s: 500 } });
    tokenKey = await app.givenTokenKey();
  });

  // Each comes in as its dialect does, and says how it goes out.
  const COMERS = {
    async ann(t, room) {
      const pusher = await connected(t, app, { member: { user_id: "ann", user_info: NAMES.ann } });
      await subscribed(pusher, room);
      return () => pusher.unsubscribe(room);
    },
    async 7(t, room) {
      const relay = await relayClient(t, app, { member: { user_id: 7, user_info: NAMES[7] } });
      await relay.subscribed(room);
      return () => relay.unsubscribe(room);
    },
    async cal(t, room) {
      const cable = anycable(t, app, { protocol: EXT, token: app.cableToken({ user_id: "cal" }) });
      const channel = await streaming(cable, app.signedStream(room), { signed: true });
      await channel.presence.join("cal", NAMES.cal);
      return () => channel.presence.leave();
    },
    async met(t, room) {
      const peer = await signalling(t, app, { token: peerToken(tokenKey, "met", { channels: [room], peerMetadata: NAMES.met }) });
      await peer.subscribe(room);
      return () => peer.unsubscribe(room);
    },
  };

  // How a dialect sees the roster: { id as text: info }.
  const VIEWS = {
    "Pusher HTTP": async (room) => (await app.get(`/channels/${room}/users`)).json.users.map(({ id }) => [id, NAMES[id]]),
    "Relay HTTP": async (room) =>
      (await app.relay("GET", `/channels/${room}/users`)).json.users.map(({ id, user_info }) => {
        assert.equal(typeof id, id === 7 ? "number" : "string", "an id keeps its JSON type");
        return [String(id), user_info];
      }),
    "AnyCable API": async (room) => {
      const { type, total, records = [] } = (await app.cable("GET", `/api/presence/${room}/users`)).json;
      assert.deepEqual([type, total], ["info", records.length]);
      return records.map(({ id, info }) => [id, info]);
    },
    "Metered REST": async (room) => {
      const { channel, peers } = (await app.metered(tokenKey.pair, "GET", `/channels/${room}/peers`)).json;
      assert.equal(channel, room);
      return peers.map(({ peerId, metadata }) => [peerId, metadata]);
    },
  };
  const seen = async (view, room) => Object.fromEntries(await VIEWS[view](room));
  const everybody = async (t, room) => {
    const leave = {};
    for (const who of IDS) leave[who] = await COMERS[who](t, room);
    await until("all four are in", async () => (await VIEWS["Pusher HTTP"](room)).length === 4);
    return leave;
  };

  for (const view of Object.keys(VIEWS)) {
    test(`${view} names all four, with what they say of themselves`, async (t) => {
      const room = `${ROOM}-${view.replaceAll(" ", "-")}`;
      await everybody(t, room);
      assert.deepEqual(await seen(view, room), NAMES);
    });
  }

  test("whoever comes last is shown all four: in Pusher, Relay, AnyCable and Metered", async (t) => {
    await everybody(t, ROOM);

    const pusher = await connected(t, app, { member: { user_id: "late" } });
    const { members } = await subscribed(pusher, ROOM);
    assert.deepEqual(Object.keys(members.members).sort(), [...IDS, "late"].sort());
    assert.deepEqual(members.get("met"), { id: "met", info: NAMES.met });
    assert.deepEqual(members.get("7"), { id: "7", info: NAMES[7] });

    const relay = await relayClient(t, app, { member: { user_id: "late" } });
    const onRelay = await relay.subscribed(ROOM);
    assert.deepEqual([...onRelay.members.keys()].map(String).sort(), [...IDS, "late"].sort());
    assert.deepEqual(onRelay.members.get(7).info, NAMES[7]);
    assert.deepEqual(onRelay.members.get("cal").user_info, NAMES.cal);

    const cable = anycable(t, app, { protocol: EXT });
    const channel = await streaming(cable, app.signedStream(ROOM), { signed: true });
    const info = await channel.presence.info();
    assert.deepEqual(Object.keys(info).sort(), [...IDS, "late"].sort());
    assert.deepEqual(info.ann, NAMES.ann);

    const peer = await rawMetered(t, app, { query: { token: peerToken(tokenKey, "later") } });
    const { joined, left } = await peer.subscribe(ROOM);
    assert.deepEqual([joined.map(({ peerId }) => peerId).sort(), left], [[...IDS, "late"].sort(), []]);
    assert.deepEqual(joined.find(({ peerId }) => peerId === "ann").metadata, NAMES.ann);
    assert.ok(!("metadata" in joined.find(({ peerId }) => peerId === "late")));
  });

  test("each coming and going is told to all dialects, once", async (t) => {
    const room = `${ROOM}-moves`;
    const pusher = await connected(t, app, { member: { user_id: "watch-pusher" } });
    const onPusher = await subscribed(pusher, room);
    const [added, removed] = [heard(onPusher, "pusher:member_added"), heard(onPusher, "pusher:member_removed")];
    const relay = await relayClient(t, app, { member: { user_id: "watch-relay" } });
    const onRelay = await relay.subscribed(room);
    const cable = anycable(t, app, { protocol: EXT });
    const channel = await streaming(cable, app.signedStream(room), { signed: true });
    const peer = await signalling(t, app, { token: peerToken(tokenKey, "watch-met") });
    await peer.subscribe(room);
    await until("the watchers see each other", () => onPusher.members.count === 3);

    const moves = {
      Pusher: () => [added.calls.map(({ data }) => `+${data.id}`), removed.calls.map(({ data }) => `-${data.id}`)].flat(),
      Relay: () => onRelay.heard.filter(({ event }) => /member_/.test(event)).map(({ event, data }) => `${event.endsWith("added") ? "+" : "-"}${data.id}`),
      AnyCable: () => channel.presences.map(({ type, id }) => `${type === "join" ? "+" : "-"}${id}`),
      Metered: () => peer.told.presence.flatMap(({ joined, left }) => [...joined.map(({ peerId }) => `+${peerId}`), ...left.map(({ peerId }) => `-${peerId}`)]),
    };
    const ofComers = (kind) => moves[kind]().filter((move) => !/watch/.test(move)).sort();

    const leave = {};
    for (const who of IDS) leave[who] = await COMERS[who](t, room);
    for (const kind of Object.keys(moves)) {
      await until(`${kind} hears of four joins; has ${ofComers(kind)}`, () => ofComers(kind).length >= 4);
      assert.deepEqual(ofComers(kind), IDS.map((id) => `+${id}`), kind);
    }
    for (const who of IDS) await leave[who]();
    for (const kind of Object.keys(moves)) {
      await until(`${kind} hears of four leaves; has ${ofComers(kind)}`, () => ofComers(kind).length >= 8);
      assert.deepEqual(ofComers(kind), [...IDS.map((id) => `+${id}`), ...IDS.map((id) => `-${id}`)].sort(), kind);
    }
    const ofRelay = onRelay.heard.find(({ event, data }) => event === "relay:member_removed" && data.id === 7);
    assert.deepEqual(ofRelay.data, { id: 7, user_info: NAMES[7], info: NAMES[7] });
  });

  test("one person in two dialects is one member: one join, one leave", async (t) => {
    const room = `${ROOM}-twice`;
    const watcher = await relayClient(t, app, { member: { user_id: "w" } });
    const onRelay = await watcher.subscribed(room);
    const pusher = await connected(t, app, { member: { user_id: "met" } });
    await subscribed(pusher, room);
    const leave = await COMERS.met(t, room);
    assert.equal((await app.get(`/channels/${room}`, { info: "user_count,subscription_count" })).json.user_count, 2);
    pusher.unsubscribe(room);
    await until("one connection of it is gone", async () => (await app.get(`/channels/${room}`, { info: "subscription_count" })).json.subscription_count === 2);
    await leave();
    await until("it left", () => onRelay.heard.some(({ event }) => event === "relay:member_removed"));
    const moves = onRelay.heard.filter(({ event }) => /member_/.test(event)).map(({ event, data }) => [event, data.id]);
    assert.deepEqual(moves, [["relay:member_added", "met"], ["relay:member_removed", "met"]]);
  });

  test("on a channel without the prefix Metered and AnyCable share a roster that Pusher and Relay do not show", async (t) => {
    const room = "lobby";
    const pusher = await connected(t, app);
    const said = heard(await subscribed(pusher, room), "pusher:member_added");
    const cable = anycable(t, app, { protocol: EXT });
    const channel = await streaming(cable, room);
    await channel.presence.join("cal", NAMES.cal);
    await COMERS.met(t, room);
    await until("AnyCable hears of Metered", () => channel.presences.some(({ type, id }) => type === "join" && id === "met"));
    assert.deepEqual(await seen("AnyCable API", room), { cal: NAMES.cal, met: NAMES.met });
    assert.deepEqual(await seen("Metered REST", room), { cal: NAMES.cal, met: NAMES.met });
    assert.deepEqual((await app.relay("GET", `/channels/${room}/users`)).json, { users: [] });
    assert.equal((await app.get(`/channels/${room}/users`)).status, 400);
    assert.equal(said.calls.length, 0);
  });
});

// One count, one history, one quota: what every dialect did to a channel is in what any dialect says of it.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { anycable, EXT, publicId, rawCable, streaming } from "../harness/cable.mjs";
import { heardOn, peerToken, rawMetered, signalling } from "../harness/metered.mjs";
import { rawClient } from "../harness/raw.mjs";
import { relayClient } from "../harness/relay.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { now } from "../harness/tokens.mjs";
import { until } from "../harness/until.mjs";

describe("reach", () => {
  let suite, app, tokenKey, pk;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: OPEN, limits: { max_publishes_per_s: 1000, max_reads_per_s: 500 } });
    tokenKey = await app.givenTokenKey();
    pk = (await app.givenPublishableKey()).key;
  });

  async function publishEverywhere(t, channel) {
    const peer = await rawMetered(t, app, { query: { key: pk } });
    await app.publish(channel, "pusher", "1");
    await app.relay("POST", "/events", { channel, event: "relay", data: "2" });
    await app.cable("POST", "/api/publish", { stream: channel, data: '{"event":"cable","data":"3"}' });
    await app.metered(tokenKey.token, "POST", `/channels/${channel}/publish`, { data: { event: "metered", data: "4" } });
    await peer.request({ type: "publish", channel, data: { event: "peer", data: "5" } });
  }

  test("a subscription of any dialect counts, in every dialect's count", async (t) => {
    const raw = await rawClient(t, app);
    await raw.subscribe("counted");
    const relay = await relayClient(t, app);
    await relay.subscribed("counted");
    await streaming(anycable(t, app), "counted");
    const peer = await signalling(t, app, { key: pk });
    await peer.subscribe("counted");

    assert.equal((await app.get("/channels/counted", { info: "subscription_count" })).json.subscription_count, 4);
    const one = (await app.relay("GET", "/channels/counted")).json;
    assert.deepEqual([one.name, one.type, one.subscriber_count, one.occupied, one.app_id], ["counted", "public", 4, true, app.id]);
    const all = (await app.relay("GET", "/channels")).json.channels;
    assert.equal(all.find(({ name }) => name === "counted").subscriber_count, 4);
    const told = async () => (await raw.settle()).filter(({ event }) => event === "pusher_internal:subscription_count").map(({ data }) => JSON.parse(data).subscription_count);
    assert.equal((await until("Pusher clients are told", told)).at(-1), 4);
    const { delivered } = (await app.metered(tokenKey.pair, "POST", "/channels/counted/publish", { data: 1 })).json;
    assert.equal(delivered, 4);
  });

  test("Relay's history has the messages of all dialects, newest first", async (t) => {
    await publishEverywhere(t, "kept");
    const { events, next_cursor } = (await app.relay("GET", "/channels/kept/events")).json;
    assert.deepEqual(events.map(({ event, data }) => [event, data]), [["peer", "5"], ["metered", "4"], ["cable", "3"], ["relay", "2"], ["pusher", "1"]]);
    assert.equal(next_cursor, null);
    for (const { id, timestamp, channel } of events) {
      assert.ok(Number.isInteger(id));
      assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.equal(channel, "kept");
    }
    assert.ok(events.every(({ id }, at) => at === 0 || id < events[at - 1].id), "ids grow");
  });

  test("AnyCable's history has the messages of all dialects, oldest first, without a hole or a double", async (t) => {
    const since = now() - 1;
    await publishEverywhere(t, "resumed");
    const socket = await rawCable(t, app, { protocols: [EXT] });
    await socket.subscribe(publicId("resumed"), { history: { since, streams: {} } });
    await socket.next("confirm_history");
    const messages = (await socket.settle()).filter(({ type }) => type === undefined);
    assert.deepEqual(messages.map(({ message }) => [message.event, message.data]), [["pusher", "1"], ["relay", "2"], ["cable", "3"], ["metered", "4"], ["peer", "5"]]);
    assert.deepEqual(messages.map(({ offset }) => offset - messages[0].offset), [0, 1, 2, 3, 4]);
    assert.ok(messages.every(({ stream_id, epoch }) => stream_id === "resumed" && epoch === messages[0].epoch));
  });

  test("client events and whispers are in no history", async (t) => {
    const channel = "private-fleeting";
    const relay = await relayClient(t, app);
    await relay.subscribed(channel);
    const raw = await rawClient(t, app);
    await raw.subscribe(channel);
    const cable = anycable(t, app);
    const stream = await streaming(cable, app.signedStream(channel), { signed: true });
    relay.trigger(channel, "client-one", { n: 1 });
    await raw.next("client-one");
    raw.send({ event: "client-two", channel, data: "2" });
    await until("the second arrived", () => stream.heard.some(({ message }) => message.event === "client-two"));
    await stream.whisper({ event: "three" });
    await raw.next("three");
    await app.publish(channel, "kept", "4");
    const { events } = (await app.relay("GET", `/channels/${channel}/events`)).json;
    assert.deepEqual(events.map(({ event }) => event), ["kept"]);
  });

  test("whom a Relay or AnyCable publish names is left out, whatever it speaks", async (t) => {
    const channel = "excluding";
    const raw = await rawClient(t, app);
    await raw.subscribe(channel);
    const relay = await relayClient(t, app);
    const onRelay = await relay.subscribed(channel);
    const socket = await rawCable(t, app, { protocols: [EXT] });
    await socket.subscribe(publicId(channel));
    await app.relay("POST", "/events", { channel, event: "not-raw", data: "1", socket_id: raw.socketId });
    await app.publish(channel, "not-relay", "2", { socket_id: relay.socketId });
    await app.cable("POST", "/api/publish", { stream: channel, data: '{"event":"not-cable"}', meta: { exclude_socket: socket.sid } });
    await app.cable("POST", "/api/publish", { stream: channel, data: '{"event":"not-raw-either"}', meta: { exclude_socket: raw.socketId } });
    await app.publish(channel, "end", "");
    await until("the end", () => onRelay.heard.at(-1)?.event === "end");
    const names = (frames) => frames.map(({ event, message }) => event ?? message.event).filter((name) => !/^(pusher|relay)/.test(name));
    await raw.next("end");
    assert.deepEqual(names(raw.frames), ["not-relay", "not-cable"]);
    assert.deepEqual(names(onRelay.heard), ["not-raw", "not-cable", "not-raw-either", "end"]);
    const onCable = (await socket.settle()).filter(({ type }) => type === undefined);
    assert.deepEqual(names(onCable), ["not-raw", "not-relay", "not-raw-either", "end"]);
  });

  test("a pattern of Metered hears every dialect, by the concrete name, once", async (t) => {
    const peer = await signalling(t, app, { key: pk });
    await peer.subscribe("fleet/*/events");
    await peer.subscribe("fleet/**");
    await app.cable("POST", "/api/publish", { stream: "fleet/7/events", data: "1" });
    await app.relay("POST", "/events", { channel: "fleet/7/events", event: "e", data: "2" });
    await app.metered(tokenKey.pair, "POST", "/channels/fleet%2F7%2Fevents/publish", { data: 3 });
    const heard = await heardOn(peer, "fleet/7/events", 3);
    assert.deepEqual(heard.map(({ data }) => data), [1, { event: "e", data: "2" }, 3]);
  });

  test("what a cache channel kept is shown to newcomers of Pusher, Relay and Metered, after they are in", async (t) => {
    const channel = "cache-prices";
    await app.cable("POST", "/api/publish", { stream: channel, data: '{"event":"price","data":"7"}' });
    const raw = await rawClient(t, app);
    await raw.subscribe(channel);
    assert.equal((await raw.next("price")).data, "7");
    const relay = await relayClient(t, app);
    const onRelay = await relay.subscribed(channel);
    await until("Relay is shown it", () => onRelay.heard.some(({ event, text }) => event === "price" && text === "7"));
    const peer = await rawMetered(t, app, { query: { key: pk } });
    await peer.subscribe(channel);
    assert.deepEqual((await peer.next("message")).data, { event: "price", data: "7" });
  });

  test("all dialects draw on one quota of publishes; each says so in its own words", async () => {
    const small = await suite.givenApp({ settings: OPEN, limits: { max_publishes_per_s: 5 } });
    const key = await small.givenTokenKey();
    const ways = {
      Pusher: () => small.publish("a", "e", "1"),
      Relay: () => small.relay("POST", "/events", { channel: "a", event: "e", data: "1" }),
      AnyCable: () => small.cable("POST", "/api/publish", { stream: "a", data: "1" }),
      Metered: () => small.metered(key.pair, "POST", "/channels/a/publish", { data: 1 }),
    };
    const answers = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
    for (let n = 0; n < 15; n++) for (const way of Object.keys(ways)) answers[way].push(await ways[way]());
    const refused = Object.values(answers).flat().filter(({ status }) => status === 429);
    assert.ok(refused.length >= 30, `${refused.length} of 60 refused`);
    for (const way of Object.keys(ways)) {
      const one = answers[way].find(({ status }) => status === 429);
      assert.ok(one, `${way} is refused too`);
      if (way !== "Metered") assert.ok(Number(one.headers.get("retry-after")) >= 1, `${way} says how long to wait`);
      if (way === "Relay") assert.equal(typeof one.json.error, "string");
      if (way === "AnyCable") assert.equal(one.text, "");
    }
  });

  test("a token's peer is the sender that Metered names; servers are server; sockets without a name are their id", async (t) => {
    const channel = "presence-senders";
    const peer = await signalling(t, app, { token: peerToken(tokenKey, "listener") });
    await peer.subscribe(channel);
    const named = await signalling(t, app, { token: peerToken(tokenKey, "met") });
    await named.publish(channel, 1);
    await app.metered(tokenKey.pair, "POST", `/channels/${channel}/publish`, { data: 2, from: "bot" });
    await app.metered(tokenKey.pair, "POST", `/channels/${channel}/publish`, { data: 3 });
    await app.publish(channel, "e", "4");
    await app.cable("POST", "/api/publish", { stream: channel, data: "5" });
    await heardOn(peer, channel, 5);
    const member = await relayClient(t, app, { member: { user_id: "rey" } });
    await member.subscribed(channel);
    member.trigger(channel, "client-x", {});
    const messages = await heardOn(peer, channel, 6);
    assert.deepEqual(messages.map(({ from }) => from), ["met", "bot", "server", "server", "server", "rey"]);

    const quiet = await signalling(t, app, { token: peerToken(tokenKey, "listener") });
    await quiet.subscribe("private-nameless");
    const raw = await rawClient(t, app);
    await raw.subscribe("private-nameless");
    raw.send({ event: "client-x", channel: "private-nameless", data: "" });
    assert.equal((await heardOn(quiet, "private-nameless", 1))[0].from, raw.socketId);
  });
});

// The Relay WebSocket as relay-js lives on it.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { connected, heard, subscribed } from "../harness/browsers.mjs";
import { rawClient } from "../harness/raw.mjs";
import { rawRelay, relayClient, RelayClient, relayUrl } from "../harness/relay.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { sleep, until } from "../harness/until.mjs";

describe("Relay socket", { concurrency: 4 }, () => {
  let suite, app;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: OPEN, limits: { max_connections: 500 } });
  });
  const succeeded = (client, channel) => client.next((frame) => frame.event === "relay:subscription_succeeded" && frame.channel === channel);
  const signed = (client, channel, member) => ({ channel, ...app.authorize(client.socketId, channel, member === undefined ? undefined : JSON.stringify(member)) });

  test("greets at once, with an object, and a socket id of digits", async (t) => {
    const client = await rawRelay(t, app, { settled: false });
    const greeting = await client.next("relay:connection_established");
    assert.deepEqual(Object.keys(greeting.data).sort(), ["activity_timeout", "socket_id"]);
    assert.equal(greeting.data.activity_timeout, 120);
  });

  test("on one path pusher-js is spoken to in Pusher's words and relay-js in Relay's", async (t) => {
    const pusher = await connected(t, app);
    const relay = await relayClient(t, app);
    const [onPusher, onRelay] = [heard(await subscribed(pusher, "both"), "e"), await relay.subscribed("both")];
    await app.publish("both", "e", { n: 1 });
    assert.deepEqual((await onPusher.first()).data, { n: 1 });
    await until("Relay has it", () => onRelay.heard.some(({ event, data }) => event === "e" && data.n === 1));
    const other = await rawRelay(t, app, { url: relayUrl(app, { query: "?foo=1" }) });
    assert.ok(other.socketId, "an unrelated parameter is not Pusher");
  });

  test("the owner can fix the dialect of the path", async (t) => {
    const fixed = await suite.givenApp({ settings: { ...OPEN, relay: { app_path: "relay" } } });
    const client = await rawRelay(t, fixed, { url: relayUrl(fixed, { query: "?protocol=7&client=js" }) });
    assert.ok(client.socketId);
    const pusherOnly = await suite.givenApp({ settings: { ...OPEN, relay: { app_path: "pusher" } } });
    const other = await rawClient(t, pusherOnly, { query: "", settled: false });
    assert.match((await other.next((frame) => frame)).event, /^pusher:/);
  });

  const SUBSCRIBES = [
    ["data as a string, as relay-js", (channel) => ({ event: "relay:subscribe", data: JSON.stringify({ channel }) })],
    ["data as an object, as the Go server reads", (channel) => ({ event: "relay:subscribe", data: { channel } })],
    ["the channel beside data", (channel) => ({ event: "relay:subscribe", channel, data: {} })],
    ["Pusher's prefix", (channel) => ({ event: "pusher:subscribe", data: { channel } })],
  ];
  for (const [what, frame] of SUBSCRIBES) {
    test(`subscribes with ${what}, and leaves the same way`, async (t) => {
      const client = await rawRelay(t, app);
      const channel = `sub-${what.length}`;
      client.send(frame(channel));
      assert.deepEqual({ ...(await succeeded(client, channel)) }, { event: "relay:subscription_succeeded", channel, data: {} });
      const leave = frame(channel);
      client.send({ ...leave, event: leave.event.replace("subscribe", "unsubscribe") });
      assert.deepEqual(await client.settle(), [], "leaving has no answer");
      assert.equal((await app.relay("GET", `/channels/${channel}`)).status, 404);
    });
  }

  test("private and presence need the signature of this socket for this channel", async (t) => {
    const client = await rawRelay(t, app);
    const refused = async (data) => {
      client.send({ event: "relay:subscribe", data: JSON.stringify(data) });
      return (await client.next("relay:error")).data.code;
    };
    assert.equal(await refused({ channel: "private-a" }), 4009);
    assert.equal(await refused({ channel: "private-a", auth: `${app.key}:${"0".repeat(64)}` }), 4009);
    assert.equal(await refused(signed({ socketId: "1.2" }, "private-a")), 4009);
    assert.equal(await refused({ ...signed(client, "private-a"), channel: "private-b" }), 4009);
    assert.equal(await refused({ channel: "presence-a", ...app.authorize(client.socketId, "presence-a") }), 4009, "presence needs channel_data");
    assert.equal(await refused({ ...signed(client, "presence-a", { user_id: 1 }), channel_data: '{"user_id":2}' }), 4009);
    assert.equal(await refused(signed(client, "presence-a", { name: "no id" })), 4009);
    assert.equal(await refused(signed(client, "private-a:b")), 4009, "no colon in a signed name");
    assert.equal(await refused({ channel: "c".repeat(201) }), 4009);
    assert.equal(await refused({}), 4000);
    client.send({ event: "relay:subscribe", data: JSON.stringify(signed(client, "private-a")) });
    await succeeded(client, "private-a");
    const spaced = '{ "user_id" : 1 , "user_info":{"name":"One"} }';
    client.send({ event: "relay:subscribe", data: JSON.stringify({ channel: "presence-spaced", ...app.authorize(client.socketId, "presence-spaced", spaced) }) });
    await succeeded(client, "presence-spaced");
  });

  test("the sheet's own vectors are what the app's secret gives", async () => {
    const { createHmac } = await import("node:crypto");
    const hex = (text) => createHmac("sha256", "my-secret").update(text).digest("hex");
    assert.equal(hex("123.456:private-user.1"), "d93cae01098f74d4fe9ee050c4bca21a8da006a3781080be4a10baf1c40f7efe");
    assert.equal(hex('123.456:presence-room:{"user_id":1,"user_info":{"name":"One"}}'), "00a19ee333d09ccd2cf80b211308b05c9008b2e3321d2fa90ad16cc50242686c");
  });

  test("a private channel takes a signature with and without channel_data", async (t) => {
    const client = await rawRelay(t, app);
    for (const channel of ["private-with", "private-without"]) {
      const data = channel === "private-with" ? '{"user_id":1}' : undefined;
      client.send({ event: "relay:subscribe", data: JSON.stringify({ channel, ...app.authorize(client.socketId, channel, data) }) });
      await succeeded(client, channel);
    }
  });

  test("members have id, user_info and info, and numbers stay numbers", async (t) => {
    const room = "presence-members";
    const one = await relayClient(t, app, { member: { user_id: 1, user_info: { name: "One" } } });
    const channel = await one.subscribed(room);
    assert.deepEqual([...channel.members], [[1, { id: 1, user_info: { name: "One" }, info: { name: "One" } }]]);
    const two = await relayClient(t, app, { member: { user_id: "u2", user_info: { name: "Two" } } });
    const other = await two.subscribed(room);
    assert.deepEqual([...other.members.keys()], [1, "u2"]);
    await until("the first sees it", () => channel.members.size === 2);
    assert.deepEqual(channel.members.get("u2"), { id: "u2", user_info: { name: "Two" }, info: { name: "Two" } });
    const tab = await relayClient(t, app, { member: { user_id: "u2", user_info: { name: "Two" } } });
    await tab.subscribed(room);
    two.unsubscribe(room);
    await sleep(100);
    assert.equal(channel.members.size, 2, "one of two tabs closed");
    tab.unsubscribe(room);
    await until("the last tab closed", () => channel.members.size === 1);
    one.subscribe(room);
    await until("the roster again", () => one.frames.filter(({ event, channel: name }) => event === "relay:subscription_succeeded" && name === room).length === 2);
    assert.equal(channel.heard.filter(({ event }) => event === "relay:member_added").length, 1, "nobody announced again");
  });

  test("client events reach the other subscribers of private and presence channels, anything else is dropped in silence", async (t) => {
    const [one, two] = [await relayClient(t, app), await relayClient(t, app)];
    const [mine, theirs] = [await one.subscribed("private-talk"), await two.subscribed("private-talk")];
    await one.subscribed("open-talk");
    await two.subscribed("open-talk");
    one.trigger("private-talk", "client-typing", { a: 1 });
    await until("it arrived", () => theirs.heard.some(({ event }) => event === "client-typing"));
    assert.equal(theirs.heard.at(-1).text, '{"a":1}');
    one.trigger("open-talk", "client-typing", {});
    one.trigger("private-elsewhere", "client-typing", {});
    one.trigger("private-talk", "client-", {});
    one.trigger("private-talk", "message", {});
    await app.publish("private-talk", "end", "");
    await until("the end", () => theirs.heard.at(-1)?.event === "end" && mine.heard.at(-1)?.event === "end");
    assert.deepEqual(theirs.heard.map(({ event }) => event), ["relay:subscription_succeeded", "client-typing", "end"]);
    assert.deepEqual(mine.heard.map(({ event }) => event), ["relay:subscription_succeeded", "end"]);
    assert.ok(!one.frames.some(({ event }) => event === "relay:error"));
  });

  test("each ping has one pong, so that pings do not multiply", async (t) => {
    const client = await relayClient(t, app, { activityTimeout: 0.2, pongTimeout: 2 });
    await sleep(1700);
    const pongs = client.frames.filter(({ event }) => event === "relay:pong").length;
    assert.ok(client.pings >= 5 && client.pings <= 9, `${client.pings} pings in 1.7 s`);
    assert.ok(client.pings - pongs <= 1, `${pongs} pongs`);
    const silent = await relayClient(t, app);
    await sleep(500);
    assert.ok(!silent.frames.some(({ event }) => event === "relay:pong"), "no pong that nobody asked for");
  });

  test("after a cut relay-js comes back, its stale signatures are refused with an error and nothing else", async (t) => {
    const client = await relayClient(t, app, { delays: [0.1], member: { user_id: 1 } });
    const channel = await client.subscribed("private-back");
    await client.subscribed("presence-back");
    const before = client.socketId;
    client.disconnect();
    await until("it is back", () => client.socketId !== before && client.state === "connected");
    await app.publish("private-back", "e", "1");
    await until("it hears again", () => channel.heard.some(({ event }) => event === "e"));
    assert.equal(channel.heard.filter(({ event }) => event === "e").length, 1);
    assert.equal(client.record.sockets.length, 2);
  });

  test("an unknown key is closed with 4001 at first, and refused before the upgrade when it does not stop", async (t) => {
    const url = relayUrl(app, { key: "a".repeat(20) });
    const first = await rawRelay(t, app, { url, settled: false });
    const { code, reason } = await first.closing();
    assert.deepEqual([code, reason], [4001, "Invalid app key"]);
    const hammering = new RelayClient(app, { url, delays: [0.01] });
    t.after(() => hammering.end());
    await until("it has given up", () => hammering.state === "failed", { within: 8000 });
    assert.ok(hammering.record.sockets.length < 40, `${hammering.record.sockets.length} connections`);
  });

  test("over the app's connections is closed with 4100", async (t) => {
    const small = await suite.givenApp({ limits: { max_connections: 1 } });
    await relayClient(t, small);
    const late = await rawRelay(t, small, { settled: false });
    const { code, reason } = await late.closing();
    assert.deepEqual([code, reason], [4100, "Over connection limit"]);
  });
});

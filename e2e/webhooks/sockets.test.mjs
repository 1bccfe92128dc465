// What real sockets do is told once: after the pause in which it may be undone, and with who did it.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { givenHook } from "../harness/hooks.mjs";
import { rawClient } from "../harness/raw.mjs";
import { eventsOf, givenSink } from "../harness/sinks.mjs";
import { EVERYTHING_ON, givenSuite } from "../harness/suite.mjs";
import { sleep, until } from "../harness/until.mjs";

const ANN = { user_id: "ann" };

describe("told by real sockets", { timeout: 60000, concurrency: true }, () => {
  let suite;
  before(async () => {
    suite = await givenSuite();
  });

  /** An app whose gateway knows that it is listened to. */
  async function heardApp(t, wanted) {
    const app = await suite.givenApp({ settings: EVERYTHING_ON });
    const sink = await givenSink(t);
    await givenHook(app, sink, wanted);
    // The feed keeps the order of commits: where a later key is known, the endpoint is too.
    await app.givenKey({ actions: ["channels.read"], name: "settled" });
    const told = (channel) => eventsOf(sink).filter((event) => event.channel === channel);
    return { app, sink, told, names: (channel) => told(channel).map(({ name }) => name) };
  }

  test("a channel is occupied, and vacated three seconds after the last has gone", async (t) => {
    const { app, names } = await heardApp(t);
    const client = await rawClient(t, app);
    await client.subscribe("room");
    await until("occupied", () => names("room").length === 1);
    const second = await rawClient(t, app);
    await second.subscribe("room");
    client.drop();
    second.drop();
    const left = performance.now();
    await until("vacated", () => names("room").length === 2);
    const waited = performance.now() - left;
    assert.deepEqual(names("room"), ["channel_occupied", "channel_vacated"]);
    assert.ok(waited >= 2900, `${waited.toFixed(0)} ms`);
  });

  test("a reload within three seconds is not told at all", async (t) => {
    const { app, names } = await heardApp(t);
    let tab = await rawClient(t, app);
    await tab.subscribe("presence-room", { member: ANN });
    await until("told", () => names("presence-room").length === 2);
    assert.deepEqual(names("presence-room").toSorted(), ["channel_occupied", "member_added"]);
    for (let reload = 0; reload < 3; reload++) {
      tab.drop();
      await sleep(700);
      tab = await rawClient(t, app);
      await tab.subscribe("presence-room", { member: ANN });
    }
    await sleep(4000);
    assert.equal(names("presence-room").length, 2, JSON.stringify(names("presence-room")));
    tab.drop();
    await until("gone for good", () => names("presence-room").length === 4);
    assert.deepEqual(names("presence-room").slice(2).toSorted(), ["channel_vacated", "member_removed"]);
  });

  test("a client event says who sent it", async (t) => {
    const { app, told } = await heardApp(t, { events: ["client_event"] });
    const client = await rawClient(t, app);
    for (const [channel, member] of [["private-a", undefined], ["presence-a", ANN]]) {
      await client.subscribe(channel, { member });
      client.send({ event: "client-typing", channel, data: { on: true } });
      await until("told", () => told(channel).length === 1);
    }
    const about = { name: "client_event", event: "client-typing", data: '{"on":true}', socket_id: client.socketId };
    assert.deepEqual(told("private-a"), [{ ...about, channel: "private-a" }]);
    assert.deepEqual(told("presence-a"), [{ ...about, channel: "presence-a", user_id: "ann" }]);
  });

  test("a cache channel with nothing to give says so, once for many who come", async (t) => {
    const { app, names } = await heardApp(t, { events: ["cache_miss"] });
    for (let n = 0; n < 5; n++) await (await rawClient(t, app)).subscribe("cache-bus");
    await until("told", () => names("cache-bus").length > 0);
    await sleep(500);
    assert.deepEqual(names("cache-bus"), ["cache_miss"]);
  });

  test("counts are told to those who ask", async (t) => {
    const { app, told } = await heardApp(t, { events: ["subscription_count"] });
    for (let n = 0; n < 3; n++) await (await rawClient(t, app)).subscribe("news");
    await until("told", () => told("news").at(-1)?.subscription_count === 3);
    const counts = told("news").map(({ subscription_count }) => subscription_count);
    assert.deepEqual(counts, counts.toSorted((a, b) => a - b));
  });

  test("filters hold at the gateway and after it", async (t) => {
    const { app, names } = await heardApp(t, { events: ["channel_occupied"], channels: ["room-*"] });
    const client = await rawClient(t, app);
    for (const channel of ["hall-1", "room-1"]) await client.subscribe(channel);
    await until("told", () => names("room-1").length === 1);
    await sleep(300);
    assert.deepEqual([names("room-1"), names("hall-1")], [["channel_occupied"], []]);
  });
});

// Names and sizes: what is at the limit passes, one more does not.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { rawClient } from "../harness/raw.mjs";
import { EVERYTHING_ON, givenSuite } from "../harness/suite.mjs";

const many = (n, make) => Array.from({ length: n }, (_, at) => make(at));

describe("names and limits", () => {
  let suite, app;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: EVERYTHING_ON, limits: { max_publishes_per_s: 5000, max_reads_per_s: 500 } });
  });

  const event = (more) => ["POST", "/events", { name: "e", channel: "a", data: "1", ...more }];
  const item = (n) => ({ name: "e", channel: `c${n}`, data: "1" });
  const ROWS = [
    ["a channel of 200", event({ channel: "c".repeat(200) }), 200],
    ["a channel of 201", event({ channel: "c".repeat(201) }), 400],
    ["a channel of none", event({ channel: "" }), 400],
    ["a channel with every legal sign", event({ channel: "Az09_-=@,.;" }), 200],
    ...[" ", "/", "\\", ":", "*", "?", "#a", "é", "a\nb", "\u0000", "a%20b", "$", "'", '"', "<", "{"].map((name) => [
      `a channel ${JSON.stringify(name)}`,
      event({ channel: name }),
      400,
    ]),
    ["a user's channel", event({ channel: "#server-to-user-ann" }), 200],
    ["a user's channel without a user", event({ channel: "#server-to-user-" }), 400],
    ["another server channel", event({ channel: "#server-to-all" }), 400],
    ["100 channels", event({ channels: many(100, (n) => `c${n}`) }), 200],
    ["101 channels", event({ channels: many(101, (n) => `c${n}`) }), 400],
    ["one bad channel among good ones", event({ channels: ["a", "b c"] }), 400],
    ["a name of 200", event({ name: "n".repeat(200) }), 200],
    ["a name of 201", event({ name: "n".repeat(201) }), 400],
    ["a name of none", event({ name: "" }), 400],
    ["a name of ours", event({ name: "pusher:ping" }), 400],
    ["a name of our inside", event({ name: "pusher_internal:member_added" }), 400],
    ["a name that only looks like ours", event({ name: "pusherping" }), 200],
    ["data of 10,240 bytes", event({ data: "x".repeat(10240) }), 200],
    ["data of 10,241 bytes", event({ data: "x".repeat(10241) }), 413],
    ["data of 10,240 bytes in fewer characters", event({ data: "é".repeat(5120) }), 200],
    ["data of 10,242 bytes in fewer characters", event({ data: "é".repeat(5121) }), 413],
    ["data of 10,240 quotes", event({ data: '"'.repeat(10240) }), 200],
    ["a socket id", event({ socket_id: "123.456" }), 200],
    ...["1", "1.", ".1", "1.2.3", "a.b", "-1.2", "1.2 ", "1. 2", "١.٢", "", "12345678901234567890123.1"].map((socket_id) => [
      `a socket id ${JSON.stringify(socket_id)}`,
      event({ socket_id }),
      400,
    ]),
    ["info user_count on presence", event({ channel: "presence-a", info: "user_count" }), 200],
    ["info with blanks and doubles", event({ info: " subscription_count , subscription_count" }), 200],
    ["info of nothing", event({ info: "" }), 200],
    ["info cache on a publish", event({ info: "cache" }), 400],
    ["info nobody knows", event({ info: "subscription_count,age" }), 400],
    ["a batch of 10", ["POST", "/batch_events", { batch: many(10, item) }], 200],
    ["a batch of 11", ["POST", "/batch_events", { batch: many(11, item) }], 400],
    ["a batch with one item too big", ["POST", "/batch_events", { batch: [item(1), { ...item(2), data: "x".repeat(10241) }] }], 413],
    ["channels with user_count and no presence prefix", ["GET", "/channels", undefined, { info: "user_count" }], 400],
    ["channels with an unknown info", ["GET", "/channels", undefined, { info: "age" }], 400],
    ["channels with a prefix that cannot be", ["GET", "/channels", undefined, { filter_by_prefix: "a b" }], [200, 400]],
    ["user_count of a public channel", ["GET", "/channels/a", undefined, { info: "user_count" }], 400],
    ["cache of a plain channel", ["GET", "/channels/a", undefined, { info: "cache" }], 200],
    ["an unknown info of a channel", ["GET", "/channels/a", undefined, { info: "age" }], 400],
    ["a channel that is no name", ["GET", "/channels/a%20b"], 400],
    ["users of a public channel", ["GET", "/channels/a/users"], 400],
    ["users of a private channel", ["GET", "/channels/private-a/users"], 400],
    ["an event to a user", ["POST", "/users/ann/events", { name: "e", data: "1" }], 200],
    ["an event to a user id of 128", ["POST", `/users/${"u".repeat(128)}/events`, { name: "e", data: "1" }], 200],
    ["an event to a user id too long", ["POST", `/users/${"u".repeat(200)}/events`, { name: "e", data: "1" }], 400],
    ["an event to no user id", ["POST", "/users/a%20b/events", { name: "e", data: "1" }], 400],
    ["terminating no user id", ["POST", "/users/a%2Fb/terminate_connections", {}], 400],
    ["terminating without a body", ["POST", "/users/ann/terminate_connections"], 200],
    ["a deprecated route", ["GET", "/channels/a/stats"], 404],
    ["a route that is none", ["GET", "/nothing"], 404],
  ];
  for (const [what, [method, path, body, query], status] of ROWS) {
    test(`${what}: ${status}`, async () => {
      const answer = await app.signed(method, path, body, query);
      assert.ok([status].flat().includes(answer.status), `${answer.status} ${answer.text}`);
      if (answer.status >= 400 && answer.json) assert.deepEqual([answer.json.status, typeof answer.json.code], [answer.status, "string"]);
    });
  }

  test("of a request with one bad part nothing is published", async (t) => {
    const client = await rawClient(t, app);
    await client.subscribe("all-or-nothing");
    await app.post("/batch_events", { batch: [{ name: "e", channel: "all-or-nothing", data: "1" }, { name: "e", channel: "b c", data: "1" }] });
    await app.post("/events", { name: "e", channels: ["all-or-nothing", "b c"], data: "1" });
    assert.ok(!(await client.settle()).some(({ event }) => event === "e"));
  });

  test("the same name in two apps is two channels", async (t) => {
    const other = await suite.givenApp();
    const [mine, theirs] = [await rawClient(t, app), await rawClient(t, other)];
    await mine.subscribe("shared");
    await theirs.subscribe("shared");
    await app.publish("shared", "e", "mine");
    await mine.next("e");
    assert.ok(!(await theirs.settle()).some(({ event }) => event === "e"));
  });

  test("names differ by case", async (t) => {
    const client = await rawClient(t, app);
    await client.subscribe("Case");
    await app.publish("case", "e", "1");
    assert.ok(!(await client.settle()).some(({ event }) => event === "e"));
  });

  test("a connection joins as many channels as its app allows, and no more", async (t) => {
    const small = await suite.givenApp({ limits: { max_channels_per_connection: 3 } });
    const client = await rawClient(t, small);
    for (const n of [1, 2, 3]) await client.subscribe(`c${n}`);
    client.send({ event: "pusher:subscribe", data: { channel: "c4" } });
    assert.equal(JSON.parse((await client.next("pusher:subscription_error")).data).type, "LimitReached");
    client.send({ event: "pusher:unsubscribe", data: { channel: "c1" } });
    await client.settle();
    await client.subscribe("c4");
  });
});

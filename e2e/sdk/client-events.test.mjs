import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { connected, heard, subscribed } from "../harness/browsers.mjs";
import { rawClient } from "../harness/raw.mjs";
import { givenSuite } from "../harness/suite.mjs";

const ANN = { user_id: "ann", user_info: { name: "Ann" } };
const BEA = { user_id: "bea" };

describe("client events", () => {
  let suite, app;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: { client_events: true } });
  });

  for (const name of ["private-talk", "presence-talk", "private-cache-talk", "presence-cache-talk"]) {
    test(`pass between the subscribers of ${name}, not back to the sender`, async (t) => {
      const [ann, bea] = [await connected(t, app, { member: ANN }), await connected(t, app, { member: BEA })];
      const [from, to] = [await subscribed(ann, name), await subscribed(bea, name)];
      const [echo, arrived] = [heard(from, "client-typing"), heard(to, "client-typing")];
      assert.ok(from.trigger("client-typing", { on: true }));
      const { data, metadata } = await arrived.first();
      assert.deepEqual(data, { on: true });
      assert.equal(metadata?.user_id, name.startsWith("presence-") ? "ann" : undefined);
      assert.equal(echo.calls.length, 0);
    });
  }

  test("the sender cannot say who it is", async (t) => {
    const [ann, bea] = [await rawClient(t, app), await rawClient(t, app)];
    await ann.subscribe("presence-forge", { member: ANN });
    await bea.subscribe("presence-forge", { member: BEA });
    ann.send({ event: "client-x", channel: "presence-forge", data: "hi", user_id: "root" });
    assert.deepEqual(await bea.next("client-x"), { event: "client-x", channel: "presence-forge", data: "hi", user_id: "ann" });
  });

  test("objects are passed as compact JSON, strings as they are", async (t) => {
    const [one, two] = [await rawClient(t, app), await rawClient(t, app)];
    for (const client of [one, two]) await client.subscribe("private-data");
    const rows = [
      ['{"a": [1, 2.50],  "b":null}', '{"a":[1,2.50],"b":null}'],
      ['"plain \\u00e9"', "plain é"],
      ["12345678901234567890", "12345678901234567890"],
      ["true", "true"],
    ];
    for (const [sent, expected] of rows) {
      one.send(`{"event":"client-d","channel":"private-data","data":${sent}}`);
      assert.equal((await two.next("client-d")).data, expected);
    }
  });

  const REFUSED = [
    ["on a public channel", "public-x", "client-x", "x"],
    ["on an encrypted channel", "private-encrypted-x", "client-x", "x"],
    ["without a subscription", "private-elsewhere", "client-x", "x"],
    ["over 10 KiB", "private-ok", "client-x", "x".repeat(10241)],
    ["with a name that is too long", "private-ok", `client-${"x".repeat(194)}`, "x"],
  ];
  for (const [why, channel, event, data] of REFUSED) {
    test(`are refused ${why}, with a frame alone`, async (t) => {
      const client = await rawClient(t, app);
      await client.subscribe("private-ok");
      if (channel !== "private-elsewhere" && channel !== "private-ok") await client.subscribe(channel);
      client.send({ event, channel, data });
      assert.equal((await client.next("pusher:error")).data.code, 4301);
      await client.staysOpen();
    });
  }

  test("at the limits of size and name they pass", async (t) => {
    const [one, two] = [await rawClient(t, app), await rawClient(t, app)];
    for (const client of [one, two]) await client.subscribe("private-limit");
    const event = `client-${"x".repeat(193)}`;
    one.send({ event, channel: "private-limit", data: "x".repeat(10240) });
    assert.equal((await two.next(event)).data.length, 10240);
  });

  test("more than ten a second are refused with 4301, and flow again later", async (t) => {
    const [one, two] = [await rawClient(t, app), await rawClient(t, app)];
    for (const client of [one, two]) await client.subscribe("private-flood");
    for (let n = 0; n < 40; n++) one.send({ event: "client-n", channel: "private-flood", data: n });
    const frames = await one.settle();
    const refused = frames.filter(({ event, data }) => event === "pusher:error" && data.code === 4301);
    assert.ok(refused.length >= 25 && refused.length <= 30, `${refused.length} of 40 refused`);
    const arrived = (await two.settle()).filter(({ event }) => event === "client-n");
    assert.equal(arrived.length + refused.length, 40);
    assert.deepEqual(arrived.slice(0, 10).map(({ data }) => data), [..."0123456789"]);
    await one.staysOpen(1100);
    one.send({ event: "client-after", channel: "private-flood", data: "" });
    await two.next("client-after");
  });

  test("are refused when the app has them off, and work once it has them on", async (t) => {
    const quiet = await suite.givenApp({ settings: { client_events: false } });
    const [one, two] = [await rawClient(t, quiet), await rawClient(t, quiet)];
    for (const client of [one, two]) await client.subscribe("private-x");
    one.send({ event: "client-x", channel: "private-x", data: "" });
    const { code, message } = (await one.next("pusher:error")).data;
    assert.equal(code, 4301);
    assert.match(message, /enable|switched|off|disabled/i, "the message names the switch");
    await quiet.change({ settings: { client_events: true } });
    await one.staysOpen(1000);
    one.send({ event: "client-x", channel: "private-x", data: "now" });
    assert.equal((await two.next("client-x")).data, "now");
  });
});

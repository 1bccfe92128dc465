import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { connected, heard, subscribed } from "../harness/browsers.mjs";
import { rawClient } from "../harness/raw.mjs";
import { givenSuite } from "../harness/suite.mjs";

describe("subscription counts", () => {
  let suite, app;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: { subscription_counting: true } });
  });

  for (const name of ["count", "private-count", "cache-count", "private-encrypted-count"]) {
    test(`${name}: every change reaches everyone there`, async (t) => {
      const [one, two] = [await rawClient(t, app), await rawClient(t, app)];
      const count = async (client) => JSON.parse((await client.next("pusher_internal:subscription_count")).data).subscription_count;
      await one.subscribe(name);
      assert.equal(await count(one), 1);
      await two.subscribe(name);
      assert.deepEqual([await count(one), await count(two)], [2, 2]);
      two.send({ event: "pusher:unsubscribe", data: { channel: name } });
      assert.equal(await count(one), 1);
      await two.subscribe(name);
      assert.equal(await count(one), 2);
      two.drop();
      assert.equal(await count(one), 1);
    });
  }

  test("pusher-js tells its page", async (t) => {
    const pusher = await connected(t, app);
    const channel = pusher.subscribe("count-js");
    const counts = heard(channel, "pusher:subscription_count");
    assert.deepEqual((await counts.first()).data, { subscription_count: 1 });
    assert.equal(channel.subscriptionCount, 1);
  });

  test("the newcomer's success comes before its count", async (t) => {
    const client = await rawClient(t, app);
    client.send({ event: "pusher:subscribe", data: { channel: "count-order" } });
    await client.next((frame) => frame.event === "pusher_internal:subscription_count");
    assert.deepEqual(client.frames.map(({ event }) => event), ["pusher_internal:subscription_succeeded"]);
  });

  test("presence channels are not counted aloud", async (t) => {
    const client = await rawClient(t, app);
    await client.subscribe("presence-count", { member: { user_id: "u" } });
    assert.deepEqual(await client.settle(), []);
  });

  test("an app that did not ask for counts gets none", async (t) => {
    const quiet = await suite.givenApp({ settings: { subscription_counting: false } });
    const client = await rawClient(t, quiet);
    await client.subscribe("count");
    assert.deepEqual(await client.settle(), []);
    assert.equal((await quiet.get("/channels/count", { info: "subscription_count" })).json.subscription_count, 1);
  });

  test("pusher-js resubscribes and leaves as it likes", async (t) => {
    const pusher = await connected(t, app);
    for (let n = 0; n < 5; n++) {
      await subscribed(pusher, "count-again");
      pusher.unsubscribe("count-again");
    }
    await subscribed(pusher, "count-again");
    assert.equal((await app.get("/channels/count-again", { info: "subscription_count" })).json.subscription_count, 1);
  });
});

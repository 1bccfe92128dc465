// Laravel Echo over pusher-js, as a Laravel page uses it.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import Echo from "laravel-echo";
import Pusher from "pusher-js";
import { pusherOptions } from "../harness/browsers.mjs";
import { EVERYTHING_ON, givenSuite, serverSdk } from "../harness/suite.mjs";
import { sleep, until } from "../harness/until.mjs";

describe("laravel-echo", () => {
  let app, sdk;
  before(async () => {
    app = await (await givenSuite()).givenApp({ settings: EVERYTHING_ON });
    sdk = serverSdk(app);
  });

  async function page(t, options) {
    const client = new Pusher(app.key, pusherOptions(app, options));
    const echo = new Echo({ broadcaster: "pusher", key: app.key, client });
    t.after(() => echo.disconnect());
    await until("Echo is connected", () => echo.socketId());
    return echo;
  }
  const called = () => {
    const calls = [];
    return Object.assign((...args) => calls.push(args), { calls });
  };

  test("listens with and without a namespace", async (t) => {
    const echo = await page(t);
    const [spaced, plain, ready] = [called(), called(), called()];
    echo.private("orders.1").listen("OrderShipped", spaced).listen(".order.shipped", plain).subscribed(ready);
    await until("subscribed", () => ready.calls.length);
    await sdk.trigger("private-orders.1", "App\\Events\\OrderShipped", { id: 1 });
    await sdk.trigger("private-orders.1", "order.shipped", { id: 2 });
    await until("both arrived", () => spaced.calls.length && plain.calls.length);
    assert.deepEqual([spaced.calls, plain.calls].map((calls) => calls.map(([data]) => data)), [[{ id: 1 }], [{ id: 2 }]]);
  });

  test("toOthers leaves out the page that acts", async (t) => {
    const [actor, other] = [await page(t), await page(t)];
    const [mine, theirs] = [called(), called()];
    const ready = called();
    actor.channel("board").listen(".moved", mine).subscribed(ready);
    other.channel("board").listen(".moved", theirs).subscribed(ready);
    await until("subscribed", () => ready.calls.length === 2);
    await sdk.trigger("board", "moved", {}, { socket_id: actor.socketId() });
    await until("the other has it", () => theirs.calls.length);
    await sleep(100);
    assert.equal(mine.calls.length, 0);
  });

  test("here, joining, leaving and whisper", async (t) => {
    const [ann, bea] = [
      await page(t, { member: { user_id: "1", user_info: { name: "Ann" } } }),
      await page(t, { member: { user_id: 2, user_info: { name: "Bea" } } }),
    ];
    const [here, joining, leaving, whispered, hereToo] = [called(), called(), called(), called(), called()];
    ann.join("room").here(here).joining(joining).leaving(leaving).listenForWhisper("typing", whispered);
    await until("Ann is here", () => here.calls.length);
    assert.deepEqual(here.calls[0][0], [{ name: "Ann" }]);
    const room = bea.join("room").here(hereToo);
    await until("Bea is here", () => hereToo.calls.length && joining.calls.length);
    assert.deepEqual(hereToo.calls[0][0].map(({ name }) => name).sort(), ["Ann", "Bea"]);
    assert.deepEqual(joining.calls[0][0], { name: "Bea" });
    room.whisper("typing", { on: true });
    await until("the whisper arrived", () => whispered.calls.length);
    assert.deepEqual(whispered.calls[0][0], { on: true });
    bea.leave("room");
    await until("Bea left", () => leaving.calls.length);
    assert.deepEqual(leaving.calls[0][0], { name: "Bea" });
  });
});

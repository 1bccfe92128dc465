// @rails/actioncable, unmodified, against the AnyCable dialect.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { anycable, BASE, cableUrl, created, EXT, publicId, rails, streaming } from "../harness/cable.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { now } from "../harness/tokens.mjs";
import { sleep, until } from "../harness/until.mjs";

describe("@rails/actioncable", () => {
  let suite, app;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: OPEN });
  });
  const publish = (stream, data) => app.cable("POST", "/api/publish", { stream, data });
  const on = (stream) => ({ channel: "$pubsub", stream_name: stream });
  const connected = (subscription) => until("a confirmation", () => subscription.told.connected.length > 0);

  test("offers its protocols, is answered with one, subscribes and receives, falsy values too", async (t) => {
    const consumer = rails(t, cableUrl(app));
    const subscription = created(consumer, on("rails"));
    await connected(subscription);
    assert.equal(consumer.record.current().protocol, BASE);
    for (const data of ['{"n":1}', '"text"', "0", "false", '""']) await publish("rails", data);
    await until("all five", () => subscription.told.received.length === 5);
    assert.deepEqual(subscription.told.received, [{ n: 1 }, "text", 0, false, ""]);
  });

  test("keys keep the order that the caller wrote", async (t) => {
    const consumer = rails(t, cableUrl(app));
    const subscription = created(consumer, { stream_name: "ordered", channel: "$pubsub" });
    await connected(subscription);
    await publish("ordered", "1");
    await until("it arrived", () => subscription.told.received.length === 1);
  });

  test("two subscriptions with equal parameters are both confirmed, and it stops asking", async (t) => {
    const consumer = rails(t, cableUrl(app));
    const one = created(consumer, on("equal"));
    await connected(one);
    const two = created(consumer, on("equal"));
    await connected(two);
    await sleep(1200);
    const confirms = consumer.record.texts.filter((text) => text.includes("confirm_subscription")).length;
    assert.ok(confirms >= 2 && confirms <= 3, `${confirms} confirmations`);
    await publish("equal", "1");
    await until("both have it", () => one.told.received.length === 1 && two.told.received.length === 1);
  });

  test("a signed stream opens, a plain one in an app without public streams is rejected", async (t) => {
    const strict = await suite.givenApp();
    const consumer = rails(t, cableUrl(strict, { jid: strict.cableToken({ user_id: 1 }) }));
    const good = created(consumer, { channel: "$pubsub", signed_stream_name: strict.signedStream("x") });
    const bad = created(consumer, on("x"));
    await connected(good);
    await until("the other is rejected", () => bad.told.rejected === 1);
  });

  test("a refused token stops it for good", async (t) => {
    const strict = await suite.givenApp();
    for (const jid of ["bad", strict.cableToken({ user_id: 1 }, { exp: now() - 5 })]) {
      const consumer = rails(t, cableUrl(strict, { jid }));
      const subscription = created(consumer, on("x"));
      await until("it is disconnected", () => subscription.told.disconnected.length === 1);
      assert.deepEqual(subscription.told.disconnected, [{ willAttemptReconnect: false }]);
    }
  });

  test("whispers by hand, and hears those of others", async (t) => {
    const consumer = rails(t, cableUrl(app));
    const subscription = created(consumer, on("hand"));
    await connected(subscription);
    const other = await streaming(anycable(t, app), "hand");
    consumer.send({ command: "whisper", identifier: subscription.identifier, data: { hi: 1 } });
    await until("the other has it", () => other.heard.length === 1);
    assert.deepEqual(other.heard[0].message, { hi: 1 });
    await other.whisper({ ho: 2 });
    await until("it has the other's", () => subscription.told.received.length === 1);
    assert.deepEqual(subscription.told.received, [{ ho: 2 }]);
  });

  test("is not told of presence that it did not ask for", async (t) => {
    const consumer = rails(t, cableUrl(app));
    const subscription = created(consumer, on("crowd"));
    await connected(subscription);
    const other = await streaming(anycable(t, app, { protocol: EXT }), "crowd");
    await other.presence.join("u", {});
    await until("the other sees itself", () => other.presences.length === 1);
    await publish("crowd", "1");
    await until("the end", () => subscription.told.received.length >= 1);
    assert.deepEqual(subscription.told.received, [1]);
  });

  test("an action of a channel that nobody serves is let go", async (t) => {
    const consumer = rails(t, cableUrl(app));
    const subscription = created(consumer, on("acts"));
    await connected(subscription);
    subscription.perform("speak", { a: 1 });
    subscription.unsubscribe();
    const again = created(consumer, on("acts"));
    await connected(again);
    await publish("acts", "1");
    await until("it arrived", () => again.told.received.length === 1);
    assert.equal(subscription.told.received.length, 0);
  });

  test("a remote disconnect that allows it is taken for a pause, one that does not for the end", async (t) => {
    for (const reconnect of [true, false]) {
      const consumer = rails(t, cableUrl(app, { jid: app.cableToken({ pause: reconnect }) }));
      const subscription = created(consumer, on("remote"));
      await connected(subscription);
      await app.cable("POST", "/api/publish", { command: "disconnect", payload: { identifier: JSON.stringify({ pause: reconnect }), reconnect } });
      await until("it is disconnected", () => subscription.told.disconnected.length === 1);
      assert.deepEqual(subscription.told.disconnected, [{ willAttemptReconnect: reconnect }]);
    }
  });

  test("its identifier is the bytes of its JSON", () => {
    assert.equal(publicId("a"), JSON.stringify(on("a")));
  });
});

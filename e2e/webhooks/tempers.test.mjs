// One bad endpoint delays no other, and costs no more than it may.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { deliveries, givenHook, joined, occupied, Teller } from "../harness/hooks.mjs";
import { eventsOf, givenBadSink, givenSink, TEMPERS } from "../harness/sinks.mjs";
import { givenSuite } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";

describe("endpoints of every temper", { timeout: 90000, concurrency: true }, () => {
  let suite, teller;
  before(async () => {
    suite = await givenSuite();
    teller = new Teller(suite.stack);
  });

  for (const temper of Object.keys(TEMPERS)) {
    const isTaken = temper === "says yes and drips the rest" || temper === "answers endlessly";
    test(`one that ${temper}`, async (t) => {
      const app = await suite.givenApp();
      const [bad, good] = [await givenBadSink(t, temper), await givenSink(t)];
      const badHook = await givenHook(app, bad);
      await givenHook(app, good);
      const ended = new Promise((resolve) => (bad.onFirstEnd = () => resolve(eventsOf(good).length)));
      await teller.tell(app, [occupied("a")]);
      await until("the bad one is asked", () => bad.requests.length > 0);
      for (let from = 0; from < 200; from += 25) {
        await teller.tell(app, Array.from({ length: 25 }, (_, n) => joined(`presence-${n % 5}`, from + n)));
      }
      await until("the good one has everything", () => eventsOf(good).length === 201);
      const slow = ["never answers", "drips a byte a second"].includes(temper);
      if (slow) {
        assert.equal(await ended, 201, "all had arrived before the bad one's first try was over");
        assert.ok(bad.requests[0].lived < 12000, `cut after ${bad.requests[0].lived.toFixed(0)} ms`);
      }
      const first = await until("the bad one's first try is written down", async () => {
        const found = (await deliveries(badHook, { channel: "a" })).find(({ attempts, state }) => attempts > 0 || state !== "pending");
        return found;
      }, { within: 15000, every: 200 });
      assert.equal(first.state, isTaken ? "delivered" : "pending", JSON.stringify(first));
      if (!isTaken) assert.ok(first.last_error, "it says why");
      if (temper === "answers endlessly") {
        await ended;
        // Most of it never left the buffers of this machine.
        const each = bad.bytes / bad.requests.length;
        assert.ok(each < 16 << 20, `${each} bytes written before it was cut`);
      }
      if (temper === "redirects to us") assert.match(first.last_error, /redirects are not followed/);
    });
  }

  test("many black holes at once do not use up all places", async (t) => {
    const app = await suite.givenApp();
    const holes = [];
    for (let n = 0; n < 10; n++) {
      holes.push(await givenBadSink(t, "never answers"));
      await givenHook(app, holes[n]);
    }
    const other = await suite.givenApp();
    const good = await givenSink(t);
    await givenHook(other, good);
    const ended = new Promise((resolve) => (holes[0].onFirstEnd = () => resolve(eventsOf(good).length)));
    await teller.tell(app, Array.from({ length: 50 }, (_, n) => joined(`presence-${n}`, n)));
    await until("the holes are asked", () => holes.every(({ requests }) => requests.length > 0), { within: 9000 });
    for (let from = 0; from < 50; from += 10) await teller.tell(other, Array.from({ length: 10 }, (_, n) => joined("presence-x", from + n)));
    assert.equal(await ended, 50);
  });

  test("one that asks for time gets it", async (t) => {
    const app = await suite.givenApp();
    const sink = await givenSink(t, () => (sink.requests.length === 1 ? { status: 429, headers: { "retry-after": "7" } } : 200));
    await givenHook(app, sink);
    await teller.tell(app, [occupied("a")]);
    await until("it was asked", () => sink.requests.length === 1);
    await teller.tell(app, [occupied("b")]);
    await until("it is asked again", () => eventsOf(sink).length === 3, { within: 20000 });
    const waited = sink.requests[1].at - sink.requests[0].at;
    assert.ok(waited >= 6900, `${waited.toFixed(0)} ms`);
  });
});

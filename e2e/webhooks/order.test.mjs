// Batches in order, and dead letters that can be sent again.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { deliveries, givenHook, joined, occupied, Teller } from "../harness/hooks.mjs";
import { eventsOf, givenSink } from "../harness/sinks.mjs";
import { givenSuite } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";

describe("order and dead letters", { timeout: 60000 }, () => {
  let suite, teller;
  before(async () => {
    suite = await givenSuite();
    teller = new Teller(suite.stack);
  });

  test("a channel is told in order, in batches", async (t) => {
    const app = await suite.givenApp();
    const sink = await givenSink(t);
    await givenHook(app, sink, { channels: ["presence-*"] });
    for (let from = 0; from < 1000; from += 250) {
      await teller.tell(app, Array.from({ length: 250 }, (_, n) => joined(`presence-${n % 3}`, from + n)));
    }
    await teller.tell(app, [occupied("other")]);
    await until("all are told", () => eventsOf(sink).length === 1000, { within: 10000 });
    for (const channel of ["presence-0", "presence-1", "presence-2"]) {
      const users = eventsOf(sink).filter((event) => event.channel === channel).map(({ user_id }) => Number(user_id.slice(1)));
      assert.deepEqual(users, users.toSorted((a, b) => a - b), channel);
    }
    assert.ok(sink.requests.length < 50, `${sink.requests.length} requests`);
    assert.ok(sink.requests.every(({ body }) => body.events.length <= 100));
  });

  test("what waits for its next try holds its channel, and comes first when it is taken", async (t) => {
    const app = await suite.givenApp();
    let isOpen = false;
    const sink = await givenSink(t, ({ body }) => (!isOpen && body.events.some(({ user_id }) => user_id === "u1") ? 500 : 200));
    await givenHook(app, sink);
    await teller.tell(app, [joined("presence-a", 1)]);
    await until("it was refused", () => sink.requests.length === 1);
    await teller.tell(app, [joined("presence-a", 2), joined("presence-b", 3)]);
    await until("the other channel goes on", () => eventsOf(sink).some(({ user_id }) => user_id === "u3"));
    assert.ok(!eventsOf(sink).some(({ user_id }) => user_id === "u2"));
    isOpen = true;
    await until("both are told", () => eventsOf(sink).some(({ user_id }) => user_id === "u2"), { within: 10000 });
    const taken = eventsOf(sink).filter(({ channel }) => channel === "presence-a").map(({ user_id }) => user_id);
    assert.deepEqual(taken, ["u1", "u1", "u2"]);
  });

  test("dead letters are seen, and replayed in their old order", async (t) => {
    const app = await suite.givenApp();
    const sink = await givenSink(t, () => 410);
    const hook = await givenHook(app, sink);
    await teller.tell(app, [joined("presence-a", 1), joined("presence-a", 2), joined("presence-a", 3)]);
    const dead = await until("they are dead", async () => {
      const found = await deliveries(hook, { state: "dead" });
      return found.length === 3 && found;
    });
    assert.ok(dead.every(({ last_status, finished_at }) => last_status === 410 && finished_at));
    const { endpoint = await hook.get() } = await hook.get();
    assert.deepEqual([endpoint.enabled, endpoint.disabled_why], [false, "gone"]);
    sink.answer = () => 200;
    sink.requests.length = 0;
    await hook.call("PATCH", "", { enabled: true });
    const { replayed } = await hook.call("POST", "/replay", {});
    assert.equal(replayed, 3);
    await until("they are told", () => eventsOf(sink).length === 3);
    assert.deepEqual(eventsOf(sink).map(({ user_id }) => user_id), ["u1", "u2", "u3"]);
    await hook.call("POST", `/deliveries/${dead[0].id}/replay`);
    await until("one again", () => eventsOf(sink).length === 4);
    await until("all are delivered", async () => (await deliveries(hook, { state: "delivered" })).length === 3);
  });
});

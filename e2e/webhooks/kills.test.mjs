// The control plane is killed while it delivers: every event arrives at least once or is a dead letter, in order.
// SIGNALBOX_KILLS and SIGNALBOX_SEED choose how often and when.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { deliveries, givenHook, joined, Teller } from "../harness/hooks.mjs";
import { givenApp } from "../harness/apps.mjs";
import { givenAccount } from "../harness/management.mjs";
import { eventsOf, givenSink } from "../harness/sinks.mjs";
import { lifetime, ownStack } from "../harness/stack.mjs";
import { sleep, until } from "../harness/until.mjs";

const KILLS = Number(process.env.SIGNALBOX_KILLS ?? 4);
const SEED = Number(process.env.SIGNALBOX_SEED ?? 1);
const CHANNELS = ["presence-a", "presence-b", "presence-c", "presence-d"];

describe("a deliverer that is killed", { timeout: 180000 + KILLS * 20000 }, () => {
  const life = lifetime();
  let stack, app, teller;
  before(async () => {
    stack = await ownStack(life);
    app = await givenApp(await givenAccount(stack));
    teller = new Teller(stack);
  });

  test(`${KILLS} times (seed ${SEED}): nothing is lost and nothing overtakes`, async (t) => {
    const random = seeded(SEED);
    let calm = false;
    const steady = await givenSink(t, () => sleep(random() * 30).then(() => 200));
    // Loses answers too: what it was told counts, whatever it said.
    const moody = await givenSink(t, () => sleep(random() * 60).then(() => (calm || random() > 0.05 ? 200 : 500)));
    const hooks = [await givenHook(app, steady), await givenHook(app, moody, { form: "standard" })];
    let [told, isOver] = [0, false];
    const telling = (async () => {
      while (!isOver) {
        const from = told;
        const batch = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, n) => joined(CHANNELS[(from + n) % 4], from + n));
        await teller.tell(app, batch);
        told += batch.length;
        await sleep(20 + random() * 60);
      }
    })();
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(400 + random() * 1500);
      await stack.kill("control_plane");
      await sleep(random() * 300);
      await stack.start("control_plane");
    }
    await sleep(500);
    [isOver, calm] = [true, true];
    await telling;
    const received = { steady: () => eventsOf(steady), moody: () => moody.requests.map(({ body: { data } }) => data) };
    for (const [name, events] of Object.entries(received)) {
      // What was under way at a kill waits for its lease; what was refused, for its next try.
      await until(`${name} has been told everything`, () => new Set(events().map(({ user_id }) => user_id)).size === told, { within: 90000, every: 250 });
      for (const channel of CHANNELS) {
        const numbers = events().filter((event) => event.channel === channel).map(({ user_id }) => Number(user_id.slice(1)));
        const firsts = [...new Set(numbers)];
        assert.deepEqual(firsts, firsts.toSorted((a, b) => a - b), `${name}, ${channel}: in order`);
      }
    }
    for (const hook of hooks) {
      const states = await until("all is written down", async () => {
        const found = (await deliveries(hook)).map(({ state }) => state);
        return found.every((state) => state !== "pending") && found;
      }, { within: 60000, every: 500 });
      assert.equal(states.length, told, "one delivery per event, however often it was told");
      assert.ok(states.every((state) => state === "delivered"));
    }
    const twice = received.steady().length + received.moody().length - 2 * told;
    t.diagnostic(`${told} events, ${KILLS} kills, ${twice} told more than once`);
  });
});

function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

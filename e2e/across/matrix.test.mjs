// From every publisher to every kind of subscriber: each gets each message exactly once, in its own dialect's shape,
// in order, byte for byte; the sender's own connection gets nothing back.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { lifetime } from "../harness/stack.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";
import { named } from "./mapping.mjs";
import { PUBLISHERS, subscribers } from "./world.mjs";

const KINDS = ["pusher-js", "Pusher", "Relay", "AnyCable base", "AnyCable ext", "Action Cable", "Metered"];
const END = named("end", "of the round");

for (const channel of ["room-1", "private-room"]) {
  describe(`from every publisher to every subscriber of ${channel}`, () => {
    const life = lifetime();
    let world;
    before(async () => {
      const app = await (await givenSuite()).givenApp({ settings: OPEN, limits: { max_publishes_per_s: 2000 } });
      const tokenKey = await app.givenTokenKey();
      world = { app, tokenKey, channel, ...(await subscribers(life, app, tokenKey, channel)) };
    });

    /** Publishes everything a publisher has, once; what each subscriber then heard. */
    async function round({ messages, publish, sender }) {
      const counts = () => Object.fromEntries(KINDS.map((kind) => [kind, world.all[kind].heard().length]));
      const start = counts();
      const wait = (n, what) =>
        until(`${what} at ${JSON.stringify(start)} + ${n}; have ${JSON.stringify(counts())}`, () => KINDS.every((kind) => kind === sender || world.all[kind].heard().length >= start[kind] + n), { within: 3000 }).catch(() => {});
      for (const [at, message] of messages.entries()) {
        await publish(world, message);
        await wait(at + 1, `message ${at}`);
      }
      await PUBLISHERS[0].publish(world, END);
      const isEnd = (kind, got) => JSON.stringify(got) === JSON.stringify(world.all[kind].expects(END));
      await until("the end of the round", () => KINDS.every((kind) => isEnd(kind, world.all[kind].heard().at(-1))));
      return Object.fromEntries(KINDS.map((kind) => [kind, world.all[kind].heard().slice(start[kind])]));
    }

    for (const publisher of PUBLISHERS.filter(({ onlyPrivate }) => !onlyPrivate || channel.startsWith("private-"))) {
      let heard;
      for (const kind of KINDS) {
        test(`${publisher.what} → ${kind}`, async () => {
          heard ??= round(publisher);
          const messages = kind === publisher.sender ? [] : publisher.messages;
          assert.deepEqual((await heard)[kind], [...messages, END].map(world.all[kind].expects));
        });
      }
    }
  });
}

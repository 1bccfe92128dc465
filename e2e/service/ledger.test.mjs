// The ledger is the traffic: what receivers counted is what is billed, also when gateways are killed under load.
// SIGNALBOX_KILLS and SIGNALBOX_SEED choose how often and when.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import WebSocket from "ws";
import { givenApp } from "../harness/apps.mjs";
import { givenAccount } from "../harness/management.mjs";
import { socketUrl } from "../harness/raw.mjs";
import { lifetime, ownStack } from "../harness/stack.mjs";
import { sleep, until } from "../harness/until.mjs";

const KILLS = Number(process.env.SIGNALBOX_KILLS ?? 4);
const SEED = Number(process.env.SIGNALBOX_SEED ?? 1);
const RECEIVERS = 5;
/** What one socket may have been sent beyond what is counted when its gateway is killed: one write. */
const BATCH = 64;

describe("the ledger", { timeout: 120000 + KILLS * 20000 }, () => {
  const life = lifetime();
  let stack, account, app;
  before(async () => {
    stack = await ownStack(life);
    account = await givenAccount(stack);
    app = await givenApp(account, { limits: { max_publishes_per_s: 100000 } });
  });

  const usage = async () => (await account.api.call("GET", `/v1/apps/${app.id}/usage?granularity=minute`)).total;
  /** The usage once it no longer changes and has at least what is known to have been published. */
  async function finalUsage(published) {
    let last;
    return until("the usage is complete and at rest", async () => {
      const now = await usage();
      const isAtRest = now.published >= published && last?.published === now.published && last?.delivered === now.delivered;
      last = now;
      return isAtRest && now;
    }, { within: 70000, every: 6000 });
  }

  test("without faults: every event published and every frame received, not one more", async () => {
    const receivers = await listening("calm", RECEIVERS);
    const sent = await publishing("calm", ({ accepted }) => accepted >= 300);
    await until("all is received", () => receivers.every(({ received }) => received === sent.accepted), { within: 10000 });
    const { published, delivered } = await finalUsage(sent.accepted);
    assert.deepEqual([published, delivered], [sent.accepted, sent.accepted * RECEIVERS]);
    receivers.forEach(({ stop }) => stop());
  });

  test(`killed ${KILLS} times under load (seed ${SEED})`, async (t) => {
    const before = await usage();
    const receivers = await listening("stormy", RECEIVERS);
    let isOver = false;
    const publisher = publishing("stormy", () => isOver);
    const random = seeded(SEED);
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(200 + random() * 1500);
      await stack.kill("gateway");
      if (kill === 1) {
        await stack.kill("control_plane");
        await stack.start("gateway");
        await sleep(500 + random() * 1000);
        await stack.start("control_plane");
      } else if (kill === 2) {
        await stack.kill("postgres");
        await stack.start("gateway");
        await sleep(500 + random() * 1000);
        await stack.start("postgres");
      } else {
        await stack.start("gateway");
      }
      await until("receivers are back", () => receivers.every(({ isIn }) => isIn()), { within: 15000 });
    }
    await sleep(1000);
    isOver = true;
    const sent = await publisher;
    await sleep(1000);
    const received = receivers.reduce((sum, receiver) => sum + receiver.received, 0);
    receivers.forEach(({ stop }) => stop());
    const after = await finalUsage(before.published + sent.accepted);
    const [published, delivered] = [after.published - before.published, after.delivered - before.delivered];
    t.diagnostic(`accepted ${sent.accepted}, unknown ${sent.unknown}, published ${published}; received ${received}, delivered ${delivered}`);
    assert.ok(published >= sent.accepted && published <= sent.accepted + sent.unknown, "what was accepted, and of the unknown no more than there are");
    assert.ok(delivered <= received, "never more than was received");
    assert.ok(received - delivered <= KILLS * RECEIVERS * BATCH, "short by one write of each killed socket at most");
  });

  /** Sockets that come back whenever they are cut, and count what they receive. */
  async function listening(channel, count) {
    const receivers = Array.from({ length: count }, () => {
      const receiver = { received: 0, isIn: () => receiver.subscribed };
      const open = () => {
        if (receiver.stopped) return;
        const socket = (receiver.socket = new WebSocket(socketUrl(app)));
        socket.on("message", (text) => {
          const { event } = JSON.parse(text);
          if (event === "pusher:connection_established") socket.send(JSON.stringify({ event: "pusher:subscribe", data: { channel } }));
          if (event === "pusher_internal:subscription_succeeded") receiver.subscribed = true;
          if (event === "e") receiver.received++;
        });
        socket.on("error", () => {}); // the close that follows is what counts
        socket.on("close", () => {
          receiver.subscribed = false;
          setTimeout(open, 50);
        });
      };
      receiver.stop = () => {
        receiver.stopped = true;
        receiver.socket.terminate();
      };
      open();
      return receiver;
    });
    await until("all are in", () => receivers.every(({ isIn }) => isIn()));
    return receivers;
  }

  /** Four publishers until `isEnough`; what was accepted, and what nobody knows. */
  async function publishing(channel, isEnough) {
    const sent = { accepted: 0, unknown: 0 };
    const work = async () => {
      while (!isEnough(sent)) {
        try {
          const { status } = await app.publish(channel, "e", "x");
          if (status === 200) sent.accepted++;
          else await sleep(20);
        } catch (error) {
          if (error.cause?.code !== "ECONNREFUSED") sent.unknown++;
          await sleep(20);
        }
      }
    };
    await Promise.all(Array.from({ length: 4 }, work));
    return sent;
  }
});

/** A small generator (mulberry32), so that a run can be had again. */
function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

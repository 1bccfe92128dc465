// Readers that stop reading: bounded memory, cut in time, and their neighbours do not notice.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { givenApp } from "../harness/apps.mjs";
import { givenAccount } from "../harness/management.mjs";
import { rawClient } from "../harness/raw.mjs";
import { lifetime, ownStack } from "../harness/stack.mjs";
import { sleep, until } from "../harness/until.mjs";

const SLOW = 20;
const MIB = 1024 * 1024;

describe("slow readers", { timeout: 120000 }, () => {
  const life = lifetime();
  let stack, app;
  before(async () => {
    stack = await ownStack(life);
    app = await givenApp(await givenAccount(stack), { limits: { max_publishes_per_s: 10000, max_event_bytes: 102400 } });
  });

  const resident = () => Number(readFileSync(`/proc/${stack.pids.gateway}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) * 1024;

  /** Publishes `n` events of `size` bytes; the neighbour's times from publish to arrival, sorted. */
  async function load(neighbour, n, size, pause) {
    const filler = "x".repeat(size);
    const times = [];
    for (let at = 0; at < n; at++) {
      const began = performance.now();
      const arrived = neighbour.next("e", { within: 10000 });
      assert.equal((await app.publish("load", "e", `${at} ${filler}`)).status, 200);
      assert.ok((await arrived).data.startsWith(`${at} `), "in order, none missing");
      times.push(performance.now() - began);
      if (pause) await sleep(pause);
    }
    return times.sort((a, b) => a - b);
  }

  test("are cut within ten seconds at no more than 1 MiB each; the neighbour gets everything in time", async (t) => {
    const neighbour = await rawClient(t, app);
    await neighbour.subscribe("load");
    await load(neighbour, 50, 90000);
    const alone = await load(neighbour, 150, 90000);

    const slow = await Promise.all(Array.from({ length: SLOW }, () => rawClient(t, app)));
    for (const client of slow) {
      await client.subscribe("load");
      client.socket.pause();
    }
    const before = resident();
    const beside = await load(neighbour, 200, 90000, 5);
    const peak = resident();
    t.diagnostic(`neighbour's p50 alone ${p(alone, 0.5)} ms, beside ${p(beside, 0.5)} ms; resident +${((peak - before) / MIB).toFixed(1)} MiB for ${SLOW} slow readers`);
    assert.ok(peak - before < SLOW * MIB + 16 * MIB, `resident grew by ${((peak - before) / MIB).toFixed(1)} MiB`);
    assert.ok(p(beside, 0.5) < 3 * p(alone, 0.5) + 5, "the neighbour waits no longer");

    await until("the slow ones are no longer counted", async () => (await app.get("/channels/load", { info: "subscription_count" })).json.subscription_count === 1, { within: 12000, every: 100 });
    for (const client of slow) client.socket.resume();
    await until("the slow ones find themselves cut", () => slow.every(({ closed }) => closed), { within: 5000 });
    const codes = new Set(slow.map(({ closed }) => closed.code));
    assert.ok([...codes].every((code) => code === 4100 || code === 1006), `codes ${[...codes]}`);
    await neighbour.staysOpen();
  });

  test("one that reads slowly but enough is kept", async (t) => {
    const reader = await rawClient(t, app);
    await reader.subscribe("load");
    const other = await rawClient(t, app);
    await other.subscribe("load");
    const breathing = setInterval(() => (reader.socket.isPaused ? reader.socket.resume() : reader.socket.pause()), 100);
    t.after(() => clearInterval(breathing));
    await load(other, 100, 10000, 5);
    clearInterval(breathing);
    reader.socket.resume();
    await until("it has everything", () => reader.frames.filter(({ event }) => event === "e").length === 100);
  });
});

function p(sorted, share) {
  return Number(sorted[Math.floor(sorted.length * share)].toFixed(1));
}

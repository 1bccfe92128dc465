// Many revocations while the keys are in use: how long each takes, and nothing accepted after its receipt.
// `SIGNALBOX_REVOCATIONS=1000 node --test e2e/faults/revocation-under-load.test.mjs` for the full run.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { isUnknown } from "../harness/apps.mjs";
import { givenSuite } from "../harness/suite.mjs";

const REVOCATIONS = Number(process.env.SIGNALBOX_REVOCATIONS ?? 60);
/** Keys in use at a time: fewer than the smallest plan allows. */
const AT_A_TIME = 6;

describe("revocation under load", () => {
  let suite, app;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp();
  });

  /** Publishes with the key without a pause, from two callers, until each was refused. */
  function inUse(key) {
    const state = { accepted: 0, lateAccepts: 0, receiptAt: Infinity, others: [] };
    const caller = async () => {
      for (;;) {
        const began = performance.now();
        const answer = await app.bearer(key.token, "POST", "/events", { name: "e", channel: "a", data: "1" });
        if (isUnknown(answer)) return;
        const { status } = answer;
        if (status !== 200) state.others.push(status);
        if (status === 200) state.accepted += 1;
        if (status === 200 && began > state.receiptAt) state.lateAccepts += 1;
        if (began > state.receiptAt + 5_000) return;
      }
    };
    state.ended = Promise.all([caller(), caller()]);
    return state;
  }

  async function revoked(key) {
    const use = inUse(key);
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 80));
    const began = performance.now();
    const { receipt } = await suite.account.api.call("DELETE", `/v1/apps/${app.id}/keys/${key.id}`);
    use.receiptAt = performance.now();
    await use.ended;
    return { use, receipt, ms: use.receiptAt - began };
  }

  test(`${REVOCATIONS} keys are revoked while they publish`, { timeout: 30_000 + REVOCATIONS * 500 }, async () => {
    const [answers, gateways] = [[], []];
    let accepted = 0;
    for (let done = 0; done < REVOCATIONS; done += AT_A_TIME) {
      const size = Math.min(AT_A_TIME, REVOCATIONS - done);
      const keys = [];
      for (let n = 0; n < size; n++) keys.push(await app.givenKey({ actions: ["publish"], channels: ["**"] }));
      for (const { use, receipt, ms } of await Promise.all(keys.map(revoked))) {
        assert.deepEqual(receipt.pending, [], "every gateway confirmed");
        assert.equal(use.lateAccepts, 0, "nothing is accepted after the receipt");
        assert.deepEqual(use.others.filter((status) => status !== 429), [], "accepted, refused or over the rate");
        answers.push(ms);
        gateways.push(...receipt.confirmed.map(({ ms: took }) => took));
        accepted += use.accepted;
      }
    }
    assert.ok(accepted > REVOCATIONS, "the keys were in use");
    console.log(`# ${answers.length} revocations under load, milliseconds`);
    console.log(`#   until the answer:        ${spread(answers)}`);
    console.log(`#   until a gateway confirms: ${spread(gateways)}`);
  });
});

function at(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function spread(values) {
  return `p50 ${at(values, 0.5).toFixed(0)}  p99 ${at(values, 0.99).toFixed(0)}  max ${at(values, 1).toFixed(0)}`;
}

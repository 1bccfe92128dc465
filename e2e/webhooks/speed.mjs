// How fast webhooks are taken in and told; prints, and compares nothing. Binaries as in CARGO_TARGET_DIR:
//
//     cd e2e && node webhooks/speed.mjs

import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { givenApp } from "../harness/apps.mjs";
import { givenHook } from "../harness/hooks.mjs";
import { givenAccount } from "../harness/management.mjs";
import { ownStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

const ROUNDS = Number(process.env.SIGNALBOX_ROUNDS ?? 15);
const EVENTS = 1000;
const CHANNELS = 100;

const ends = [];
const stack = await ownStack({ after: (end) => ends.push(end) });
try {
  const account = await givenAccount(stack);
  const boot = randomUUID();
  let seq = 0;

  /** Milliseconds until a batch was stored. */
  async function tell(app) {
    const events = Array.from({ length: EVENTS }, () => ({
      seq: ++seq, app: app.id, at_ms: Date.now(), channel: `presence-room-${seq % CHANNELS}`, name: "member_added", user_id: `u${seq}`,
    }));
    const body = JSON.stringify({ gateway: "of-a-test", boot, events });
    const headers = { authorization: `Bearer ${stack.operator.env.SIGNALBOX_GATEWAY_TOKEN}`, "content-type": "application/json" };
    const began = performance.now();
    const answer = await fetch(`${stack.console_url}/internal/v1/channel-events`, { method: "POST", body, headers });
    const took = performance.now() - began;
    if (answer.status !== 204) throw new Error(`${answer.status} ${await answer.text()}`);
    return took;
  }

  const resting = await givenApp(account);
  // Nothing is sent while this is measured: a server that asks to be left alone is.
  const busy = await sink((_, response) => response.writeHead(503, { "retry-after": "3600" }).end());
  for (let n = 0; n < 2; n++) await givenHook(resting, busy);
  for (let n = 0; n < 3; n++) await tell(resting);
  const took = [];
  for (let n = 0; n < ROUNDS; n++) took.push(await tell(resting));
  took.sort((a, b) => a - b);
  console.log(`${EVENTS} events for 2 endpoints: ${took[0].toFixed(0)} ms at best, ${took[took.length >> 1].toFixed(0)} ms at the median of ${ROUNDS}`);

  for (const form of ["pusher", "relay", "standard"]) {
    const app = await givenApp(account);
    let told = 0;
    const quick = await sink((events, response) => {
      told += events;
      response.end();
    });
    await givenHook(app, quick, { form });
    const began = performance.now();
    await tell(app);
    await until("all is told", () => told >= EVENTS, { within: 120000 });
    const seconds = (performance.now() - began) / 1000;
    console.log(`${form}: ${EVENTS} events told in ${seconds.toFixed(2)} s, ${(EVENTS / seconds).toFixed(0)} a second`);
  }

  // One long queue, and somebody behind it.
  const app = await givenApp(account);
  const [seen, when] = [new Set(), {}];
  const slow = await sink((_, response, body) => {
    for (const { channel } of body.events) if (!seen.has(channel)) seen.add(channel) && (when[channel] = performance.now());
    setTimeout(() => response.end(), 100);
  });
  await givenHook(app, slow);
  const one = (channel, n) => ({ seq: ++seq, app: app.id, at_ms: Date.now(), channel, name: "member_added", user_id: `u${n}` });
  const events = [...Array.from({ length: 900 }, (_, n) => one("presence-long", n)), ...Array.from({ length: 20 }, (_, n) => one(`presence-${n}`, n))];
  const headers = { authorization: `Bearer ${stack.operator.env.SIGNALBOX_GATEWAY_TOKEN}`, "content-type": "application/json" };
  const began = performance.now();
  await fetch(`${stack.console_url}/internal/v1/channel-events`, { method: "POST", body: JSON.stringify({ gateway: "of-a-test", boot, events }), headers });
  await until("all channels are told", () => seen.size === 21, { within: 60000 });
  const others = Object.entries(when).filter(([channel]) => channel !== "presence-long").map(([, at]) => at - began);
  console.log(`behind 900 events of one channel, at a server that takes 100 ms: the others after ${Math.max(...others).toFixed(0)} ms`);
} finally {
  for (const end of ends.reverse()) await end();
}

/** A server for webhooks: `answer(how many events, response, body)`. */
async function sink(answer) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      answer(body.events?.length ?? 1, response, body);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))));
  return { url: `http://127.0.0.1:${server.address().port}/hook` };
}

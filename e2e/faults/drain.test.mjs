// SIGTERM under load: nobody new comes in, nobody is dropped, no publish fails.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import WebSocket from "ws";
import { connected, heard, subscribed } from "../harness/browsers.mjs";
import { givenApp } from "../harness/apps.mjs";
import { givenAccount } from "../harness/management.mjs";
import { rawClient, socketUrl } from "../harness/raw.mjs";
import { lifetime, ownStack } from "../harness/stack.mjs";
import { sleep, until } from "../harness/until.mjs";

describe("drain", { timeout: 120000 }, () => {
  const life = lifetime();
  let stack, app;
  before(async () => {
    stack = await ownStack(life);
    app = await givenApp(await givenAccount(stack), { limits: { max_publishes_per_s: 5000 } });
  });

  test("clients are told 4200 spread over time, upgrades get 503, publishes go on until the end", async (t) => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => rawClient(t, app)));
    for (const client of clients) await client.subscribe("load");

    let stopped = false;
    const statuses = new Map();
    const load = (async () => {
      while (!stopped) {
        const status = await app.publish("load", "e", "x").then(
          (answer) => answer.status,
          () => stillListens().then((up) => (up ? "broken off" : "ended")),
        );
        if (status === "ended") return;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        await sleep(5);
      }
    })();
    t.after(() => (stopped = true));

    const began = performance.now();
    await stack.signal("gateway", "SIGTERM");
    const up = await until("/up tells", async () => {
      const answer = await fetch(`${stack.gateway_url}/up`).catch(() => undefined);
      return answer?.status === 503 && (await answer.text());
    });
    assert.equal(up, "DRAINING");
    assert.equal(await upgradeStatus(t, app), 503);

    await until("every client is closed", () => clients.every(({ closed }) => closed), { within: 30000 });
    assert.deepEqual([...new Set(clients.map(({ closed }) => closed.code))], [4200]);
    const times = clients.map(({ closed }) => closed.at - began).sort((a, b) => a - b);
    t.diagnostic(`closed between ${times[0].toFixed(0)} and ${times.at(-1).toFixed(0)} ms`);
    assert.ok(times.at(-1) - times[0] > 200, "not all at once");

    await load;
    const failed = [...statuses].filter(([status]) => ![200].includes(status));
    assert.deepEqual(failed, [], `publishes by status ${JSON.stringify([...statuses])}`);
    assert.ok(statuses.get(200) > 0);
  });

  test("pusher-js comes back to the gateway that follows", async (t) => {
    await stack.stop("gateway");
    await stack.start("gateway");
    const pusher = await connected(t, app);
    const messages = heard(await subscribed(pusher, "load"), "e");
    const stopping = stack.stop("gateway");
    await until("it was sent away", () => pusher.connection.state !== "connected", { within: 20000 });
    await stopping;
    await stack.start("gateway");
    await until("it is back", () => pusher.connection.state === "connected" && pusher.channel("load").subscribed, { within: 20000 });
    await app.publish("load", "e", "again");
    await messages.first();
  });

  function stillListens() {
    return fetch(`${stack.gateway_url}/up`).then(
      () => true,
      () => false,
    );
  }
});

function upgradeStatus(t, app) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(socketUrl(app));
    t.after(() => socket.terminate());
    socket.on("unexpected-response", (_, response) => resolve(response.statusCode));
    socket.on("open", () => reject(new Error("the upgrade was granted")));
    socket.on("error", reject);
  });
}

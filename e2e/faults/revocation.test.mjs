// What is taken back is refused in under a second, and what it had opened is closed in under two.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { App, isUnknown } from "../harness/apps.mjs";
import { rawClient } from "../harness/raw.mjs";
import { givenSuite } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";

describe("revocation", () => {
  let suite, api;
  before(async () => {
    suite = await givenSuite();
    api = suite.account.api;
  });

  /** How long after `act` began `check` first held. */
  async function msUntil(act, check) {
    const began = performance.now();
    const answer = await act();
    await until("it is in force", check, { every: 5 });
    return { answer, ms: performance.now() - began };
  }

  test("a revoked secret key is refused in under a second, and the answer says where it is in force", async () => {
    const app = await suite.givenApp();
    for (let round = 0; round < 5; round++) {
      const key = await app.givenKey({ actions: ["publish"], channels: ["**"] });
      const use = () => app.bearer(key.token, "POST", "/events", { name: "e", channel: "a", data: "1" });
      assert.equal((await use()).status, 200);
      const { answer, ms } = await msUntil(
        () => api.call("DELETE", `/v1/apps/${app.id}/keys/${key.id}`),
        async () => isUnknown(await use()),
      );
      assert.ok(ms < 1000, `${ms.toFixed(0)} ms`);
      const { receipt } = answer;
      assert.ok(Number.isInteger(receipt.revision));
      assert.deepEqual(receipt.pending, []);
      assert.ok(receipt.confirmed.length >= 1 && receipt.confirmed.every(({ gateway, ms: took }) => gateway && took >= 0 && took < 1000), JSON.stringify(receipt));
    }
  });

  test("once the receipt names a gateway, the key is dead there", async () => {
    const app = await suite.givenApp();
    const key = await app.givenKey({ actions: ["publish"], channels: ["**"] });
    await api.call("DELETE", `/v1/apps/${app.id}/keys/${key.id}`);
    assert.ok(isUnknown(await app.bearer(key.token, "POST", "/events", { name: "e", channel: "a", data: "1" })));
  });

  test("a disabled app's sockets are closed with 4003 in under two seconds, its requests get 403", async (t) => {
    const app = await suite.givenApp();
    const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient(t, app)));
    const { ms } = await msUntil(
      () => app.change({ enabled: false }),
      () => clients.every(({ closed }) => closed),
    );
    assert.ok(ms < 2000, `${ms.toFixed(0)} ms`);
    assert.deepEqual([...new Set(clients.map(({ closed }) => closed.code))], [4003]);
    assert.equal((await clients[0].next("pusher:error")).data.code, 4003);
    assert.equal((await app.publish("a", "e", "1")).status, 403);
    const late = await rawClient(t, app, { settled: false });
    assert.equal((await late.closing()).code, 4003);

    await app.change({ enabled: true });
    await until("it serves again", async () => (await app.publish("a", "e", "1")).status === 200, { within: 1000 });
    assert.ok((await rawClient(t, app)).socketId);
  });

  test("a deleted app is gone: sockets closed, requests 404", async (t) => {
    const app = await suite.givenApp();
    const neighbour = await rawClient(t, await suite.givenApp());
    const client = await rawClient(t, app);
    const { ms } = await msUntil(
      () => api.send("DELETE", `/v1/apps/${app.id}`),
      () => client.closed,
    );
    assert.ok(ms < 2000, `${ms.toFixed(0)} ms`);
    assert.ok([4001, 4003].includes(client.closed.code), `code ${client.closed.code}`);
    await until("requests get 404", async () => (await app.publish("a", "e", "1")).status === 404, { within: 1000 });
    await neighbour.staysOpen();
  });

  test("a second pair of key and secret works beside the first, and alone once the first is deleted", async (t) => {
    const app = await suite.givenApp();
    const { credential } = await api.call("POST", `/v1/apps/${app.id}/credentials`, {});
    const second = new App(suite.account, { id: app.id, key: credential.key, secret: credential.secret });
    await until("the second works", async () => (await second.publish("a", "e", "1")).status === 200);
    assert.equal((await app.publish("a", "e", "1")).status, 200);
    const [old, young] = [await rawClient(t, app), await rawClient(t, second)];
    await old.subscribe("private-a");
    await young.subscribe("private-a");

    const { ms } = await msUntil(
      () => api.call("DELETE", `/v1/apps/${app.id}/credentials/${app.key}`),
      async () => (await app.publish("a", "e", "1")).status === 401,
    );
    assert.ok(ms < 1000, `${ms.toFixed(0)} ms`);
    assert.equal((await second.publish("private-a", "e", "1")).status, 200);
    await young.next("e");
    const late = await rawClient(t, app, { settled: false });
    assert.equal((await late.closing()).code, 4001);
  });

  test("new keys work in under a second", async () => {
    const app = await suite.givenApp();
    const began = performance.now();
    await app.givenKey({ actions: ["publish"], channels: ["**"] });
    assert.ok(performance.now() - began < 1000);
  });
});

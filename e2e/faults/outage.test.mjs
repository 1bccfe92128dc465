// The control plane and its database may die; the gateway goes on, and even starts without them.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { connected, heard, subscribed } from "../harness/browsers.mjs";
import { givenApp, isUnknown } from "../harness/apps.mjs";
import { givenAccount } from "../harness/management.mjs";
import { rawClient } from "../harness/raw.mjs";
import { lifetime, ownStack } from "../harness/stack.mjs";
import { sleep, until } from "../harness/until.mjs";

describe("without the control plane", { timeout: 120000 }, () => {
  const life = lifetime();
  let stack, account, app, key, revoked;
  before(async () => {
    stack = await ownStack(life);
    account = await givenAccount(stack);
    app = await givenApp(account, { settings: { client_events: true } });
    key = await app.givenKey({ actions: ["publish", "channels.read"], channels: ["**"] });
    revoked = await app.givenKey({ actions: ["publish", "channels.read"], channels: ["**"] });
    await account.api.call("DELETE", `/v1/apps/${app.id}/keys/${revoked.id}`);
  });

  const event = { name: "e", channel: "a", data: "1" };
  async function serves(t) {
    const client = await rawClient(t, app);
    await client.subscribe("private-alive");
    assert.equal((await app.publish("private-alive", "e", "1")).status, 200);
    await client.next("e");
    assert.equal((await app.bearer(key.token, "POST", "/events", event)).status, 200);
    assert.ok(isUnknown(await app.bearer(revoked.token, "POST", "/events", event)), "what was revoked stays revoked");
  }

  test("a killed gateway comes back, and with it pusher-js and its presence", async (t) => {
    const pusher = await connected(t, app, { member: { user_id: "ann" } });
    const room = await subscribed(pusher, "presence-room");
    const messages = heard(room, "e");
    await stack.kill("gateway");
    await until("the loss is noticed", () => pusher.connection.state !== "connected");
    await stack.start("gateway");
    await until("it is back in the room", () => pusher.connection.state === "connected" && room.subscribed && room.members.count === 1, { within: 15000 });
    await app.publish("presence-room", "e", "1");
    await messages.first();
  });

  test("a frozen database does not touch the data plane, and management says so in time", async (t) => {
    await stack.signal("postgres", "SIGSTOP");
    t.after(() => stack.signal("postgres", "SIGCONT"));
    await serves(t);
    const began = performance.now();
    const answer = await account.api.send("GET", `/v1/apps/${app.id}`);
    const took = performance.now() - began;
    assert.ok([500, 503, 504].includes(answer.status) && took < 4000, `${answer.status} after ${took.toFixed(0)} ms`);
  });

  test("afterwards management works again", async () => {
    await until("management answers", async () => (await account.api.send("GET", `/v1/apps/${app.id}`)).status === 200, { within: 10000 });
  });

  test("both killed: the gateway goes on", async (t) => {
    const before = await rawClient(t, app);
    await before.subscribe("private-before");
    await stack.kill("control_plane");
    await stack.kill("postgres");
    await serves(t);
    await app.publish("private-before", "e", "1");
    await before.next("e");
    await sleep(3000);
    await serves(t);
  });

  test("both still down: a gateway that is killed starts from its disk in under three seconds", async (t) => {
    await stack.kill("gateway");
    const { ms } = await stack.start("gateway");
    assert.ok(ms < 3000, `${ms.toFixed(0)} ms`);
    await serves(t);
    t.diagnostic(`serving again after ${ms.toFixed(0)} ms`);
  });

  test("both back: new apps and revocations arrive again", async (t) => {
    await stack.start("postgres");
    await stack.start("control_plane");
    const fresh = await until("a new app is served", () => givenApp(account, {}).catch(() => undefined), { within: 20000 });
    assert.ok((await rawClient(t, fresh)).socketId);
    await account.api.call("DELETE", `/v1/apps/${app.id}/keys/${key.id}`);
    await until("the revocation is in force", async () => isUnknown(await app.bearer(key.token, "POST", "/events", event)), { within: 2000 });
  });
});

// SIGTERM in every dialect's words, a limit on connects from one address, and readers that stop reading.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { givenApp } from "../harness/apps.mjs";
import { anycable, cableUrl, created, EXT, publicId, rails, rawCable, streaming } from "../harness/cable.mjs";
import { EventStream } from "../harness/events.mjs";
import { givenAccount } from "../harness/management.mjs";
import { rawMetered, signalling } from "../harness/metered.mjs";
import { rawRelay } from "../harness/relay.mjs";
import { lifetime, ownStack } from "../harness/stack.mjs";
import { OPEN } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";

const CONNECTS = 12;

describe("all dialects on a gateway of their own", { timeout: 120000 }, () => {
  const life = lifetime();
  let stack, app, key;
  before(async () => {
    stack = await ownStack(life, { gatewayEnv: { SIGNALBOX_METERED_CONNECTS_PER_MINUTE: String(CONNECTS) } });
    app = await givenApp(await givenAccount(stack), { settings: OPEN, limits: { max_publishes_per_s: 10000, max_payload_bytes: 102400, max_event_bytes: 102400, max_connections: 1000 } });
    key = (await app.givenPublishableKey()).key;
  });

  test("readers that stop reading are cut in every dialect, their neighbours get everything", async (t) => {
    const neighbour = await rawCable(t, app, { protocols: [EXT] });
    await neighbour.subscribe(publicId("load"));
    const relay = await rawRelay(t, app);
    relay.send({ event: "relay:subscribe", data: { channel: "load" } });
    await relay.next("relay:subscription_succeeded");
    const cable = await rawCable(t, app);
    await cable.subscribe(publicId("load"));
    const peer = await rawMetered(t, app, { query: { key } });
    await peer.subscribe("load");
    const slow = [relay, cable, peer];
    for (const { socket } of slow) socket.pause();

    const filler = "x".repeat(90000);
    for (let n = 0; n < 150; n++) {
      assert.equal((await app.relay("POST", "/events", { channel: "load", event: "e", data: `${n} ${filler}` })).status, 200);
      const { message } = await neighbour.next(({ type }) => type === undefined);
      assert.ok(message.data.startsWith(`${n} `), "in order, none missing");
    }
    await until("the slow ones are no longer counted", async () => (await app.get("/channels/load", { info: "subscription_count" })).json.subscription_count === 1, { within: 12000, every: 100 });
    for (const { socket } of slow) socket.resume();
    await until("they find themselves cut", () => slow.every(({ closed }) => closed));
    await neighbour.staysOpen(10);
  });

  test("SIGTERM tells each in its own words, and the SDKs come back to the gateway that follows", async (t) => {
    const relay = await rawRelay(t, app);
    const base = await rawCable(t, app);
    const ext = await rawCable(t, app, { protocols: [EXT] });
    const peer = await rawMetered(t, app, { query: { key } });
    const events = await EventStream.open(t, `${stack.gateway_url}/apps/${app.key}/sse?stream=x`);
    await events.next("confirm_subscription");

    const client = await signalling(t, app, { key });
    await client.subscribe("back");
    const cable = anycable(t, app);
    const channel = await streaming(cable, "back");
    const resuming = anycable(t, app, { protocol: EXT });
    const resumed = await streaming(resuming, "back");
    const consumer = rails(t, cableUrl(app));
    const subscription = created(consumer, { channel: "$pubsub", stream_name: "back" });
    await until("the Rails client is in", () => subscription.told.connected.length === 1);

    const stopping = stack.stop("gateway");
    assert.equal((await relay.next("relay:error", { within: 20000 })).data.code, 4200);
    await relay.closing({ within: 20000 });
    const { reason, reconnect, code } = await base.dismissed({ within: 20000 });
    assert.deepEqual([reason, reconnect, code], ["server_restart", true, 1001]);
    const extClosed = await ext.closing({ within: 20000 });
    const told = ext.frames.find(({ type }) => type === "disconnect");
    assert.ok(told ? told.reason === "server_restart" && told.reconnect : extClosed.code === 1012, JSON.stringify([told, extClosed]));
    assert.ok((await peer.next("going_away", { within: 20000 })).retryAfterMs > 0);
    assert.equal((await peer.closing({ within: 20000 })).code, 1001);
    await until("the events ended", () => events.ended || events.problem, { within: 20000 });
    await until("the SDKs are told", () => client.told["going-away"].length === 1 && subscription.told.disconnected.length === 1, { within: 20000 });
    assert.deepEqual(subscription.told.disconnected, [{ willAttemptReconnect: true }]);
    await stopping;
    await stack.start("gateway");

    await until("they are back", () => client.told.connected.length === 2 && cable.state === "connected" && resuming.state === "connected", { within: 20000 });
    await until("and subscribed", async () => (await app.get("/channels/back", { info: "subscription_count" })).json.subscription_count >= 3, { within: 10000 });
    await app.cable("POST", "/api/publish", { stream: "back", data: '{"again":1}' });
    await until("all hear", () => client.told.message.length === 1 && channel.heard.length === 1 && resumed.heard.length === 1);
  });

  test("more connects a minute than one address may make in the Metered dialect are refused with 429, without an upgrade", async (t) => {
    const statuses = [];
    for (let n = 0; n < CONNECTS + 3 && !statuses.includes(429); n++) {
      const client = await rawMetered(t, app, { query: { key }, settled: false });
      statuses.push(await until("an answer", () => client.refused ?? (client.frames.length > 0 && 101)));
    }
    assert.equal(statuses.at(-1), 429, String(statuses));
    assert.ok(statuses.length > 3, "some were let in before");
    await rawRelay(t, app);
    await rawCable(t, app);
  });
});

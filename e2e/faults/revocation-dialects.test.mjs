// What is taken back closes the sockets that it had opened, in each dialect's words, in under two seconds.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { cableUrl, EXT, publicId, rawCable } from "../harness/cable.mjs";
import { EventStream } from "../harness/events.mjs";
import { peerToken, rawMetered, signalling } from "../harness/metered.mjs";
import { rawClient } from "../harness/raw.mjs";
import { rawRelay, relayUrl } from "../harness/relay.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";

describe("revocation in every dialect", () => {
  let suite, api;
  before(async () => {
    suite = await givenSuite();
    api = suite.account.api;
  });

  /** Acts, and fails unless all sockets are closed within two seconds of it. */
  async function closes(sockets, act) {
    const began = performance.now();
    const acting = act();
    const open = () => sockets.flatMap(({ closed, socket }, at) => (closed ? [] : [`${at} (${socket.url})`]));
    await until("every socket is closed", () => open().length === 0, { within: 4000, every: 5 }).catch((error) => assert.fail(`${error.message}; open: ${open()}`));
    const ms = performance.now() - began;
    await acting;
    assert.ok(ms < 2000, `${ms.toFixed(0)} ms`);
    return sockets.map(({ closed }) => closed.code);
  }

  test("a publishable key: its peers are closed with 4001, other keys' are not, and the SDK stops", async (t) => {
    const app = await suite.givenApp();
    const [key, other] = [(await app.givenPublishableKey()).key, (await app.givenPublishableKey()).key];
    const peers = [await rawMetered(t, app, { query: { key } }), await rawMetered(t, app, { query: { key } })];
    const client = await signalling(t, app, { key });
    const neighbour = await rawMetered(t, app, { query: { key: other } });
    assert.deepEqual(await closes(peers, () => api.call("DELETE", `/v1/apps/${app.id}/publishable-keys/${key}`)), [4001, 4001]);
    await until("the SDK is told", () => client.told.disconnected.length === 1);
    assert.deepEqual([client.told.disconnected[0].code, client.told.disconnected[0].willReconnect], [4001, false]);
    await neighbour.staysOpen(20);
    const late = await rawMetered(t, app, { query: { key }, settled: false });
    assert.equal((await late.closing()).code, 4001);
  });

  test("a secret key: the peers of its tokens are closed with 4001, REST is refused with 401", async (t) => {
    const app = await suite.givenApp();
    const [key, other] = [await app.givenTokenKey(), await app.givenTokenKey()];
    const peers = [await rawMetered(t, app, { query: { token: peerToken(key, "a") } }), await rawMetered(t, app, { query: { token: peerToken(key, "b") } })];
    const neighbour = await rawMetered(t, app, { query: { token: peerToken(other, "a") } });
    assert.deepEqual(await closes(peers, () => api.call("DELETE", `/v1/apps/${app.id}/keys/${key.id}`)), [4001, 4001]);
    for (const credential of [key.pair, key.token]) assert.equal((await app.metered(credential, "GET", "/channels/a/peers")).status, 401);
    await neighbour.staysOpen(20);
  });

  test("a new signing secret: tokens of the old one are refused, the key's own token stays good", async (t) => {
    const app = await suite.givenApp();
    const key = await app.givenTokenKey();
    const made = await api.call("POST", `/v1/apps/${app.id}/keys/${key.id}/token-secret`, {});
    const fresh = { ...key, token_secret: made.token_secret, pair: made.pair };
    await until("the new one is known", async () => (await app.metered(fresh.pair, "GET", "/channels/a/peers")).status === 200);
    assert.equal((await app.metered(key.pair, "GET", "/channels/a/peers")).status, 401);
    assert.equal((await app.metered(key.token, "GET", "/channels/a/peers")).status, 200);
    assert.equal((await (await rawMetered(t, app, { query: { token: peerToken(key, "u") }, settled: false })).closing()).code, 4001);
    await rawMetered(t, app, { query: { token: peerToken(fresh, "u") } });
  });

  test("a narrower key reaches open sockets at their next act, without closing them", async (t) => {
    const app = await suite.givenApp();
    const key = (await app.givenPublishableKey()).key;
    const peer = await rawMetered(t, app, { query: { key } });
    assert.equal((await peer.request({ type: "publish", channel: "a", data: 1 })).type, "ack");
    await api.call("PATCH", `/v1/apps/${app.id}/publishable-keys/${key}`, { channels: ["only/*"] });
    await until("it is refused", async () => (await peer.request({ type: "publish", channel: "a", data: 1 })).code === "channel_not_authorized", { within: 2000 });
    assert.equal((await peer.request({ type: "publish", channel: "only/a", data: 1 })).type, "ack");
    await api.call("PATCH", `/v1/apps/${app.id}/publishable-keys/${key}`, { actions: ["subscribe"] });
    await until("it is refused", async () => (await peer.request({ type: "publish", channel: "only/a", data: 1 })).code === "action_not_permitted", { within: 2000 });
    await peer.staysOpen(10);
  });

  test("a pair of app key and secret: its Pusher, Relay and AnyCable sockets and its event streams end; another pair's go on", async (t) => {
    const app = await suite.givenApp({ settings: OPEN });
    const { credential } = await api.call("POST", `/v1/apps/${app.id}/credentials`, {});
    await until("the second pair is known", async () => (await app.bearer(credential.secret, "GET", "/channels")).status === 200);
    const url = cableUrl(app).replace(app.key, credential.key);
    const relay = await rawRelay(t, app, { url: relayUrl(app, { key: credential.key }) });
    const pusher = await rawClient(t, app, { key: credential.key });
    const [base, ext] = [await rawCable(t, app, { url }), await rawCable(t, app, { url, protocols: [EXT] })];
    const events = await EventStream.open(t, `${app.stack.gateway_url}/apps/${credential.key}/sse?stream=x`);
    await events.next("confirm_subscription");
    const neighbours = [await rawRelay(t, app), await rawCable(t, app)];

    const [pusherCode, relayCode, ...cableCodes] = await closes([pusher, relay, base, ext], () => api.call("DELETE", `/v1/apps/${app.id}/credentials/${credential.key}`));
    for (const code of [pusherCode, relayCode]) assert.ok(code >= 4001 && code < 4100, `${code}: not to come back at once`);
    assert.deepEqual(cableCodes, [1000, 1000]);
    for (const cable of [base, ext]) assert.equal(cable.frames.find(({ type }) => type === "disconnect").reason, "unauthorized");
    await until("the events ended", () => events.ended, { within: 2000 });
    for (const neighbour of neighbours) await neighbour.staysOpen(10);
    const derived = (secret) => app.send("POST", "/api/publish", '{"stream":"a","data":"1"}', { authorization: `Bearer ${secret}` });
    assert.equal((await derived(app.hmac("api-cable"))).status, 201);
    assert.ok([401, 403].includes((await app.bearer(credential.secret, "GET", "/channels")).status));
  });

  test("an app that is disabled: every socket is closed in its dialect's words, and none comes in", async (t) => {
    const app = await suite.givenApp({ settings: OPEN });
    const key = (await app.givenPublishableKey()).key;
    const relay = await rawRelay(t, app);
    const cable = await rawCable(t, app);
    await cable.subscribe(publicId("x"));
    const peer = await rawMetered(t, app, { query: { key } });
    const [relayCode, cableCode, peerCode] = await closes([relay, cable, peer], () => app.change({ enabled: false }));
    assert.ok(relayCode >= 4000, `Relay ${relayCode}`);
    assert.deepEqual([cableCode, peerCode], [1000, 4012]);
    assert.equal(cable.frames.find(({ type }) => type === "disconnect")?.reconnect, false);
  });
});

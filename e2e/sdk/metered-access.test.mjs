// @metered-ca/realtime and its credentials: what each lets in, what it hears when it is refused, and what it does then.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { SignJWT } from "jose";
import { ACTIONS, meteredPeer, peerToken, rawMetered, signalling, signallingClient } from "../harness/metered.mjs";
import { givenSuite } from "../harness/suite.mjs";
import { jwt, now } from "../harness/tokens.mjs";
import { sleep, until } from "../harness/until.mjs";

describe("credentials of @metered-ca/realtime", { concurrency: 4 }, () => {
  let suite, app, pk, tokenKey, narrow;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ limits: { max_connections: 1000 } });
    pk = (await app.givenPublishableKey()).key;
    tokenKey = await app.givenTokenKey();
    narrow = await app.givenTokenKey({ actions: ["publish", "subscribe"], channels: ["app_abc/*", "literal\\*star"] });
  });
  const token = (sub, claims, key = tokenKey) => peerToken(key, sub, claims);

  test("a token from any JWT library is good", async (t) => {
    const made = await new SignJWT({ channels: ["app_abc/room-1"], permissions: ACTIONS })
      .setProtectedHeader({ alg: "HS256", kid: tokenKey.id, typ: "JWT" })
      .setSubject("u_1")
      .setIssuer("the customer")
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(new TextEncoder().encode(tokenKey.token_secret));
    const client = await signalling(t, app, { token: made });
    assert.equal(client.peerId, "u_1");
    await client.subscribe("app_abc/room-1");
    await assert.rejects(client.subscribe("app_abc/room-2"), { name: "channel_not_authorized" });
  });

  test("a token minted by POST /v1/tokens is good, for what was asked", async (t) => {
    const answer = await app.metered(tokenKey.pair, "POST", "/tokens", { peerId: "minted", channels: ["a/*"], permissions: ["subscribe", "presence"], expiresInSec: 60, metadata: { plan: "x" }, peerMetadata: { name: "M" } });
    assert.equal(answer.status, 200, answer.text);
    assert.ok(Math.abs(answer.json.expiresAt - now() - 60) <= 2);
    const client = await rawMetered(t, app, { query: { token: answer.json.token } });
    assert.deepEqual([client.peerId, client.welcome.expiresAt, client.welcome.metadata], ["minted", answer.json.expiresAt, { plan: "x" }]);
    await client.subscribe("a/b");
    assert.equal((await client.request({ type: "publish", channel: "a/b", data: 1 })).code, "action_not_permitted");
    assert.equal((await client.request({ type: "subscribe", channel: "b/b" })).code, "channel_not_authorized");
  });

  const SECONDS = 3600;
  // [what, the query, the close code]
  const REFUSED = [
    ["no credential", () => ({}), 4001],
    ["an unknown key", () => ({ key: "pk_sbx_0000000000000000000000000000000000" }), 4001],
    ["another vendor's key", () => ({ key: "pk_live_abc" }), 4001],
    ["a secret key as a publishable one", () => ({ key: tokenKey.token }), 4001],
    ["a key and a token", () => ({ key: pk, token: token("u") }), 4001],
    ["an empty key", () => ({ key: "" }), 4001],
    ["no JWT at all", () => ({ token: "abc" }), 4001],
    ["a JWT without a signature", () => ({ token: token("u").replace(/[^.]*$/, "") }), 4001],
    ["a signature of something else", () => ({ token: jwt({ sub: "u", exp: now() + SECONDS }, "not the secret", { header: { kid: tokenKey.id } }) }), 4001],
    ["an unknown kid", () => ({ token: jwt({ sub: "u", exp: now() + SECONDS }, tokenKey.token_secret, { header: { kid: "AAAAAAAAAAAA" } }) }), 4001],
    ["no kid", () => ({ token: jwt({ sub: "u", exp: now() + SECONDS }, tokenKey.token_secret) }), 4001],
    ["a token of before", () => ({ token: token("u", { exp: now() - 10 }) }), 4002],
    ["a token of before with a bad signature", () => ({ token: jwt({ sub: "u", exp: now() - 10 }, "not the secret", { header: { kid: tokenKey.id } }) }), 4001],
    ["a token of tomorrow", () => ({ token: token("u", { nbf: now() + 60 }) }), 4001],
    ["channels outside the key's patterns", () => ({ token: token("u", { channels: ["other/room"] }, narrow) }), 4003],
    ["a pattern wider than the key's", () => ({ token: token("u", { channels: ["**"] }, narrow) }), 4003],
  ];
  for (const [what, query, code] of REFUSED) {
    test(`${what}: the upgrade is completed, no welcome, closed with ${code}`, async (t) => {
      const socket = await rawMetered(t, app, { query: query(), settled: false });
      assert.equal((await socket.closing()).code, code);
      assert.deepEqual([socket.frames, socket.refused], [[], undefined]);
    });
  }

  test("the SDK is told the code and gives up when its first connect is refused", async (t) => {
    const client = signallingClient(t, app, { token: token("u", { exp: now() - 5 }) });
    await assert.rejects(client.connect(), ({ closeCode }) => closeCode === 4002);
    const other = signallingClient(t, app, { key: `${pk.slice(0, -1)}${pk.endsWith("a") ? "b" : "a"}` });
    await assert.rejects(other.connect(), ({ closeCode }) => closeCode === 4001);
  });

  test("patterns match as the grammar says: a star within a segment, an escaped one for itself", async (t) => {
    const client = await signalling(t, app, { token: token("u", {}, narrow) });
    for (const channel of ["app_abc/room-1", "app_abc/", "literal*star"]) await client.publish(channel, 1);
    for (const channel of ["app_abc", "app_abc/sub/deep", "literalXstar", "App_abc/room-1", "other"]) {
      await assert.rejects(client.publish(channel, 1), { name: "channel_not_authorized" }, channel);
    }
    await client.subscribe("app_abc/*");
    for (const channel of ["app_abc/**", "**", "app_*", "literal*star"]) {
      await assert.rejects(client.subscribe(channel), { name: "channel_not_authorized" }, channel);
    }
  });

  test("actions are the key's and the token's together", async (t) => {
    const client = await signalling(t, app, { token: token("u", { permissions: ["subscribe", "presence", "send"] }, narrow) });
    await client.subscribe("app_abc/a");
    await assert.rejects(client.publish("app_abc/a", 1), { name: "action_not_permitted" });
    await assert.rejects(client.send("u", 1), { name: "action_not_permitted" });
  });

  test("who may not see presence gets no presence frame, and is seen by others all the same", async (t) => {
    const seeing = await signalling(t, app, { token: token("seeing") });
    await seeing.subscribe("app_abc/blind");
    const blind = await rawMetered(t, app, { query: { token: token("blind", {}, narrow) } });
    assert.equal((await blind.request({ type: "subscribe", channel: "app_abc/blind" })).type, "ack");
    await until("it is seen", () => seeing.told.presence.some(({ joined }) => joined.some(({ peerId }) => peerId === "blind")));
    await seeing.unsubscribe("app_abc/blind");
    await sleep(50);
    assert.deepEqual(await blind.settle(), []);
  });

  test("a publishable key's own limits: its actions, patterns and origins", async (t) => {
    const key = (await app.givenPublishableKey({ actions: ["subscribe"], channels: ["open/*"], allowed_origins: ["https://shop.example"] })).key;
    const from = (origin) => rawMetered(t, app, { query: { key }, headers: origin ? { origin } : {}, settled: false });
    for (const origin of [undefined, "https://evil.example", "http://shop.example", "https://shop.example.evil.example", "https://shop.example:8443", "null"]) {
      assert.equal((await (await from(origin)).closing()).code, 4001, String(origin));
    }
    const client = await from("https://shop.example");
    await client.next("welcome");
    assert.equal((await client.request({ type: "subscribe", channel: "open/a" })).type, "ack");
    assert.equal((await client.request({ type: "subscribe", channel: "closed/a" })).code, "channel_not_authorized");
    assert.equal((await client.request({ type: "publish", channel: "open/a", data: 1 })).code, "action_not_permitted");
    assert.equal((await client.request({ type: "send", to: client.peerId ?? "x", data: 1 })).code, "action_not_permitted");
  });

  test("a key may let in clients without an origin, and keep the app's ICE servers to itself", async (t) => {
    const webrtc = await suite.givenApp({ settings: { metered: { ice_servers: [{ urls: ["stun:stun.example:80"] }] } } });
    const { key } = await webrtc.givenPublishableKey({ allowed_origins: ["https://shop.example"], allow_no_origin: true, ice_servers: false });
    const client = await rawMetered(t, webrtc, { query: { key } });
    assert.ok(!("metadata" in client.welcome));
    const other = await rawMetered(t, webrtc, { query: { key }, headers: { origin: "https://evil.example" }, settled: false });
    assert.equal((await other.closing()).code, 4001);
  });

  test("a key brought from elsewhere is good as it is", async (t) => {
    const brought = `pk_live_${Math.random().toString(36).slice(2)}${"x".repeat(20)}`;
    await app.givenPublishableKey({ key: brought });
    const client = await signalling(t, app, { key: brought });
    await client.subscribe("brought");
  });

  test("a token that ends closes with 4002 shortly before; the SDK is back with a new one and its channels", async (t) => {
    let asked = 0;
    const tokenProvider = async () => token("fleeting", { exp: now() + (asked++ ? 600 : 2) });
    const client = await signalling(t, app, { tokenProvider });
    const { expiresAt } = client.told.connected[0];
    await client.subscribe("kept");
    await until("it is sent away", () => client.told.disconnected.length === 1);
    const early = expiresAt * 1000 - Date.now();
    assert.ok(early > 0 && early < 1000, `${early} ms before`);
    assert.deepEqual([client.told.disconnected[0].code, client.told.disconnected[0].willReconnect], [4002, true]);
    await until("it is back", () => client.told.connected.length === 2);
    assert.equal(asked, 2);
    await until("its channel is back", () => client.told.presence.length >= 2);
    const other = await signalling(t, app, { key: pk });
    await other.publish("kept", "again");
    await until("it hears", () => client.told.message.length === 1);
  });

  test("a peer that was kicked is closed with 4020 and stays away", async (t) => {
    const client = await signalling(t, app, { token: token("kicked") });
    assert.deepEqual((await app.metered(tokenKey.token, "DELETE", "/peers/kicked")).json, { peerId: "kicked", closed: 1 });
    await until("it is told", () => client.told.disconnected.length === 1);
    assert.deepEqual([client.told.disconnected[0].code, client.told.disconnected[0].willReconnect], [4020, false]);
    assert.equal(client.state, "closed");
  });

  test("more connections than the app may have are closed with 4010", async (t) => {
    const small = await suite.givenApp({ limits: { max_connections: 2 } });
    const key = (await small.givenPublishableKey()).key;
    const [one] = [await signalling(t, small, { key }), await signalling(t, small, { key })];
    await assert.rejects(signallingClient(t, small, { key }).connect(), ({ closeCode }) => closeCode === 4010);
    await one.close();
    await until("there is room again", () => signallingClient(t, small, { key }).connect().then(() => true, () => false));
  });

  test("two hundred frames at once pass, more are cut with 4011, and the SDK comes back", async (t) => {
    const client = await signalling(t, app, { key: pk });
    for (let n = 0; n < 190; n++) client.record.send('{"type":"ping"}');
    await until("all are answered", () => client.record.texts.filter((text) => text.includes("pong")).length === 190);
    assert.equal(client.told.disconnected.length, 0);
    for (let n = 0; n < 300; n++) client.record.send('{"type":"ping"}');
    await until("it is cut", () => client.told.disconnected.length === 1);
    assert.deepEqual([client.told.disconnected[0].code, client.told.disconnected[0].willReconnect], [4011, true]);
    await until("it is back", () => client.told.connected.length === 2);
  });

  test("the app's ICE servers are in the welcome; the token's own win", async (t) => {
    const ice_servers = [{ urls: ["stun:stun.example:80"] }, { urls: ["turn:turn.example:443"], username: "u", credential: "c" }];
    const webrtc = await suite.givenApp({ settings: { metered: { ice_servers } } });
    const key = await webrtc.givenTokenKey();
    const byKey = await signalling(t, webrtc, { key: (await webrtc.givenPublishableKey()).key });
    assert.deepEqual(byKey.told.connected[0].iceServers, ice_servers);
    const own = { iceServers: [{ urls: "stun:own.example:80" }], plan: "x" };
    const byToken = await rawMetered(t, webrtc, { query: { token: peerToken(key, "u", { metadata: own }) } });
    assert.deepEqual(byToken.welcome.metadata, own);
  });

  test("a token with all the metadata that is allowed fits into the request", async (t) => {
    const metadata = { m: "x".repeat(8192 - 8) };
    const peerMetadata = { p: "x".repeat(4096 - 8) };
    const client = await rawMetered(t, app, { query: { token: token("big", { metadata, peerMetadata }) } });
    assert.deepEqual(client.welcome.metadata, metadata);
    for (const claims of [{ metadata: { m: `${metadata.m}x` } }, { peerMetadata: { p: `${peerMetadata.p}x` } }]) {
      const refused = await rawMetered(t, app, { query: { token: token("too-big", claims) }, settled: false });
      assert.equal((await refused.closing()).code, 4001);
    }
  });

  describe("MeteredPeer", () => {
    test("finds the peers of its channel whoever came first, and talks to them", async (t) => {
      const one = await meteredPeer(t, app, { token: token("p1", { peerMetadata: { name: "One" } }) }, "call");
      const two = await meteredPeer(t, app, { token: token("p2") }, "call");
      await until("they see each other", () => one.remotePeers.length === 1 && two.remotePeers.length === 1);
      assert.deepEqual([one.told.joined, two.told.joined], [["p2"], ["p1"]]);
      assert.deepEqual(two.remotePeers[0].metadata, { name: "One" });
      await one.send({ hello: 1 });
      await one.sendTo("p2", { psst: 1 });
      await until("both arrived", () => two.told.data.length === 2);
      assert.deepEqual(two.told.data.map(({ senderPeerId, data, kind, senderMetadata }) => [senderPeerId, data, kind, senderMetadata?.name]), [
        ["p1", { hello: 1 }, "broadcast", "One"],
        ["p1", { psst: 1 }, "direct", "One"],
      ]);
      await two.close();
      await until("it is seen to have left", () => one.told.left.length === 1);
    });

    test("comes back from a cut although everybody else has left meanwhile", async (t) => {
      const one = await meteredPeer(t, app, { token: token("r1") }, "rejoin");
      const two = await meteredPeer(t, app, { token: token("r2") }, "rejoin");
      await until("they see each other", () => one.remotePeers.length === 1);
      const leaving = two.close();
      one.record.current().terminate();
      await leaving;
      await until("it is cut", () => one.record.sockets.length === 2);
      await until("it has joined again", () => one.state === "joined", { within: 3000 });
      assert.deepEqual([one.remotePeers.length, one.told.errors], [0, []]);
    });
  });
});

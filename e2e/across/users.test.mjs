// A user is the same in every dialect: Pusher's user events are Metered's direct messages, and who is thrown out is out.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { peerToken, rawMetered, signalling } from "../harness/metered.mjs";
import { rawClient } from "../harness/raw.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";

describe("users across dialects", () => {
  let app, tokenKey;
  before(async () => {
    app = await (await givenSuite()).givenApp({ settings: OPEN });
    tokenKey = await app.givenTokenKey();
  });
  const peer = (t, sub, claims) => rawMetered(t, app, { query: { token: peerToken(tokenKey, sub, claims) } });

  test("an event to a user reaches its Metered peers as direct messages, its Pusher pages as ever", async (t) => {
    const [page, one, other] = [await rawClient(t, app), await peer(t, "ann"), await peer(t, "bea")];
    await page.signIn({ id: "ann" });
    assert.equal((await app.post("/users/ann/events", { name: "greeting", data: '{"n":12345678901234567890}' })).status, 200);
    const direct = await one.next("direct");
    assert.equal(direct.text, '{"type":"direct","from":"server","data":{"event":"greeting","data":"{\\"n\\":12345678901234567890}"}}');
    assert.equal((await page.next("greeting")).data, '{"n":12345678901234567890}');
    assert.deepEqual(await other.settle(), []);
  });

  test("a direct message reaches the user's Pusher pages on its own channel", async (t) => {
    const [page, ann] = [await rawClient(t, app), await peer(t, "ann", { peerMetadata: { name: "Ann" } })];
    await page.signIn({ id: "bob" });
    assert.equal((await ann.requestRaw("send", { to: "bob" }, '{"event":"ring","data":{"f":1.0}}')).type, "ack");
    const ring = await page.next("ring");
    assert.deepEqual([ring.channel, ring.data], ["#server-to-user-bob", '{"f":1.0}']);
    assert.equal((await ann.requestRaw("send", { to: "bob" }, "[1.0]")).type, "ack");
    assert.equal((await page.next("message")).data, "[1.0]");
  });

  test("a direct message to every tab of a peer, not back to the tab that sent it, and to nobody is said", async (t) => {
    const [one, two, ann] = [await peer(t, "tabs"), await peer(t, "tabs"), await peer(t, "ann2", { peerMetadata: { name: "Ann" } })];
    assert.equal((await ann.requestRaw("send", { to: "tabs" }, "null")).type, "ack");
    for (const tab of [one, two]) {
      const direct = await tab.next("direct");
      assert.deepEqual({ ...direct }, { type: "direct", from: "ann2", data: null, fromMetadata: { name: "Ann" } });
    }
    assert.equal((await ann.request({ type: "send", to: "nobody", data: 1 })).code, "peer_not_found");
  });

  test("terminating a user closes its connections of both dialects", async (t) => {
    const [page, tab] = [await rawClient(t, app), await peer(t, "cat")];
    await page.signIn({ id: "cat" });
    assert.equal((await app.post("/users/cat/terminate_connections", {})).status, 200);
    assert.equal((await page.closing()).code, 4200);
    assert.equal((await tab.closing()).code, 4020);
  });

  test("kicking a peer closes its connections of both dialects and counts them; of nobody it is none", async (t) => {
    const [page, ...tabs] = [await rawClient(t, app), await peer(t, "dog"), await peer(t, "dog")];
    await page.signIn({ id: "dog" });
    const answer = await app.metered(tokenKey.pair, "DELETE", "/peers/dog");
    assert.deepEqual([answer.status, answer.json], [200, { peerId: "dog", closed: 3 }]);
    await until("all are closed", () => [page, ...tabs].every(({ closed }) => closed));
    assert.deepEqual([...new Set(tabs.map(({ closed }) => closed.code))], [4020]);
    assert.deepEqual((await app.metered(tokenKey.pair, "DELETE", "/peers/dog")).json, { peerId: "dog", closed: 0 });
  });

  test("who watches a user hears that its Metered peer came and went", async (t) => {
    const watcher = await rawClient(t, app);
    await watcher.signIn({ id: "boss", watchlist: ["eve"] });
    const eve = await signalling(t, app, { token: peerToken(tokenKey, "eve") });
    const online = await watcher.next((frame) => frame.event === "pusher_internal:watchlist_events" && frame.data.includes("online"));
    assert.deepEqual(JSON.parse(online.data).events, [{ name: "online", user_ids: ["eve"] }]);
    await eve.close();
    await watcher.next((frame) => frame.event === "pusher_internal:watchlist_events" && JSON.parse(frame.data).events.some(({ name, user_ids }) => name === "offline" && user_ids.includes("eve")), { within: 8000 });
  });
});

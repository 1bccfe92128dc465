// The Metered REST API: every endpoint, every credential form, every documented error.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { peerToken, rawMetered, signalling } from "../harness/metered.mjs";
import { givenSuite } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";

describe("Metered REST", () => {
  let suite, app, key, publisher, reader;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ limits: { max_publishes_per_s: 1000, max_reads_per_s: 1000 } });
    key = await app.givenTokenKey({ actions: ["publish", "subscribe", "presence", "send", "usage.read", "users.terminate"] });
    publisher = await app.givenTokenKey({ actions: ["publish"], channels: ["app_abc/*"] });
    reader = await app.givenTokenKey({ actions: ["presence"], channels: ["app_abc/**"] });
  });

  test("peers are listed with what they say of themselves; an empty channel is empty", async (t) => {
    const channel = "app_abc/room-1";
    assert.deepEqual((await app.metered(key.pair, "GET", `/channels/${channel}/peers`)).json, { channel, peers: [] });
    const one = await signalling(t, app, { token: peerToken(key, "u_1", { peerMetadata: { userId: "u_1", username: "One" } }) });
    const three = await signalling(t, app, { token: peerToken(key, "u_3") });
    for (const client of [one, three]) await client.subscribe(channel);
    for (const path of ["/channels/app_abc/room-1/peers", "/channels/app_abc%2Froom-1/peers", "/channels/app_abc%2froom-1/peers"]) {
      const { status, json } = await app.metered(key.pair, "GET", path);
      assert.equal(status, 200, path);
      const peers = json.peers.sort((a, b) => (a.peerId < b.peerId ? -1 : 1));
      assert.deepEqual([json.channel, peers], [channel, [{ peerId: "u_1", metadata: { userId: "u_1", username: "One" } }, { peerId: "u_3" }]]);
    }
  });

  test("a publish is an ordinary message, with the sender and metadata that it names", async (t) => {
    const channel = "app_abc/news";
    const [curious, plain] = [await rawMetered(t, app, { query: { token: peerToken(key, "c") } }), await rawMetered(t, app, { query: { token: peerToken(key, "p") } })];
    await curious.subscribe(channel, { includeSenderMetadata: true });
    await plain.subscribe(channel);
    const body = '{"data":{"n":12345678901234567890,"f":1.0},"from":"system","peerMetadata":{"kind":"bot"}}';
    const answer = await app.metered(key.pair, "POST", `/channels/${channel}/publish`, body);
    assert.deepEqual([answer.status, answer.json], [200, { channel, delivered: 2 }]);
    assert.equal((await plain.next("message")).text, '{"type":"message","channel":"app_abc/news","from":"system","data":{"n":12345678901234567890,"f":1.0}}');
    assert.deepEqual((await curious.next("message")).fromMetadata, { kind: "bot" });
    await app.metered(key.pair, "POST", `/channels/${channel}/publish`, { data: null });
    const bare = await curious.next("message");
    assert.deepEqual({ ...bare }, { type: "message", channel, from: "server", data: null });
    assert.deepEqual((await app.metered(key.pair, "POST", "/channels/empty/publish", { data: 1 })).json, { channel: "empty", delivered: 0 });
  });

  test("both forms of the credential are good; halves and other keys are not, all alike", async () => {
    const ask = (credential) => app.metered(credential, "GET", "/channels/a/peers");
    for (const good of [key.pair, key.token]) assert.equal((await ask(good)).status, 200);
    const other = await (await suite.givenApp()).givenTokenKey();
    const pk = (await app.givenPublishableKey()).key;
    const bodies = new Set();
    for (const bad of [undefined, "", key.id, `${key.id}:`, `:${key.token_secret}`, key.token_secret, `${key.id}:${other.token_secret}`, `${other.id}:${key.token_secret}`, pk, app.secret, "sk_live_abc", "AAAAAAAAAAAA:ss_sbx_AAAA"]) {
      const answer = await ask(bad);
      assert.equal(answer.status, 401, String(bad));
      assert.equal(answer.json.error, "unauthorized");
      const { request_id, ...refusal } = answer.json.refusal;
      assert.match(request_id, /^[0-9a-f]{32}$/);
      bodies.add(JSON.stringify({ ...answer.json, refusal }));
    }
    assert.equal(bodies.size, 1, [...bodies].join("\n"));
  });

  const long = (n) => "c".repeat(n);
  // [what, who, method, path, body, status, error]
  const ROWS = [
    ["a publish without the action", () => reader, "POST", "/channels/app_abc/a/publish", { data: 1 }, 403, "action_not_permitted"],
    ["a publish outside the patterns", () => publisher, "POST", "/channels/other/a/publish", { data: 1 }, 403, "channel_not_authorized"],
    ["a publish deeper than the pattern", () => publisher, "POST", "/channels/app_abc/a/b/publish", { data: 1 }, 403, "channel_not_authorized"],
    ["peers without the action", () => publisher, "GET", "/channels/app_abc/a/peers", undefined, 403, "action_not_permitted"],
    ["peers outside the patterns", () => reader, "GET", "/channels/other/peers", undefined, 403, "channel_not_authorized"],
    ["both missing: the action is said first", () => reader, "POST", "/channels/other/publish", { data: 1 }, 403, "action_not_permitted"],
    ["a reserved name comes before the action", () => reader, "POST", "/channels/_metered%2Fa/publish", { data: 1 }, 400, "channel_reserved"],
    ["a reserved name in capitals", () => key, "GET", "/channels/_SYSTEM/a/peers", undefined, 400, "channel_reserved"],
    ["an empty name", () => key, "GET", "/channels//peers", undefined, 400, "invalid_request"],
    ["a name of 256 bytes", () => key, "GET", `/channels/${long(256)}/peers`, undefined, 200],
    ["a name of 257 bytes", () => key, "GET", `/channels/${long(257)}/peers`, undefined, 400, "invalid_request"],
    ["a name with a control character", () => key, "GET", "/channels/a%0Ab/peers", undefined, 400, "invalid_request"],
    ["a name that is no UTF-8", () => key, "GET", "/channels/a%ff/peers", undefined, 400, "invalid_request"],
    ["a name that ends like the verb", () => key, "GET", "/channels/a%2Fpeers/peers", undefined, 200],
    ["a name that ends like the verb, unescaped", () => key, "GET", "/channels/a/peers/peers", undefined, 200],
    ["a name with a star, which is a sign like any other", () => key, "POST", "/channels/a*/publish", { data: 1 }, 200],
    ["no data", () => key, "POST", "/channels/a/publish", { from: "x" }, 400, "invalid_request"],
    ["no body", () => key, "POST", "/channels/a/publish", undefined, 400, "invalid_request"],
    ["no JSON", () => key, "POST", "/channels/a/publish", "data=1", 400, "invalid_request"],
    ["an array", () => key, "POST", "/channels/a/publish", "[1]", 400, "invalid_request"],
    ["an unknown member", () => key, "POST", "/channels/a/publish", { data: 1, more: 2 }, 200],
    ["from of 128", () => key, "POST", "/channels/a/publish", { data: 1, from: long(128) }, 200],
    ["from of 129", () => key, "POST", "/channels/a/publish", { data: 1, from: long(129) }, 400, "invalid_request"],
    ["from empty", () => key, "POST", "/channels/a/publish", { data: 1, from: "" }, 400, "invalid_request"],
    ["from beyond ASCII", () => key, "POST", "/channels/a/publish", { data: 1, from: "é" }, 400, "invalid_request"],
    ["from a number", () => key, "POST", "/channels/a/publish", { data: 1, from: 7 }, 400, "invalid_request"],
    ["peerMetadata an array", () => key, "POST", "/channels/a/publish", { data: 1, peerMetadata: [] }, 400, "invalid_request"],
    ["peerMetadata of 4 KiB", () => key, "POST", "/channels/a/publish", { data: 1, peerMetadata: { p: long(4088) } }, 200],
    ["peerMetadata over 4 KiB", () => key, "POST", "/channels/a/publish", { data: 1, peerMetadata: { p: long(4089) } }, 400, "invalid_request"],
    ["data of 32 KiB", () => key, "POST", "/channels/a/publish", { data: long(32766) }, 200],
    ["data over 32 KiB", () => key, "POST", "/channels/a/publish", { data: long(32767) }, 413, "invalid_request"],
    ["data that is small once blanks are gone", () => key, "POST", "/channels/a/publish", `{"data":[1,${" ".repeat(2000)}2]}`, 200],
    ["an unknown endpoint", () => key, "GET", "/nothing", undefined, 404, "not_found"],
    ["an unknown verb of a channel", () => key, "GET", "/channels/a/members", undefined, 404, "not_found"],
    ["/v1 without an upgrade", () => undefined, "GET", "", undefined, [404, 426]],
    ["a kick of nobody", () => key, "DELETE", "/peers/nobody", undefined, 200],
    ["a kick of an id too long", () => key, "DELETE", `/peers/${long(129)}`, undefined, 400, "invalid_request"],
    ["a kick beyond ASCII", () => key, "DELETE", "/peers/%C3%A9", undefined, 400, "invalid_request"],
    ["a kick by any secret key", () => publisher, "DELETE", "/peers/nobody", undefined, 200],
    ["a token for nobody", () => key, "POST", "/tokens", {}, 400, "invalid_request"],
    ["a token for an empty peer", () => key, "POST", "/tokens", { peerId: "" }, 400, "invalid_request"],
    ["a token for a peer of 129", () => key, "POST", "/tokens", { peerId: long(129) }, 400, "invalid_request"],
    ["a token wider than its key", () => publisher, "POST", "/tokens", { peerId: "u", channels: ["other"] }, 403, "channel_not_authorized"],
    ["a token with an action its key lacks", () => publisher, "POST", "/tokens", { peerId: "u", permissions: ["publish", "send"] }, 403, "action_not_permitted"],
    ["a token with an unknown action", () => key, "POST", "/tokens", { peerId: "u", permissions: ["fly"] }, [400, 403]],
    ["a token for a day", () => key, "POST", "/tokens", { peerId: "u", expiresInSec: 86400 }, 200],
    ["a token for longer", () => key, "POST", "/tokens", { peerId: "u", expiresInSec: 86401 }, 400, "invalid_request"],
    ["a token for no time", () => key, "POST", "/tokens", { peerId: "u", expiresInSec: 0 }, 400, "invalid_request"],
    ["a token for half a second", () => key, "POST", "/tokens", { peerId: "u", expiresInSec: 0.5 }, 400, "invalid_request"],
    ["a token with 101 channels", () => key, "POST", "/tokens", { peerId: "u", channels: Array.from({ length: 101 }, (_, n) => `c${n}`) }, 400, "invalid_request"],
    ["a token with 17 permissions", () => key, "POST", "/tokens", { peerId: "u", permissions: Array(17).fill("publish") }, 400, "invalid_request"],
    ["a token with metadata over 8 KiB", () => key, "POST", "/tokens", { peerId: "u", metadata: { m: long(8185) } }, 400, "invalid_request"],
    ["a token with peerMetadata over 4 KiB", () => key, "POST", "/tokens", { peerId: "u", peerMetadata: { m: long(4089) } }, 400, "invalid_request"],
  ];
  for (const [what, who, method, path, body, status, error] of ROWS) {
    test(`${what}: ${status} ${error ?? ""}`, async () => {
      const answer = await app.metered(who()?.pair, method, path, body);
      assert.ok([status].flat().includes(answer.status), `${answer.status} ${answer.text}`);
      if (error) {
        assert.equal(answer.json.error, error);
        assert.deepEqual(Object.keys(answer.json).filter((name) => !["error", "message", "refusal"].includes(name)), []);
      }
    });
  }

  test("usage counts what clients and back ends sent, not what was delivered or asked for", async (t) => {
    const busy = await suite.givenApp();
    const own = await busy.givenTokenKey({ actions: ["publish", "subscribe", "presence", "send"] });
    const used = async () => (await busy.metered(own.pair, "GET", "/usage")).json;
    const [one, two] = [await signalling(t, busy, { token: peerToken(own, "one") }), await signalling(t, busy, { token: peerToken(own, "two") })];
    for (const client of [one, two]) await client.subscribe("counted");
    assert.deepEqual([(await used()).messagesUsed, (await used()).concurrentNow], [0, 2]);
    await one.publish("counted", 1);
    await one.publish("nobody", 1);
    await one.send("two", 1);
    await busy.metered(own.pair, "POST", "/channels/counted/publish", { data: 1 });
    assert.equal((await used()).messagesUsed, 4);
    await one.close();
    await until("it is gone", async () => (await used()).concurrentNow === 1);
    assert.ok((await used()).peakConcurrent >= 2);
  });

  test("usage tells of connections and messages, in seconds and numbers", async (t) => {
    const client = await signalling(t, app, { token: peerToken(key, "counted") });
    await client.publish("usage", 1);
    const { status, json } = await app.metered(key.pair, "GET", "/usage");
    assert.equal(status, 200);
    assert.equal(json.appId, app.id);
    assert.ok(json.concurrentNow >= 1);
    for (const name of ["concurrentNow", "peakConcurrent", "messagesUsed", "overageMessages", "overageConnections"]) assert.ok(Number.isInteger(json[name]), name);
    for (const name of ["periodStartUnix", "periodEndUnix"]) assert.ok(json[name] === null || Number.isInteger(json[name]), name);
    assert.deepEqual(Object.keys(json.plan).sort(), ["maxConcurrentConnections", "maxMessagesPerPeriod", "name", "overagesAllowed", "overagesEnabled"]);
  });
});

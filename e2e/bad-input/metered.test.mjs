// The Metered dialect: every code of its sheet, for frames, bodies and tokens that are wrong.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { peerToken, rawMetered } from "../harness/metered.mjs";
import { givenSuite } from "../harness/suite.mjs";
import { jwt, now } from "../harness/tokens.mjs";

const nested = (depth) => `${"[".repeat(depth)}1${"]".repeat(depth)}`;

describe("bad input in the Metered dialect", { concurrency: 4 }, () => {
  let app, pk, key;
  before(async () => {
    app = await (await givenSuite()).givenApp({ limits: { max_connections: 500, max_publishes_per_s: 5000 } });
    pk = (await app.givenPublishableKey()).key;
    key = await app.givenTokenKey();
  });

  const R = '"requestId":"r"';
  // [what, the frame, the code, whether the requestId comes back]
  const FRAMES = [
    ["nothing", "", "malformed_message"],
    ["no JSON", "hello", "malformed_message"],
    ["half an object", '{"type":"ping"', "malformed_message"],
    ["trailing bytes", '{"type":"ping"} x', "malformed_message"],
    ["an array", "[]", "malformed_message"],
    ["null", "null", "malformed_message"],
    ["a string", '"ping"', "malformed_message"],
    ["no type", `{${R}}`, "malformed_message", true],
    ["a type that is a number", `{"type":1,${R}}`, "malformed_message", true],
    ["a member twice", '{"type":"ping","type":"ping"}', "malformed_message"],
    ["a member twice, once escaped", '{"type":"ping","t\\u0079pe":"ping"}', "malformed_message"],
    ["60,000 brackets", "[".repeat(60000), "malformed_message"],
    ["data nested too deep", `{"type":"publish","channel":"a","data":${nested(40)}}`, "malformed_message"],
    ["a lone surrogate in data", '{"type":"publish","channel":"a","data":"\\ud800"}', "malformed_message"],
    ["a leading zero in data", '{"type":"publish","channel":"a","data":01}', "malformed_message"],
    ["a requestId that is a number", '{"type":"ping","requestId":7}', "malformed_message"],
    ["a requestId of 129", `{"type":"ping","requestId":"${"r".repeat(129)}"}`, "malformed_message"],
    ["an unknown type", `{"type":"dance",${R}}`, "unknown_type", true],
    ["a type of the server's", `{"type":"welcome",${R}}`, "unknown_type", true],
    ["no channel", `{"type":"subscribe",${R}}`, ["invalid_channel", "malformed_message"], true],
    ["a channel that is a number", `{"type":"subscribe","channel":7,${R}}`, ["invalid_channel", "malformed_message"], true],
    ["an empty channel", `{"type":"subscribe","channel":"",${R}}`, "invalid_channel", true],
    ["a channel of 257 bytes", `{"type":"subscribe","channel":"${"c".repeat(257)}",${R}}`, "invalid_channel", true],
    ["a channel of 256 characters and more bytes", `{"type":"subscribe","channel":"${"é".repeat(200)}",${R}}`, "invalid_channel", true],
    ["a channel with U+0000", `{"type":"subscribe","channel":"a\\u0000",${R}}`, "invalid_channel", true],
    ["a channel with U+007F", `{"type":"publish","channel":"a\\u007f","data":1,${R}}`, "invalid_channel", true],
    ["a channel with U+0085", `{"type":"subscribe","channel":"a\\u0085",${R}}`, "invalid_channel", true],
    ["a reserved channel", `{"type":"subscribe","channel":"_metered/x",${R}}`, "channel_reserved", true],
    ["a reserved channel in other letters", `{"type":"publish","channel":"_InTeRnAl/x","data":1,${R}}`, "channel_reserved", true],
    ["leaving a reserved channel", `{"type":"unsubscribe","channel":"_system/x",${R}}`, "channel_reserved", true],
    ["publish without data", `{"type":"publish","channel":"a",${R}}`, "missing_data", true],
    ["send without data", `{"type":"send","to":"u",${R}}`, "missing_data", true],
    ["send to nobody's id", `{"type":"send","to":"","data":1,${R}}`, "invalid_peer_id", true],
    ["send to an id of 129", `{"type":"send","to":"${"u".repeat(129)}","data":1,${R}}`, "invalid_peer_id", true],
    ["send to an id beyond ASCII", `{"type":"send","to":"é","data":1,${R}}`, "invalid_peer_id", true],
    ["send without to", `{"type":"send","data":1,${R}}`, ["invalid_peer_id", "malformed_message"], true],
    ["send to one who is not there", `{"type":"send","to":"nobody","data":1,${R}}`, "peer_not_found", true],
  ];
  for (const [what, text, code, correlated] of FRAMES) {
    test(`socket, ${what}: ${code}, the socket stays`, async (t) => {
      const client = await rawMetered(t, app, { query: { key: pk } });
      client.send(text);
      const frames = await client.settle();
      assert.deepEqual(frames.map(({ type, requestId }) => [type, requestId]), [["error", correlated ? "r" : undefined]]);
      assert.ok([code].flat().includes(frames[0].code), frames[0].text);
    });
  }

  // [what, the frame, whether it is acknowledged]
  const FINE = [
    ["a requestId of 128", `{"type":"publish","channel":"a","data":1,"requestId":"${"r".repeat(128)}"}`, true],
    ["data that is null", `{"type":"publish","channel":"a","data":null,${R}}`, true],
    ["members nobody knows", `{"type":"publish","channel":"a","data":1,"more":{"x":[1]},${R}}`, true],
    ["an id where requestId belongs", '{"type":"publish","channel":"a","data":1,"id":"r"}', false],
    ["leaving what one is not in", `{"type":"unsubscribe","channel":"never",${R}}`, true],
    ["a channel of 256 bytes", `{"type":"publish","channel":"${"c".repeat(256)}","data":1,${R}}`, true],
    ["a name that only looks reserved", `{"type":"publish","channel":"_metered","data":1,${R}}`, true],
  ];
  for (const [what, text, acknowledged] of FINE) {
    test(`socket, ${what}: ${acknowledged ? "acknowledged" : "no answer"}`, async (t) => {
      const client = await rawMetered(t, app, { query: { key: pk } });
      client.send(text);
      assert.deepEqual((await client.settle()).map(({ type }) => type), acknowledged ? ["ack"] : []);
    });
  }

  test("a ping with a requestId, with and without", async (t) => {
    const client = await rawMetered(t, app, { query: { key: pk } });
    client.send('{"type":"ping","requestId":"p"}');
    assert.ok(["p", undefined].includes((await client.next("pong")).requestId));
  });

  test("a binary frame: malformed_message", async (t) => {
    const client = await rawMetered(t, app, { query: { key: pk } });
    client.send(Buffer.from('{"type":"ping"}'));
    assert.equal((await client.next("error")).code, "malformed_message");
  });

  test("data of 64 KiB passes with everything around it; a frame well above it is closed with 1009", async (t) => {
    const client = await rawMetered(t, app, { query: { key: pk } });
    const big = { type: "publish", channel: "c".repeat(256), data: "x".repeat(65534), requestId: "r".repeat(128) };
    client.send(big);
    await client.next("ack");
    client.send({ ...big, data: "x".repeat(70000) });
    assert.equal((await client.closing()).code, 1009);
  });

  test("a client cannot say who it is, nor what is known of it", async (t) => {
    const [client, other] = [await rawMetered(t, app, { query: { key: pk } }), await rawMetered(t, app, { query: { key: pk } })];
    await other.subscribe("forged", { includeSenderMetadata: true });
    client.send({ type: "publish", channel: "forged", data: 1, from: "root", fromMetadata: { admin: true }, peerMetadata: { admin: true } });
    assert.deepEqual({ ...(await other.next("message")) }, { type: "message", channel: "forged", from: client.peerId, data: 1 });
  });

  // [what, the body of a publish, status]
  const BODIES = [
    ["nothing", "", 400],
    ["no JSON", "data=1", 400],
    ["half an object", '{"data":1', 400],
    ["trailing bytes", '{"data":1} x', 400],
    ["null", "null", 400],
    ["a member twice", '{"data":1,"data":2}', 400],
    ["a lone surrogate", '{"data":"\\ud800"}', 400],
    ["data nested too deep", `{"data":${nested(40)}}`, 400],
    ["100,000 brackets", `{"data":${"[".repeat(100000)}`, [400, 413]],
    ["from that is null", '{"data":1,"from":null}', [200, 400]],
    ["peerMetadata a string", '{"data":1,"peerMetadata":"x"}', 400],
    ["a body of a megabyte", `{"data":1,"x":"${"x".repeat(1 << 20)}"}`, 413],
  ];
  for (const [what, body, status] of BODIES) {
    test(`REST, ${what}: ${status}`, async () => {
      const answer = await app.metered(key.pair, "POST", "/channels/a/publish", body);
      assert.ok([status].flat().includes(answer.status), `${answer.status} ${answer.text}`);
      if (answer.status !== 200) assert.equal(answer.json.error, "invalid_request");
    });
  }

  // [method, path]
  const ROUTES = [["GET", "/channels/a/publish"], ["POST", "/channels/a/peers"], ["PUT", "/channels/a/publish"], ["POST", "/usage"], ["GET", "/tokens"], ["GET", "/peers/u"], ["GET", "/channels"], ["GET", "/channels/a"], ["GET", "//usage"]];
  for (const [method, path] of ROUTES) {
    test(`REST, ${method} ${path}: not_found`, async () => {
      const answer = await app.metered(key.pair, method, path, method === "GET" ? undefined : "{}");
      assert.ok([404, 405].includes(answer.status), `${answer.status}`);
      assert.equal(answer.json.error, "not_found");
    });
  }

  test("a compressed body is not read: 415", async () => {
    const answer = await app.send("POST", "/v1/channels/a/publish", '{"data":1}', { authorization: `Bearer ${key.pair}`, "content-encoding": "gzip" });
    assert.equal(answer.status, 415);
  });

  const exp = now() + 3600;
  const signed = (claims, how = {}) => jwt(claims, key.token_secret, { ...how, header: { kid: key.id, ...how.header } });
  // [what, the token]: every one is closed with 4001, before any welcome
  const TOKENS = [
    ["the algorithm none", () => signed({ sub: "u", exp }, { alg: "none" })],
    ["another hash", () => signed({ sub: "u", exp }, { alg: "HS512" })],
    ["an algorithm of public keys", () => signed({ sub: "u", exp }, { alg: "RS256" })],
    ["an algorithm the header lies about", () => signed({ sub: "u", exp }, { hash: "sha512" })],
    ["the algorithm in small letters", () => signed({ sub: "u", exp }, { alg: "hs256" })],
    ["a critical extension", () => signed({ sub: "u", exp }, { header: { crit: ["x"], x: 1 } })],
    ["a kid that is a number", () => signed({ sub: "u", exp }, { header: { kid: 7 } })],
    ["the key's whole token as kid", () => signed({ sub: "u", exp }, { header: { kid: key.token } })],
    ["a header that is no object", () => jwt({ sub: "u", exp }, key.token_secret, { header: "[]" })],
    ["the key's token as the secret", () => jwt({ sub: "u", exp }, key.token, { header: { kid: key.id } })],
    ["claims that are no object", () => signed("[]")],
    ["claims that are no JSON", () => signed("x")],
    ["no sub", () => signed({ exp })],
    ["an empty sub", () => signed({ sub: "", exp })],
    ["a sub of 129", () => signed({ sub: "u".repeat(129), exp })],
    ["a sub beyond ASCII", () => signed({ sub: "é", exp })],
    ["a sub that is a number", () => signed({ sub: 7, exp })],
    ["a sub with a control character", () => signed({ sub: "a\n", exp })],
    ["no exp", () => signed({ sub: "u" })],
    ["an exp that is a string", () => signed({ sub: "u", exp: String(exp) })],
    ["an exp that is null", () => signed({ sub: "u", exp: null })],
    ["101 channels", () => signed({ sub: "u", exp, channels: Array.from({ length: 101 }, (_, n) => `c${n}`) })],
    ["channels that are a string", () => signed({ sub: "u", exp, channels: "a" })],
    ["channels of numbers", () => signed({ sub: "u", exp, channels: [1] })],
    ["17 permissions", () => signed({ sub: "u", exp, permissions: Array(17).fill("publish") })],
    ["permissions that are a string", () => signed({ sub: "u", exp, permissions: "publish" })],
    ["peerMetadata that is an array", () => signed({ sub: "u", exp, peerMetadata: [] })],
    ["metadata that is a string", () => signed({ sub: "u", exp, metadata: "x" })],
    ["a claim twice", () => signed(`{"sub":"u","sub":"v","exp":${exp}}`)],
    ["four parts", () => `${signed({ sub: "u", exp })}.x`],
    ["padding", () => `${signed({ sub: "u", exp })}=`],
    ["blanks around it", () => ` ${signed({ sub: "u", exp })} `],
  ];
  for (const [what, token] of TOKENS) {
    test(`token, ${what}: 4001`, async (t) => {
      const client = await rawMetered(t, app, { query: { token: token() }, settled: false });
      assert.deepEqual([(await client.closing()).code, client.frames], [4001, []]);
    });
  }

  test("a token twice in the query: 4001", async (t) => {
    const token = peerToken(key, "u");
    const client = await rawMetered(t, app, { query: [["token", token], ["token", token]], settled: false });
    assert.equal((await client.closing()).code, 4001);
  });

  test("channels: [] is no channel at all, permissions: [] no action", async (t) => {
    const none = await rawMetered(t, app, { query: { token: peerToken(key, "none", { channels: [] }) } });
    assert.equal((await none.request({ type: "subscribe", channel: "a" })).code, "channel_not_authorized");
    const idle = await rawMetered(t, app, { query: { token: peerToken(key, "idle", { permissions: [] }) } });
    assert.equal((await idle.request({ type: "subscribe", channel: "a" })).code, "action_not_permitted");
  });
});

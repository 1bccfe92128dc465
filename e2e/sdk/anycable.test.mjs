// @anycable/core and @anycable/web with the base protocol: streams, tokens, whispers, refusals.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { createCable as createWebCable, createConsumer } from "@anycable/web";
import { SignJWT } from "jose";
import { anycable, BASE, cableUrl, EXT, publicId, rawCable, signedId, streaming, UNSUPPORTED } from "../harness/cable.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { jwt, now } from "../harness/tokens.mjs";
import { sleep, until } from "../harness/until.mjs";

describe("@anycable/core", { concurrency: 4 }, () => {
  let suite, app, strict;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: OPEN, limits: { max_connections: 500, max_publishes_per_s: 1000 } });
    strict = await suite.givenApp({ limits: { max_connections: 500 } });
  });
  const publish = (target, stream, data, more = {}) => target.cable("POST", "/api/publish", { stream, data: typeof data === "string" ? data : JSON.stringify(data), ...more });

  test("a public stream delivers what is published to it, and knows its place", async (t) => {
    const cable = anycable(t, app);
    const channel = await streaming(cable, "chat/2024");
    assert.equal((await publish(app, "chat/2024", { t: 1 })).status, 201);
    await until("it arrived", () => channel.heard.length === 1);
    assert.deepEqual(channel.heard[0].message, { t: 1 });
    const frame = JSON.parse(cable.record.texts.at(-1));
    assert.deepEqual([frame.stream_id, typeof frame.epoch, frame.offset], ["chat/2024", "string", 1]);
  });

  // The message of each data, byte for byte.
  const DATA = [
    ['{"t":1}', '{"t":1}'],
    ["plain text", '"plain text"'],
    ["42", "42"],
    ["false", "false"],
    ['""', '""'],
    ["null", '"null"'],
    ["", '""'],
    ['{"n":12345678901234567890,"f":1.0,"b":1,"a":2}', '{"n":12345678901234567890,"f":1.0,"b":1,"a":2}'],
    ['{"html":"<b>&</b>","é":"\\u00e9"}', '{"html":"<b>&</b>","é":"\\u00e9"}'],
    ['"{"', '"{"'],
    ["{not json", '"{not json"'],
    ["[1,2] x", '"[1,2] x"'],
  ];
  test("data that is JSON arrives as that value, anything else as text", async (t) => {
    const client = await rawCable(t, app);
    await client.subscribe(publicId("data"));
    for (const [data, message] of DATA) {
      await publish(app, "data", data);
      const { text } = await client.next(({ type }) => type === undefined);
      assert.ok(text.includes(`"message":${message}`), `${data} arrived as ${text}`);
    }
  });

  // [who signed it, the signed name of a stream]
  const NAMES = [
    ["Ruby and Node", "chat/2024", {}],
    ["a name beyond ASCII, JSON kept as UTF-8", "комната/1", {}],
    ["Python, which escapes", "комната/1", { json: '"\\u043a\\u043e\\u043c\\u043d\\u0430\\u0442\\u0430/1"' }],
    ["PHP, which escapes slashes", "chat/2024", { json: '"chat\\/2024"' }],
    ["standard base64 with a slash", "a?", {}],
    ["the Ruby SDK's URL-safe base64", "a?", { alphabet: "base64url" }],
  ];
  for (const [who, stream, how] of NAMES) {
    test(`a stream name signed by ${who} opens ${stream}`, async (t) => {
      const cable = anycable(t, strict, { token: strict.cableToken({ user_id: 1 }) });
      const channel = await streaming(cable, strict.signedStream(stream, how), { signed: true });
      await publish(strict, stream, { who });
      await until("it arrived", () => channel.heard.some(({ message }) => message.who === who));
    });
  }

  test("a signed and a public subscription to one name share the stream; two identifiers are two subscriptions", async (t) => {
    const client = await rawCable(t, app);
    const spaced = '{"stream_name": "shared","channel":"$pubsub"}';
    const ids = [publicId("shared"), signedId(app.signedStream("shared")), spaced];
    for (const id of ids) assert.equal((await client.subscribe(id)).type, "confirm_subscription");
    await publish(app, "shared", "1");
    const frames = (await client.settle()).filter(({ type }) => type === undefined);
    assert.deepEqual(frames.map(({ identifier }) => identifier).sort(), [...ids].sort());
  });

  const bad = (target) => {
    const good = target.signedStream("x");
    const hex = good.split("--")[1];
    return [
      ["another app's secret", app.signedStream("x")],
      ["no signature", good.split("--")[0]],
      ["a digest too short", good.slice(0, -1)],
      ["a digest in capitals", good.replace(hex, hex.toUpperCase())],
      ["a flipped digit", good.slice(0, -1) + (good.endsWith("0") ? "1" : "0")],
      ["something added before it", `A${good}`],
      ["the name itself", "x"],
      ["a number", target.signedStream("x", { json: "7" })],
      ["an object", target.signedStream("x", { json: '{"a":1}' })],
      ["no JSON", target.signedStream("x", { json: "x" })],
    ];
  };
  test("signed names that are none are rejected, each of them", async (t) => {
    const client = await rawCable(t, strict, { query: { jid: strict.cableToken({ user_id: 1 }) } });
    for (const [what, name] of bad(strict)) assert.equal((await client.subscribe(signedId(name))).type, "reject_subscription", what);
    const more = ["{}", '{"channel":"$pubsub"}', '{"channel":"$pubsub","stream_name":""}', '{"channel":"$pubsub","stream_name":7}', '{"channel":"Chat"}', "nothing", "[]", publicId("x"), '{"channel":"Turbo::StreamsChannel","signed_stream_name":"x"}'];
    for (const identifier of more) assert.equal((await client.subscribe(identifier)).type, "reject_subscription", identifier);
    const both = JSON.stringify({ channel: "$pubsub", signed_stream_name: "bad", stream_name: "x" });
    assert.equal((await client.subscribe(both)).type, "reject_subscription", "the signed name wins");
  });

  test("the SDK says that it was rejected", async (t) => {
    const cable = anycable(t, strict, { token: strict.cableToken({ user_id: 1 }) });
    await assert.rejects(streaming(cable, "plain"), /rejected/i);
  });

  test("a token is read from the query, the header or the subprotocol; the header wins", async (t) => {
    const token = strict.cableToken({ user_id: 42 });
    await streaming(anycable(t, strict, { token }), strict.signedStream("a"), { signed: true });
    const byProtocol = anycable(t, strict, { token, websocketAuthStrategy: "sub-protocol" });
    await streaming(byProtocol, strict.signedStream("a"), { signed: true });
    assert.equal(byProtocol.record.current().protocol, BASE);
    await streaming(anycable(t, strict, { token, websocketAuthStrategy: "header" }), strict.signedStream("a"), { signed: true });
    const { reason } = await (await rawCable(t, strict, { query: { jid: token }, headers: { "x-jid": "bad" }, settled: false })).dismissed();
    assert.equal(reason, "unauthorized");
  });

  test("a token of any library and any of the three algorithms", async (t) => {
    for (const alg of ["HS256", "HS384", "HS512"]) {
      const token = await new SignJWT({ ext: '{"user_id":42}' }).setProtectedHeader({ alg }).setExpirationTime("5m").sign(new TextEncoder().encode(strict.secret));
      await rawCable(t, strict, { query: { jid: token } });
    }
    await rawCable(t, strict, { query: { jid: strict.cableToken({ user_id: 1 }) } });
  });

  const forged = (claims, how) => jwt(claims, how?.secret ?? strict.secret, how);
  const ext = '{"user_id":1}';
  // [what, the query, reason]
  const REFUSED = [
    ["no token", () => ({}), "unauthorized"],
    ["an empty token", () => ({ jid: "" }), "unauthorized"],
    ["garbage", () => ({ jid: "garbage" }), "unauthorized"],
    ["a bad signature", () => ({ jid: forged({ ext }, { secret: "other" }) }), "unauthorized"],
    ["another app's token", () => ({ jid: app.cableToken({ user_id: 1 }) }), "unauthorized"],
    ["the algorithm none", () => ({ jid: forged({ ext }, { alg: "none" }) }), "unauthorized"],
    ["an algorithm of public keys", () => ({ jid: forged({ ext }, { alg: "RS256" }) }), "unauthorized"],
    ["an algorithm the header lies about", () => ({ jid: forged({ ext }, { alg: "HS256", hash: "sha512" }) }), "unauthorized"],
    ["a token of before", () => ({ jid: forged({ ext, exp: now() - 1 }) }), "token_expired"],
    ["a token of this second", () => ({ jid: forged({ ext, exp: now() }) }), "token_expired"],
    ["a token of before with a bad signature", () => ({ jid: forged({ ext, exp: now() - 1 }, { secret: "other" }) }), "unauthorized"],
    ["a token of tomorrow", () => ({ jid: forged({ ext, nbf: now() + 60 }) }), "unauthorized"],
    ["no ext", () => ({ jid: forged({ user_id: 1 }) }), "unauthorized"],
    ["ext an object", () => ({ jid: forged({ ext: { user_id: 1 } }) }), "unauthorized"],
  ];
  for (const [what, query, reason] of REFUSED) {
    test(`${what}: upgraded, told ${reason}, closed with 1000`, async (t) => {
      const client = await rawCable(t, strict, { query: query(), settled: false });
      const told = await client.dismissed();
      const { refusal, ...rest } = told;
      assert.ok(refusal.code, "and why, by machine code");
      assert.deepEqual(rest, { type: "disconnect", reason, reconnect: false, code: 1000 });
      assert.equal(client.refused, undefined);
    });
  }

  test("a bad token is refused even where none is needed", async (t) => {
    const { reason } = await (await rawCable(t, app, { query: { jid: "bad" }, settled: false })).dismissed();
    assert.equal(reason, "unauthorized");
  });

  test("a token refresher runs when the token has expired, and the cable is back", async (t) => {
    let asked = 0;
    const tokenRefresher = async (transport) => {
      asked++;
      transport.setToken(strict.cableToken({ user_id: 1 }));
    };
    const cable = anycable(t, strict, { token: strict.cableToken({ user_id: 1 }, { exp: now() - 5 }), tokenRefresher });
    cable.connect().catch(() => {});
    await until("it is connected", () => cable.state === "connected");
    assert.equal(asked, 1);
    await streaming(cable, strict.signedStream("a"), { signed: true });
  });

  test("an unknown app is told so by a frame, not by a status", async (t) => {
    const url = cableUrl(app).replace(app.key, "a".repeat(20));
    const { reason, reconnect, code } = await (await rawCable(t, app, { url, settled: false })).dismissed();
    assert.deepEqual([reason, reconnect, code], ["unauthorized", false, 1000]);
  });

  // [offered, answered]
  const PROTOCOLS = [
    [[BASE], BASE],
    [[EXT], EXT],
    [[BASE, EXT], BASE],
    [[EXT, BASE], EXT],
    [[BASE, UNSUPPORTED], BASE],
    [["actioncable-v1-msgpack", UNSUPPORTED], UNSUPPORTED],
    [["actioncable-ext-pong", BASE, UNSUPPORTED], BASE],
    [[], ""],
  ];
  for (const [offered, answered] of PROTOCOLS) {
    test(`of ${offered.join(", ") || "no subprotocol"} it answers ${answered || "none"}`, async (t) => {
      const client = await rawCable(t, app, { protocols: offered, settled: answered !== UNSUPPORTED });
      await until("the answer", () => client.socket.readyState >= 1);
      assert.equal(client.socket.protocol, answered);
    });
  }

  test("pings are numbers, every three seconds or as asked, in the precision that was asked", async (t) => {
    const at = async (query) => (await (await rawCable(t, app, { query })).next("ping", { within: 3000 })).message;
    const seconds = await at({ pi: "1" });
    assert.ok(Math.abs(seconds - Date.now() / 1000) < 3);
    const ms = await at({ pi: "1", ptp: "ms" });
    assert.ok(Math.abs(ms - Date.now()) < 3000);
    assert.ok((await at({ pi: "1", ptp: "ns" })) > 1e18);
    const usual = await rawCable(t, app);
    await usual.next("ping", { within: 4700 });
    const began = performance.now();
    await usual.next("ping", { within: 3500 });
    assert.ok(performance.now() - began > 2500);
  });

  test("the cable stays alive on pings alone", async (t) => {
    const cable = anycable(t, app);
    await streaming(cable, "quiet");
    await sleep(7500);
    assert.deepEqual([cable.state, cable.record.sockets.length], ["connected", 1]);
  });

  test("whispers reach the others on a public stream, not the sender, and have no place in history", async (t) => {
    const [one, two] = [await streaming(anycable(t, app), "whispers"), await streaming(anycable(t, app), "whispers")];
    await one.whisper({ event: "typing", name: "Al" });
    await until("it arrived", () => two.heard.length === 1);
    assert.deepEqual(two.heard[0].message, { event: "typing", name: "Al" });
    await publish(app, "whispers", "1");
    await until("the end", () => one.heard.length === 1 && two.heard.length === 2);
    assert.deepEqual(one.heard.map(({ message }) => message), [1]);
    const client = await rawCable(t, app);
    await client.subscribe(publicId("whispers"), { history: { since: 1, streams: {} } });
    await client.next("confirm_history");
    assert.equal((await client.settle()).filter(({ type }) => type === undefined).length, 1);
  });

  test("whispers on signed streams are an app's choice, and silence otherwise", async (t) => {
    const quiet = await suite.givenApp({ settings: { ...OPEN, anycable: { ...OPEN.anycable, whisper: false } } });
    for (const [target, arrives] of [[app, true], [quiet, false]]) {
      const signed = target.signedStream("signed/whispers");
      const [one, two] = [await streaming(anycable(t, target), signed, { signed: true }), await streaming(anycable(t, target), signed, { signed: true })];
      await one.whisper({ hi: 1 });
      await publish(target, "signed/whispers", '"end"');
      await until("the end", () => two.heard.at(-1)?.message === "end");
      assert.equal(two.heard.length, arrives ? 2 : 1);
    }
  });

  test("the socket that a publish names is left out, on all its identifiers", async (t) => {
    const [one, two] = [await rawCable(t, app), await rawCable(t, app)];
    for (const client of [one, two]) {
      await client.subscribe(publicId("others"));
      await client.subscribe(signedId(app.signedStream("others")));
    }
    await publish(app, "others", "1", { meta: { exclude_socket: one.sid } });
    await publish(app, "others", "2");
    const got = async (client) => (await client.settle()).filter(({ type }) => type === undefined).map(({ message, offset }) => [message, offset]);
    assert.deepEqual(await got(one), [[2, 2], [2, 2]]);
    assert.deepEqual(await got(two), [[1, 1], [1, 1], [2, 2], [2, 2]]);
  });

  test("unsubscribing is not answered and ends delivery; a second subscribe starts anew", async (t) => {
    const client = await rawCable(t, app);
    await client.subscribe(publicId("on-off"));
    client.command("unsubscribe", publicId("on-off"));
    client.command("unsubscribe", publicId("on-off"));
    await publish(app, "on-off", "1");
    assert.deepEqual(await client.settle(), []);
    assert.equal((await client.subscribe(publicId("on-off"))).type, "confirm_subscription");
  });

  test("a duplicate subscribe is met with silence, which keeps the SDK's subscription alive", async (t) => {
    const cable = anycable(t, app);
    const channel = await streaming(cable, "twice");
    cable.record.send(JSON.stringify({ command: "subscribe", identifier: channel.identifier }));
    await publish(app, "twice", "1");
    await until("it is still subscribed", () => channel.heard.length === 1);
    const confirms = cable.record.texts.filter((text) => text.includes("confirm_subscription"));
    assert.equal(confirms.length, 1);
    assert.equal(channel.state, "connected");
  });

  test("a remote disconnect closes every connection of that identity, as told", async (t) => {
    const token = app.cableToken('{"user_id":42}');
    const clients = [await rawCable(t, app, { query: { jid: token } }), await rawCable(t, app, { query: { jid: token } })];
    const other = await rawCable(t, app, { query: { jid: app.cableToken('{"user_id": 42}') } });
    const answer = await app.cable("POST", "/api/publish", { command: "disconnect", payload: { identifier: '{"user_id":42}', reconnect: false } });
    assert.equal(answer.status, 201);
    for (const client of clients) assert.deepEqual({ ...(await client.dismissed()) }, { type: "disconnect", reason: "remote", reconnect: false, code: 1000 });
    await other.staysOpen(50);
    assert.equal((await app.cable("POST", "/api/publish", { command: "dance", payload: {} })).status, 201);
  });

  test("the app is found by its host label too, for the socket and the API", async (t) => {
    const host = `${app.key}.cable.signalbox.example`;
    const base = app.stack.gateway_url;
    const client = await rawCable(t, app, { url: `${base.replace("http", "ws")}/cable`, headers: { host } });
    await client.subscribe(publicId("by-host"));
    const { request } = await import("node:http");
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${base}/api/publish`, { method: "POST", headers: { host, authorization: `Bearer ${app.hmac("api-cable")}` } }, (response) => resolve(response.resume().statusCode));
      sent.on("error", reject);
      sent.end('{"stream":"by-host","data":"1"}');
    });
    assert.equal(status, 201);
    assert.equal((await client.next(({ type }) => type === undefined)).message, 1);
  });

  test("an app may end connections with their tokens; the refresher brings them back", async (t) => {
    const ending = await suite.givenApp({ settings: { anycable: { end_with_token: true } } });
    const client = await rawCable(t, ending, { query: { jid: ending.cableToken({ user_id: 1 }, { exp: now() + 2 }) } });
    const { reason, reconnect } = await client.dismissed();
    assert.deepEqual([reason, reconnect], ["token_expired", false]);
    const cable = anycable(t, ending, { token: ending.cableToken({ user_id: 1 }, { exp: now() + 2 }), tokenRefresher: async (transport) => transport.setToken(ending.cableToken({ user_id: 1 })) });
    await streaming(cable, ending.signedStream("x"), { signed: true });
    await until("it is back", () => cable.record.sockets.length === 2 && cable.state === "connected");
  });

  test("Turbo and CableReady streams, where the app has them on, are heard and not whispered to", async (t) => {
    const on = await suite.givenApp({ settings: { ...OPEN, anycable: { ...OPEN.anycable, turbo_streams: true, cable_ready: true } } });
    const turbo = JSON.stringify({ channel: "Turbo::StreamsChannel", signed_stream_name: on.signedStream("hot") });
    const ready = JSON.stringify({ channel: "CableReady::Stream", identifier: on.signedStream("hot") });
    const [one, two] = [await rawCable(t, on), await rawCable(t, on)];
    for (const client of [one, two]) for (const id of [turbo, ready]) assert.equal((await client.subscribe(id)).type, "confirm_subscription", id);
    one.command("whisper", turbo, { data: 1 });
    await publish(on, "hot", '"<turbo-stream>"');
    const frames = (await two.settle()).filter(({ type }) => type === undefined);
    assert.deepEqual(frames.map(({ identifier, message }) => [identifier, message]).sort(), [[ready, "<turbo-stream>"], [turbo, "<turbo-stream>"]].sort());
    const off = await rawCable(t, app);
    assert.equal((await off.subscribe(JSON.stringify({ channel: "Turbo::StreamsChannel", signed_stream_name: app.signedStream("hot") }))).type, "reject_subscription");
  });

  test("@anycable/web makes the same cable, and a consumer in Action Cable's words", async (t) => {
    const channel = await streaming(anycable(t, app, { create: createWebCable, protocol: EXT }), "web");
    const heard = [];
    const { record } = anycable(t, app);
    const consumer = createConsumer(cableUrl(app), { websocketImplementation: record.WebSocket, logLevel: "error" });
    t.after(() => consumer.disconnect());
    let ready = false;
    consumer.subscriptions.create({ channel: "$pubsub", stream_name: "web" }, { connected: () => (ready = true), received: (message) => heard.push(message) });
    await until("the consumer is subscribed", () => ready);
    await publish(app, "web", { n: 1 });
    await until("both heard", () => channel.heard.length === 1 && heard.length === 1);
    assert.deepEqual(heard, [{ n: 1 }]);
  });

  test("more connections than the app may have are told so by a frame", async (t) => {
    const small = await suite.givenApp({ settings: OPEN, limits: { max_connections: 1 } });
    await rawCable(t, small);
    const late = await rawCable(t, small, { settled: false });
    const { reason, code } = await late.dismissed();
    assert.ok(reason && reason !== "token_expired" && code === 1000, `${reason} ${code}`);
  });
});

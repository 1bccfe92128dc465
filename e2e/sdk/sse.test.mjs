// Server-sent events of the AnyCable dialect, read as EventSource reads them.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { anycable, publicId, streaming } from "../harness/cable.mjs";
import { EventStream } from "../harness/events.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { now } from "../harness/tokens.mjs";
import { until } from "../harness/until.mjs";

describe("server-sent events", { concurrency: 4 }, () => {
  let suite, app, strict;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: OPEN, limits: { max_publishes_per_s: 1000 } });
    strict = await suite.givenApp();
  });
  const url = (target, query = {}, path = "sse") => `${target.stack.gateway_url}/apps/${target.key}/${path}?${new URLSearchParams(query)}`;
  const open = (t, query, init) => EventStream.open(t, url(app, query), init);
  const publish = (stream, data) => app.cable("POST", "/api/publish", { stream, data });
  async function subscribed(t, query, init) {
    const stream = await open(t, query, init);
    await stream.next("confirm_subscription");
    return stream;
  }

  test("a stream is welcomed, confirmed, and hears what is published with an id", async (t) => {
    const stream = await open(t, { stream: "chat/1" });
    assert.equal(stream.status, 200);
    assert.equal(stream.response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    assert.match(stream.response.headers.get("cache-control"), /no-store/);
    assert.equal(stream.response.headers.get("x-accel-buffering"), "no");
    assert.match(JSON.parse((await stream.next("welcome")).data).sid, /^[\w-]{21}$/);
    assert.deepEqual(JSON.parse((await stream.next("confirm_subscription")).data), { type: "confirm_subscription", identifier: publicId("chat/1") });
    await publish("chat/1", '{"n":12345678901234567890,"f":1.0}');
    const { data, id } = await stream.next();
    assert.equal(data, '{"n":12345678901234567890,"f":1.0}');
    assert.match(id, /^1\/[^/]+\/chat\/1$/, "offset, epoch, stream");
  });

  test("text is the text itself, a line of data for each of its lines", async (t) => {
    const stream = await subscribed(t, { stream: "lines" });
    await publish("lines", "one\ntwo\r\nthree\rfour");
    assert.equal((await stream.next()).data, "one\ntwo\nthree\nfour");
    await publish("lines", "event: forged\n\ndata: x");
    assert.equal((await stream.next()).data, "event: forged\n\ndata: x");
  });

  test("pings come as events, every three seconds", async (t) => {
    const stream = await subscribed(t, { stream: "pings" });
    assert.equal(typeof JSON.parse((await stream.next("ping", { within: 5000 })).data).message, "number");
  });

  test("raw brings data alone", async (t) => {
    const stream = await open(t, { stream: "raw", raw: "1" });
    await until("it is subscribed", async () => (await app.get("/channels/raw", { info: "subscription_count" })).json?.subscription_count === 1);
    await publish("raw", "1");
    await stream.next();
    assert.deepEqual(stream.events.map(({ type }) => type), []);
  });

  test("Last-Event-ID brings what was missed, once, and live after it", async (t) => {
    const first = await subscribed(t, { stream: "a/b" });
    await publish("a/b", "1");
    await first.next();
    first.close();
    await publish("a/b", "2");
    await publish("a/b", "3");
    const second = await open(t, { stream: "a/b" }, { headers: { "last-event-id": first.lastEventId } });
    await second.next("confirm_history");
    await publish("a/b", "4");
    const data = [];
    await until("all three", () => {
      data.push(...second.events.splice(0).filter(({ type }) => type === "message").map(({ data }) => data));
      return data.length >= 3;
    });
    assert.deepEqual(data, ["2", "3", "4"]);
  });

  test("a position that is gone is said so; one that is none is refused or ignored", async (t) => {
    const gone = await open(t, { stream: "a" }, { headers: { "last-event-id": "3/none/a" } });
    await gone.next("reject_history");
    const short = await open(t, { stream: "a" }, { headers: { "last-event-id": "3" } });
    await short.next("confirm_subscription");
    assert.equal((await open(t, { stream: "a" }, { headers: { "last-event-id": "x/none/a" } })).status, 400);
    assert.equal((await open(t, { stream: "a", history_since: "yesterday" })).status, 400);
  });

  test("history since a time comes first", async (t) => {
    await publish("since", "1");
    const stream = await open(t, { stream: "since", history_since: String(now() - 60) });
    assert.equal((await stream.next()).data, "1");
    await stream.next("confirm_history");
  });

  test("a signed stream and a token, as the app asks for them", async (t) => {
    const jid = strict.cableToken({ user_id: 1 });
    const stream = await EventStream.open(t, url(strict, { signed_stream: strict.signedStream("x"), jid }));
    await stream.next("confirm_subscription");
    for (const [query, status] of [
      [{ signed_stream: strict.signedStream("x") }, 401],
      [{ signed_stream: strict.signedStream("x"), jid: "bad" }, 401],
      [{ signed_stream: strict.signedStream("x"), jid: strict.cableToken({ user_id: 1 }, { exp: now() - 5 }) }, 401],
      [{ stream: "x", jid }, 400],
      [{ signed_stream: app.signedStream("x"), jid }, 400],
      [{ channel: "Chat", jid }, 400],
      [{ jid }, 400],
    ]) {
      const refused = await EventStream.open(t, url(strict, query));
      assert.deepEqual([refused.status, refused.text], [status, ""], JSON.stringify(query));
    }
  });

  test("an identifier names the stream too; whispers come without an id; presence as its own event", async (t) => {
    const stream = await subscribed(t, { identifier: publicId("mixed") });
    const channel = await streaming(anycable(t, app, { protocol: "actioncable-v1-ext-json" }), "mixed");
    await channel.whisper({ hi: 1 });
    const { data, id } = await stream.next();
    assert.deepEqual([JSON.parse(data), id], [{ hi: 1 }, undefined]);
  });

  test("commands in the body of a POST are answered with whole frames", async (t) => {
    const body = [{ command: "subscribe", identifier: publicId("posted") }, { command: "subscribe", identifier: publicId("posted/too") }].map((line) => JSON.stringify(line)).join("\n");
    const stream = await EventStream.open(t, url(app), { method: "POST", body });
    for (let n = 0; n < 2; n++) await stream.next("confirm_subscription");
    await publish("posted/too", "1");
    const frame = JSON.parse((await stream.next()).data);
    assert.deepEqual([frame.identifier, frame.message, frame.stream_id], [publicId("posted/too"), 1, "posted/too"]);
  });

  test("a remote disconnect ends it for good", async (t) => {
    const stream = await subscribed(t, { stream: "x", jid: app.cableToken('{"user_id":9}') });
    await app.cable("POST", "/api/publish", { command: "disconnect", payload: { identifier: '{"user_id":9}', reconnect: false } });
    const { data, retry } = await stream.next("disconnect");
    assert.deepEqual([JSON.parse(data), retry], [{ type: "disconnect", reason: "remote", reconnect: false }, 31536000000]);
    await until("it ended", () => stream.ended);
  });

  test("any origin may read, other methods may not, an app can have it off", async (t) => {
    const stream = await open(t, { stream: "x" }, { headers: { origin: "https://shop.example" } });
    assert.equal(stream.response.headers.get("access-control-allow-origin"), "*");
    const preflight = await fetch(url(app, { stream: "x" }, "sse"), { method: "OPTIONS", headers: { origin: "https://shop.example", "access-control-request-method": "GET" } });
    assert.deepEqual([preflight.status, await preflight.text()], [200, ""]);
    assert.equal((await fetch(url(app, { stream: "x" }, "sse"), { method: "DELETE" })).status, 405);
    const off = await suite.givenApp({ settings: { ...OPEN, anycable: { ...OPEN.anycable, sse: false } } });
    assert.equal((await EventStream.open(t, url(off, { stream: "x" }))).status, 404);
  });

  test("who goes away is no longer counted", async (t) => {
    const stream = await subscribed(t, { stream: "left" });
    const count = async () => (await app.get("/channels/left", { info: "subscription_count" })).json.subscription_count;
    await until("it counts", async () => (await count()) === 1);
    stream.close();
    await until("it is gone", async () => (await count()) === 0, { within: 8000 });
  });
});

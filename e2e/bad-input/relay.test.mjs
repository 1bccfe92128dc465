// The Relay dialect: what is refused over HTTP, and what a socket ignores or is told off for.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { rawRelay } from "../harness/relay.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";

const nested = (depth) => `${"[".repeat(depth)}1${"]".repeat(depth)}`;

describe("bad input in the Relay dialect", { concurrency: 4 }, () => {
  let app;
  before(async () => {
    app = await (await givenSuite()).givenApp({ settings: OPEN, limits: { max_connections: 500, max_publishes_per_s: 5000, max_reads_per_s: 1000 } });
  });

  const event = (more) => JSON.stringify({ channel: "a", event: "e", data: "1", ...more });
  // [what, the body, status]
  const BODIES = [
    ["nothing", "", 400],
    ["no JSON", "channel=a&event=e", 400],
    ["half an object", '{"channel":"a"', 400],
    ["trailing bytes", `${event()} x`, 400],
    ["two objects", `${event()}${event()}`, 400],
    ["an array", "[]", 400],
    ["null", "null", 400],
    ["a string", '"e"', 400],
    ["a member twice", '{"channel":"a","channel":"b","event":"e","data":"1"}', 400],
    ["a member twice, once escaped", '{"channel":"a","ch\\u0061nnel":"b","event":"e","data":"1"}', 400],
    ["a lone surrogate", '{"channel":"a","event":"e","data":"\\ud800"}', 400],
    ["nesting of 40", `{"channel":"a","event":"e","data":${nested(40)}}`, 400],
    ["nesting of 30", `{"channel":"a","event":"e","data":${nested(30)}}`, 200],
    ["100,000 brackets", `{"channel":"a","event":"e","data":${"[".repeat(100000)}`, 400],
    ["no channel", event({ channel: undefined }), 422],
    ["an empty channel", event({ channel: "" }), 422],
    ["a channel that is a number", event({ channel: 1 }), [400, 422]],
    ["a channel of 200 bytes", event({ channel: "c".repeat(200) }), 200],
    ["a channel of 201 bytes", event({ channel: "c".repeat(201) }), 422],
    ["a channel with a control character", event({ channel: "a\nb" }), 422],
    ["a channel with a NUL", event({ channel: "a\u0000b" }), 422],
    ["a channel beyond ASCII", event({ channel: "комната/1" }), 200],
    ["no event", event({ event: undefined }), 422],
    ["an event that is null", event({ event: null }), [400, 422]],
    ["an event of 200", event({ event: "e".repeat(200) }), 200],
    ["an event of 201", event({ event: "e".repeat(201) }), 422],
    ["an event of Relay's own", event({ event: "relay:pong" }), 422],
    ["an event of Pusher's own", event({ event: "pusher:ping" }), 422],
    ["an event of Pusher's inside", event({ event: "pusher_internal:member_added" }), 422],
    ["no data", event({ data: undefined }), 422],
    ["a socket_id that is none", event({ socket_id: "nobody" }), [200, 422]],
    ["a socket_id that is a number", event({ socket_id: 1.2 }), [400, 422]],
    ["an unknown member", event({ more: { deep: [1] } }), 200],
    ["data over the limit", event({ data: "x".repeat(66000) }), 413],
  ];
  for (const [what, body, status] of BODIES) {
    test(`HTTP, ${what}: ${status}`, async () => {
      const answer = await app.relay("POST", "/events", body);
      assert.ok([status].flat().includes(answer.status), `${answer.status} ${answer.text}`);
      if (answer.status !== 200) assert.equal(typeof answer.json.error, "string");
      if (answer.status === 400) assert.match(answer.json.error, /JSON/);
    });
  }

  const BATCHES = [
    ["not an array", '{"batch":{}}', [400, 422]],
    ["missing", "{}", 422],
    ["of strings", '{"batch":["a"]}', [400, 422]],
    ["one bad item", `{"batch":[${event()},${event({ channel: "" })}]}`, 422],
    ["100 items", `{"batch":[${Array(100).fill(event()).join(",")}]}`, 200],
    ["101 items", `{"batch":[${Array(101).fill(event()).join(",")}]}`, 422],
  ];
  for (const [what, body, status] of BATCHES) {
    test(`batch ${what}: ${status}`, async () => {
      const answer = await app.relay("POST", "/events/batch", body);
      assert.ok([status].flat().includes(answer.status), `${answer.status} ${answer.text}`);
      if (answer.status === 422 && what === "one bad item") assert.match(answer.json.error, /1/, "names the index");
    });
  }

  // [method, path, status]
  const ROUTES = [
    ["PUT", "/events", [404, 405]],
    ["POST", "/channels", [404, 405]],
    ["DELETE", "/channels/a", [404, 405]],
    ["POST", "/events/log", [404, 405]],
    ["GET", "/channels/a/nothing", 404],
    ["GET", "/channels/", 404],
    ["GET", "/channels/a%ff", [400, 404, 422]],
    ["GET", `/channels/${"c".repeat(201)}`, [400, 404, 422]],
  ];
  for (const [method, path, status] of ROUTES) {
    test(`${method} ${path.slice(0, 40)}: ${status}, in JSON`, async () => {
      const answer = await app.relay(method, path, method === "GET" ? undefined : "{}");
      assert.ok([status].flat().includes(answer.status), `${answer.status} ${answer.text}`);
      assert.equal(typeof answer.json?.error, "string", answer.text);
    });
  }

  test("a compressed body is not read: 415", async () => {
    const answer = await app.send("POST", `/apps/${app.id}/events`, event(), { authorization: `Bearer ${app.secret}`, "content-encoding": "gzip" });
    assert.equal(answer.status, 415);
  });

  test("the app's secret is no credential in a query", async () => {
    const answer = await app.send("GET", `/apps/${app.id}/channels?secret=${app.secret}&access_token=${app.secret}`);
    assert.deepEqual([answer.status, answer.json.error], [401, "Missing or invalid Authorization header"]);
  });

  // [what, the frame, the code of the error; none where it is ignored]
  const FRAMES = [
    ["nothing", ""],
    ["no JSON", "hello"],
    ["half an object", '{"event":"relay:ping"'],
    ["trailing bytes", '{"event":"relay:ping","data":"{}"}x'],
    ["an array", "[]"],
    ["null", "null"],
    ["no event", '{"data":{}}'],
    ["an event that is a number", '{"event":1}'],
    ["a member twice", '{"event":"relay:ping","event":"relay:ping"}'],
    ["an unknown event", '{"event":"relay:dance","data":{}}'],
    ["an event of the server's", '{"event":"relay:member_added","channel":"presence-a","data":{"id":1}}'],
    ["an event that is not for clients", '{"event":"message","channel":"private-a","data":"1"}'],
    ["60,000 brackets", "[".repeat(60000)],
    ["a lone surrogate", '{"event":"relay:ping","data":"\\ud800"}'],
    ["a client event without a channel", '{"event":"client-x","data":"1"}'],
    ["a client event on a public channel", '{"event":"client-x","channel":"a","data":"1"}'],
    ["a client event on a channel it is not in", '{"event":"client-x","channel":"private-a","data":"1"}'],
    ["a client event over the limit", `{"event":"client-x","channel":"private-a","data":"${"x".repeat(11000)}"}`],
    ["an unsubscribe of nothing", '{"event":"relay:unsubscribe","data":"{\\"channel\\":\\"never\\"}"}'],
    ["a subscribe without data", '{"event":"relay:subscribe"}', 4000],
    ["a subscribe with data that is no JSON", '{"event":"relay:subscribe","data":"chat"}', 4000],
    ["a subscribe with data a number", '{"event":"relay:subscribe","data":1}', 4000],
    ["a subscribe with data an array", '{"event":"relay:subscribe","data":"[]"}', 4000],
    ["a subscribe without a channel", '{"event":"relay:subscribe","data":"{}"}', 4000],
    ["a subscribe with an empty channel", '{"event":"relay:subscribe","data":"{\\"channel\\":\\"\\"}"}', 4000],
    ["a subscribe with a channel that is a number", '{"event":"relay:subscribe","data":"{\\"channel\\":1}"}', 4000],
    ["a subscribe with a channel too long", `{"event":"relay:subscribe","data":{"channel":"${"c".repeat(201)}"}}`, 4009],
    ["a subscribe to private without auth", '{"event":"relay:subscribe","data":{"channel":"private-a"}}', 4009],
    ["a subscribe to presence without auth", '{"event":"relay:subscribe","data":{"channel":"presence-a","channel_data":"{}"}}', 4009],
  ];
  for (const [what, text, code] of FRAMES) {
    test(`socket, ${what}: ${code ?? "ignored"}, the socket stays`, async (t) => {
      const client = await rawRelay(t, app);
      client.send(text);
      const frames = await client.settle();
      assert.deepEqual(frames.map(({ event, data }) => [event, data.code]), code === undefined ? [] : [["relay:error", code]]);
      assert.equal(client.closed, undefined);
    });
  }

  const MEMBERS = ["", "null", "[]", '"u"', "{}", '{"user_id":null}', '{"user_id":{}}', '{"user_id":true}', '{"user_id":""}', '{"user_id":"u"} x', '{"user_id":"\\ud800"}', `{"user_id":"u","user_info":${nested(40)}}`];
  for (const channelData of MEMBERS) {
    test(`presence with channel_data ${channelData.slice(0, 40)}: 4009`, async (t) => {
      const client = await rawRelay(t, app);
      client.send({ event: "relay:subscribe", data: JSON.stringify({ channel: "presence-bad", ...app.authorize(client.socketId, "presence-bad", channelData) }) });
      assert.equal((await client.next("relay:error")).data.code, 4009);
      await client.staysOpen(10);
    });
  }

  test("a frame over 100 KB: closed with 1009; one below passes", async (t) => {
    const client = await rawRelay(t, app);
    client.send(`{"event":"relay:ping","data":"${"x".repeat(60000)}"}`);
    await client.next("relay:pong");
    client.send(`{"event":"relay:ping","data":"${"x".repeat(103000)}"}`);
    assert.equal((await client.closing()).code, 1009);
  });
});

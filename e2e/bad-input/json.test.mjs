// JSON that is none, or not what was asked for: over HTTP and over the socket.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { rawClient } from "../harness/raw.mjs";
import { EVERYTHING_ON, givenSuite } from "../harness/suite.mjs";

const nested = (depth, inner = "1") => `${"[".repeat(depth)}${inner}${"]".repeat(depth)}`;

describe("bad JSON", () => {
  let app;
  before(async () => {
    app = await (await givenSuite()).givenApp({ settings: EVERYTHING_ON, limits: { max_publishes_per_s: 2000, max_event_bytes: 262144 } });
  });

  // [what, body of a publish, status, the member that the answer must name]
  const HTTP = [
    ["nothing", "", 400],
    ["not JSON", "name=e&channel=a", 400],
    ["half an object", '{"name":"e"', 400],
    ["trailing bytes", '{"name":"e","channel":"a","data":"1"} x', 400],
    ["two objects", '{"name":"e","channel":"a","data":"1"}{}', 400],
    ["a byte order mark", '\ufeff{"name":"e","channel":"a","data":"1"}', 400],
    ["an array", '["e"]', 400],
    ["null", "null", 400],
    ["a string", '"e"', 400],
    ["a member twice", '{"name":"e","name":"f","channel":"a","data":"1"}', 400, "name"],
    ["a member twice, once escaped", '{"name":"e","n\\u0061me":"f","channel":"a","data":"1"}', 400, "name"],
    ["an unknown member twice", '{"x":1,"x":2,"name":"e","channel":"a","data":"1"}', 400, "x"],
    ["a single quote", "{'name':'e'}", 400],
    ["a comma too many", '{"name":"e","channel":"a","data":"1",}', 400],
    ["a comment", '{"name":"e",/**/"channel":"a","data":"1"}', 400],
    ["NaN", '{"name":"e","channel":"a","data":NaN}', 400],
    ["a leading zero", '{"name":"e","channel":"a","data":01}', 400],
    ["a control character in a string", '{"name":"e","channel":"a","data":"\u0001"}', 400],
    ["a bad escape", '{"name":"e","channel":"a","data":"\\x41"}', 400],
    ["a lone high surrogate", '{"name":"e","channel":"a","data":"\\ud800"}', 400],
    ["a lone low surrogate", '{"name":"e","channel":"a","data":"\\udc00"}', 400],
    ["a lone surrogate in the name", '{"name":"\\ud800","channel":"a","data":"1"}', 400],
    ["a whole surrogate pair", '{"name":"e","channel":"a","data":"\\ud83d\\ude00"}', 200],
    ["nesting of 33", `{"name":"e","channel":"a","data":${nested(32)}}`, 400],
    ["nesting of 32", `{"name":"e","channel":"a","data":${nested(31)}}`, 200],
    ["nesting in an unknown member", `{"x":${nested(40)},"name":"e","channel":"a","data":"1"}`, 400],
    ["100,000 brackets", `{"name":"e","channel":"a","data":${"[".repeat(100000)}`, 400],
    ["100,000 objects", '{"a":'.repeat(100000), 400],
    ["no name", '{"channel":"a","data":"1"}', 400, "name"],
    ["name a number", '{"name":1,"channel":"a","data":"1"}', 400, "name"],
    ["name null", '{"name":null,"channel":"a","data":"1"}', 400, "name"],
    ["no channel", '{"name":"e","data":"1"}', 400, "channel"],
    ["channel a number", '{"name":"e","channel":1,"data":"1"}', 400, "channel"],
    ["channels a string", '{"name":"e","channels":"a","data":"1"}', 400, "channels"],
    ["channels of numbers", '{"name":"e","channels":[1],"data":"1"}', 400, "channels"],
    ["channels empty", '{"name":"e","channels":[],"data":"1"}', 400, "channels"],
    ["no data", '{"name":"e","channel":"a"}', 400, "data"],
    ["info a number", '{"name":"e","channel":"a","data":"1","info":1}', 400, "info"],
    ["socket_id a number", '{"name":"e","channel":"a","data":"1","socket_id":1.1}', 400, "socket_id"],
  ];
  for (const [what, body, status, member] of HTTP) {
    test(`HTTP, ${what}: ${status}`, async () => {
      const began = performance.now();
      const answer = await app.post("/events", body);
      assert.equal(answer.status, status, answer.text);
      assert.ok(performance.now() - began < 500, "cheap to refuse");
      if (status === 200) return;
      assert.deepEqual([answer.json.status, typeof answer.json.code, typeof answer.json.error], [400, "string", "string"]);
      if (member) assert.ok(answer.json.error.includes(member), `names ${member}: ${answer.json.error}`);
    });
  }

  test("HTTP, a body that is not UTF-8: 400", async () => {
    const { createHash } = await import("node:crypto");
    const { signedQuery } = await import("../harness/apps.mjs");
    const body = Buffer.concat([Buffer.from('{"name":"e","channel":"a","data":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    const path = `/apps/${app.id}/events`;
    const query = signedQuery(app, "POST", path, { override: { body_md5: createHash("md5").update(body).digest("hex") } });
    assert.equal((await app.send("POST", `${path}?${query}`, body)).status, 400);
  });

  const BATCH = [
    ["not an array", '{"batch":{}}', 400],
    ["missing", "{}", 400],
    ["empty", '{"batch":[]}', 400],
    ["of strings", '{"batch":["a"]}', 400],
    ["with one bad item", '{"batch":[{"name":"e","channel":"a","data":"1"},{"name":"e","data":"1"}]}', 400],
    ["with channels in an item", '{"batch":[{"name":"e","channels":["a"],"data":"1"}]}', 400],
  ];
  for (const [what, body, status] of BATCH) {
    test(`batch ${what}: ${status}`, async () => assert.equal((await app.post("/batch_events", body)).status, status));
  }

  const SOCKET = [
    ["nothing", ""],
    ["not JSON", "hello"],
    ["half an object", '{"event":"pusher:ping"'],
    ["trailing bytes", '{"event":"pusher:ping"}x'],
    ["an array", "[]"],
    ["null", "null"],
    ["a number", "1"],
    ["a member twice", '{"event":"pusher:ping","event":"pusher:ping"}'],
    ["no event", '{"data":{}}'],
    ["event a number", '{"event":1}'],
    ["event null", '{"event":null}'],
    ["event an object", '{"event":{}}'],
    ["an unknown pusher event", '{"event":"pusher:unheard_of","data":{}}'],
    ["an internal event", '{"event":"pusher_internal:member_added","channel":"presence-a","data":"{}"}'],
    ["an event that is not for clients", '{"event":"message","channel":"private-a","data":{}}'],
    ["subscribe without data", '{"event":"pusher:subscribe"}'],
    ["subscribe with data a string", '{"event":"pusher:subscribe","data":"a"}'],
    ["subscribe without channel", '{"event":"pusher:subscribe","data":{}}'],
    ["subscribe with channel a number", '{"event":"pusher:subscribe","data":{"channel":1}}'],
    ["subscribe with channel null", '{"event":"pusher:subscribe","data":{"channel":null}}'],
    ["unsubscribe without channel", '{"event":"pusher:unsubscribe","data":{}}'],
    ["sign-in without data", '{"event":"pusher:signin"}'],
    ["a client event without channel", '{"event":"client-x","data":{}}'],
    ["a lone surrogate", '{"event":"pusher:ping","data":"\\ud800"}'],
    ["nesting of 40", `{"event":"pusher:ping","data":${nested(40)}}`],
    ["60,000 brackets", "[".repeat(60000)],
  ];
  for (const [what, text] of SOCKET) {
    test(`socket, ${what}: an error frame, the socket stays`, async (t) => {
      const client = await rawClient(t, app);
      client.send(text);
      const error = await client.next("pusher:error", { within: 1000 });
      assert.ok(error.data.code === null || error.data.code === 4301, `code ${error.data.code}`);
      await client.staysOpen(20);
    });
  }

  const MEMBERS = ["", "null", "[]", '"u"', "{}", '{"user_id":null}', '{"user_id":{}}', '{"user_id":""}', '{"user_id":true}', '{"user_id":"u"} x', '{"user_id":"u","user_id":"v"}', '{"user_id":"\\ud800"}', `{"user_id":"u","user_info":${nested(40)}}`, '{"user_id":1.5e300}'];
  for (const channelData of MEMBERS) {
    test(`presence with channel_data ${channelData.slice(0, 40)}: refused, the socket stays`, async (t) => {
      const client = await rawClient(t, app);
      client.send({ event: "pusher:subscribe", data: { channel: "presence-bad", ...app.authorize(client.socketId, "presence-bad", channelData) } });
      assert.equal((await client.next("pusher:subscription_error")).channel, "presence-bad");
      await client.staysOpen(20);
    });
  }

  test("pings in every shape that SDKs send are answered", async (t) => {
    const client = await rawClient(t, app);
    for (const text of ['{"event":"pusher:ping"}', '{"event":"pusher:ping","data":""}', '{"event":"pusher:ping","data":{}}', '{"data":{},"event":"pusher:ping"}', ' { "event" : "pusher:ping" , "data" : null } ']) {
      client.send(text);
      assert.deepEqual(await client.next("pusher:pong"), { event: "pusher:pong", data: {} });
    }
  });
});

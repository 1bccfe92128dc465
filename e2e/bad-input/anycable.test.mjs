// The AnyCable dialect's sockets: errors are silence, and the socket lives on. Its HTTP table is in sdk/anycable-api.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { EXT, publicId, rawCable } from "../harness/cable.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";

const nested = (depth) => `${"[".repeat(depth)}1${"]".repeat(depth)}`;
const ID = JSON.stringify(publicId("a"));

describe("bad input in the AnyCable dialect", { concurrency: 4 }, () => {
  let suite, app;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: OPEN, limits: { max_connections: 500, max_publishes_per_s: 5000 } });
  });

  const SILENT = [
    ["nothing", ""],
    ["no JSON", "hello"],
    ["half an object", '{"command":"ping"'],
    ["trailing bytes", '{"command":"ping"} x'],
    ["an array", "[]"],
    ["null", "null"],
    ["a number", "1"],
    ["no command", `{"identifier":${ID}}`],
    ["an unknown command", `{"command":"dance","identifier":${ID}}`],
    ["a command that is a number", '{"command":1}'],
    ["a member twice", '{"command":"ping","command":"ping"}'],
    ["a lone surrogate", '{"command":"ping","x":"\\ud800"}'],
    ["60,000 brackets", "[".repeat(60000)],
    ["subscribe without an identifier", '{"command":"subscribe"}'],
    ["subscribe with an identifier that is an object", '{"command":"subscribe","identifier":{"channel":"$pubsub","stream_name":"a"}}'],
    ["subscribe with an identifier that is a number", '{"command":"subscribe","identifier":7}'],
    ["unsubscribe of nothing", `{"command":"unsubscribe","identifier":${ID}}`],
    ["a message to nothing", `{"command":"message","identifier":${ID},"data":"{}"}`],
    ["a whisper before subscribing", `{"command":"whisper","identifier":${ID},"data":1}`],
    ["a join before subscribing", `{"command":"join","identifier":${ID},"presence":{"id":"u"}}`],
    ["a leave of nothing", `{"command":"leave","identifier":${ID}}`],
    ["a roster of nothing", `{"command":"presence","identifier":${ID}}`],
    ["history of nothing", `{"command":"history","identifier":${ID},"history":{"since":1}}`],
    ["a pong that nobody asked for", '{"command":"pong"}'],
  ];
  for (const [what, text] of SILENT) {
    test(`${what}: silence, and commands go on`, async (t) => {
      const client = await rawCable(t, app, { protocols: [EXT] });
      client.send(text);
      assert.deepEqual(await client.settle(), []);
      assert.equal((await client.subscribe(publicId("after"))).type, "confirm_subscription");
    });
  }

  // Once subscribed: [what, the frame]
  const SUBSCRIBED = [
    ["a whisper without data", `{"command":"whisper","identifier":${ID}}`],
    ["a join without presence", `{"command":"join","identifier":${ID}}`],
    ["a join without an id", `{"command":"join","identifier":${ID},"presence":{"info":1}}`],
    ["a join with presence a string", `{"command":"join","identifier":${ID},"presence":"u"}`],
    ["a join with an id that is an object", `{"command":"join","identifier":${ID},"presence":{"id":{}}}`],
    ["history without a history", `{"command":"history","identifier":${ID}}`],
    ["history that is a string", `{"command":"history","identifier":${ID},"history":"all"}`],
    ["history with since a string", `{"command":"history","identifier":${ID},"history":{"since":"now"}}`],
    ["history with streams an array", `{"command":"history","identifier":${ID},"history":{"streams":[]}}`],
    ["a whisper nested too deep", `{"command":"whisper","identifier":${ID},"data":${nested(40)}}`],
  ];
  for (const [what, text] of SUBSCRIBED) {
    test(`${what}: silence, nobody hears anything`, async (t) => {
      const [client, other] = [await rawCable(t, app, { protocols: [EXT] }), await rawCable(t, app, { protocols: [EXT] })];
      for (const each of [client, other]) await each.subscribe(publicId("a"));
      client.send(text);
      assert.deepEqual(await client.settle(), []);
      assert.deepEqual(await other.settle(), []);
    });
  }

  const REJECTED = ["{}", "[]", "x", "", '{"channel":"$pubsub","stream_name":"a\\u0000b"}', '{"channel":"$pubsub","stream_name":"\\ud800"}', `{"channel":"$pubsub","stream_name":"${"s".repeat(300)}"}`, `{"channel":"$pubsub","x":${nested(40)},"stream_name":"a"}`];
  for (const identifier of REJECTED) {
    test(`subscribe with identifier ${identifier.slice(0, 60) || "empty"}: rejected or ignored`, async (t) => {
      const client = await rawCable(t, app);
      client.command("subscribe", identifier);
      const types = (await client.settle()).map(({ type }) => type);
      assert.ok(types.length === 0 || (types.length === 1 && types[0] === "reject_subscription"), String(types));
    });
  }

  test("a numeric presence id is taken as text", async (t) => {
    const client = await rawCable(t, app, { protocols: [EXT] });
    await client.subscribe(publicId("numeric"));
    client.send(`{"command":"join","identifier":${JSON.stringify(publicId("numeric"))},"presence":{"id":42}}`);
    assert.equal((await client.next("presence")).message.id, "42");
  });

  test("a binary frame is read as text or ignored, and the socket lives on", async (t) => {
    const client = await rawCable(t, app);
    client.send(Buffer.from('{"command":"ping"}'));
    client.send(Buffer.from([0, 1, 255]));
    await client.staysOpen(50);
  });

  test("a frame over 64 KiB: closed with 1009; one below passes", async (t) => {
    const client = await rawCable(t, app);
    client.send(`{"command":"ping","x":"${"x".repeat(64000)}"}`);
    await client.next("pong");
    client.send(`{"command":"ping","x":"${"x".repeat(66000)}"}`);
    assert.equal((await client.closing()).code, 1009);
  });

  test("an origin that the app does not list is refused before the upgrade", async (t) => {
    const listed = await suite.givenApp({ settings: { ...OPEN, allowed_origins: ["https://shop.example"] } });
    for (const headers of [{}, { origin: "https://evil.example" }]) {
      assert.equal(await (await rawCable(t, listed, { headers, settled: false })).refusal(), 403);
    }
    await rawCable(t, listed, { headers: { origin: "https://shop.example" } });
  });

  test("a stranger's request id is not taken for a sid", async (t) => {
    const sid = "abcdefghijklmnopqrstu";
    const client = await rawCable(t, app, { headers: { "x-request-id": sid } });
    assert.notEqual(client.sid, sid);
  });

  test("more subscriptions than a connection may have are rejected", async (t) => {
    const small = await suite.givenApp({ settings: OPEN, limits: { max_channels_per_connection: 2 } });
    const client = await rawCable(t, small);
    for (const stream of ["one", "two"]) assert.equal((await client.subscribe(publicId(stream))).type, "confirm_subscription");
    assert.equal((await client.subscribe(publicId("three"))).type, "reject_subscription");
    client.command("unsubscribe", publicId("one"));
    assert.equal((await client.subscribe(publicId("three"))).type, "confirm_subscription");
  });
});

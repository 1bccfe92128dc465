// pusher-js listens on a channel of every kind, the Node SDK publishes to it.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { connected, heard, subscribed } from "../harness/browsers.mjs";
import { EVERYTHING_ON, givenSuite, serverSdk } from "../harness/suite.mjs";
import { sleep } from "../harness/until.mjs";

const MASTER = Buffer.alloc(32, 7).toString("base64");
const CHANNELS = [
  "news",
  "cache-news",
  "private-room.1",
  "private-cache-room.1",
  "private-encrypted-room.1",
  "private-encrypted-cache-room.1",
  "presence-room.1",
  "presence-cache-room.1",
  "mycache-1",
  "privateroom",
  "presence_x",
  "names-may_have=all@of,these.;A9",
  "x".repeat(200),
];

describe("channels", () => {
  let app, sdk;
  before(async () => {
    const suite = await givenSuite();
    app = await suite.givenApp({ settings: EVERYTHING_ON });
    sdk = serverSdk(app, { encryptionMasterKeyBase64: MASTER });
  });
  const options = () => ({
    member: { user_id: "ann", user_info: { name: "Ann" } },
    sharedSecret: (channel) => sdk.channelSharedSecret(channel).toString("base64"),
  });

  for (const name of CHANNELS) {
    test(`a message reaches ${name.slice(0, 40)}`, async (t) => {
      const pusher = await connected(t, app, options());
      const messages = heard(await subscribed(pusher, name), "greeting");
      const response = await sdk.trigger(name, "greeting", { text: "hello", n: 12345678901234, ü: "✓" });
      assert.equal(response.status, 200);
      const { data, metadata } = await messages.first();
      assert.deepEqual(data, { text: "hello", n: 12345678901234, ü: "✓" });
      assert.equal(metadata?.user_id, undefined, "no sender on what a server says");
    });
  }

  test("one message to several channels arrives once per channel", async (t) => {
    const pusher = await connected(t, app, options());
    const names = ["multi-1", "multi-2", "private-multi-3"];
    const all = [];
    for (const name of names) all.push(heard(await subscribed(pusher, name), "e"));
    await sdk.trigger(names, "e", { n: 1 });
    for (const messages of all) await messages.first();
    await sleep(100);
    assert.deepEqual(all.map(({ calls }) => calls.length), [1, 1, 1]);
  });

  test("messages of one channel arrive in the order of their publishing", async (t) => {
    const pusher = await connected(t, app, options());
    const messages = heard(await subscribed(pusher, "ordered"), "n");
    for (let n = 0; n < 50; n++) await sdk.trigger("ordered", "n", n);
    const calls = await messages.count(50);
    assert.deepEqual(calls.map(({ data }) => data), Array.from({ length: 50 }, (_, n) => n));
  });

  test("the publisher's own connection can be left out", async (t) => {
    const [mine, theirs] = [await connected(t, app, options()), await connected(t, app, options())];
    const [here, there] = [heard(await subscribed(mine, "private-x"), "e"), heard(await subscribed(theirs, "private-x"), "e")];
    await sdk.trigger("private-x", "e", { n: 1 }, { socket_id: mine.connection.socket_id });
    await sdk.trigger("private-x", "e", { n: 2 });
    await there.count(2);
    await here.first();
    assert.deepEqual(here.calls.map(({ data }) => data), [{ n: 2 }]);
  });

  test("after unsubscribing nothing arrives", async (t) => {
    const pusher = await connected(t, app, options());
    const gone = heard(await subscribed(pusher, "leaving"), "e");
    const kept = heard(await subscribed(pusher, "staying"), "e");
    pusher.unsubscribe("leaving");
    await sdk.trigger(["staying"], "e", 0);
    await kept.count(1);
    await sdk.trigger(["leaving", "staying"], "e", 1);
    await kept.count(2);
    assert.equal(gone.calls.length, 0);
  });

  test("event names of frameworks pass unchanged", async (t) => {
    const pusher = await connected(t, app, options());
    const channel = await subscribed(pusher, "names");
    for (const event of ["App\\Events\\OrderShipped", "order.shipped", "☃", "with space", "n".repeat(200)]) {
      const messages = heard(channel, event);
      await sdk.trigger("names", event, { event });
      assert.deepEqual((await messages.first()).data, { event });
    }
  });

  test("data passes character for character", async (t) => {
    const pusher = await connected(t, app, options());
    const channel = await subscribed(pusher, "verbatim");
    const seen = [];
    pusher.connection.bind("message", ({ event, data }) => event === "verbatim" && seen.push(data));
    const messages = heard(channel, "verbatim");
    const texts = ['{"b":1,"a":2}', '{"n":1.0, "big":12345678901234567890}', "not json", '"\\u00e9\\/"', "", "\u2028\u0000tab\t"];
    for (const text of texts) assert.equal((await app.publish("verbatim", "verbatim", text)).status, 200);
    await messages.count(texts.length);
    assert.deepEqual(messages.calls.map(({ data }) => (typeof data === "string" ? data : JSON.stringify(data))), texts.map(parsedAsPusherJsDoes));
  });

  test("a client that lost its connection comes back by itself and hears again", async (t) => {
    const pusher = await connected(t, app, options());
    const messages = heard(await subscribed(pusher, "presence-again"), "e");
    const firstSocket = pusher.connection.socket_id;
    pusher.connection.connection.transport.socket.close();
    const succeeded = heard(pusher.channel("presence-again"), "pusher:subscription_succeeded");
    await succeeded.first({ within: 8000 });
    assert.notEqual(pusher.connection.socket_id, firstSocket);
    await sdk.trigger("presence-again", "e", 1);
    await messages.first();
  });
});

function parsedAsPusherJsDoes(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "string" ? value : JSON.stringify(value);
  } catch {
    return text;
  }
}

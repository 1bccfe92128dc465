// Subscriptions that must not succeed, and connections that must not open: in frames that every SDK survives.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import Pusher from "pusher-js";
import { pusherOptions } from "../harness/browsers.mjs";
import { rawClient, socketUrl } from "../harness/raw.mjs";
import { EVERYTHING_ON, givenSuite } from "../harness/suite.mjs";
import { sleep, until } from "../harness/until.mjs";

describe("refusals", () => {
  let suite, app;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: EVERYTHING_ON });
  });

  const flipped = (auth) => auth.slice(0, -1) + (auth.endsWith("0") ? "1" : "0");
  const MEMBER = '{"user_id":"u"}';
  const ROWS = [
    ["no auth", "private-a", () => ({}), "AuthError"],
    ["auth null", "private-a", () => ({ auth: null }), "AuthError"],
    ["auth empty", "private-a", () => ({ auth: "" }), "AuthError"],
    ["auth a number", "private-a", () => ({ auth: 7 }), "AuthError"],
    ["auth an object", "private-a", () => ({ auth: {} }), "AuthError"],
    ["one flipped digit", "private-a", (c) => ({ auth: flipped(app.authorize(c.socketId, "private-a").auth) }), "AuthError"],
    ["upper-case hex", "private-a", (c) => ({ auth: upper(app.authorize(c.socketId, "private-a").auth) }), "AuthError"],
    ["63 digits", "private-a", (c) => ({ auth: app.authorize(c.socketId, "private-a").auth.slice(0, -1) }), "AuthError"],
    ["an empty key", "private-a", (c) => ({ auth: `:${app.hmac(`${c.socketId}:private-a`)}` }), "AuthError"],
    ["an unknown key", "private-a", (c) => ({ auth: `nobody:${app.hmac(`${c.socketId}:private-a`)}` }), "AuthError"],
    ["a signature for another channel", "private-a", (c) => app.authorize(c.socketId, "private-b"), "AuthError"],
    ["a signature for another socket", "private-a", () => app.authorize("1.2", "private-a"), "AuthError"],
    ["presence without channel_data", "presence-a", (c) => app.authorize(c.socketId, "presence-a"), "AuthError"],
    ["channel_data that was not signed", "presence-a", (c) => ({ ...app.authorize(c.socketId, "presence-a", MEMBER), channel_data: '{"user_id":"root"}' }), "AuthError"],
    ["a member object over 1 KiB", "presence-a", (c) => app.authorize(c.socketId, "presence-a", JSON.stringify({ user_id: "u", user_info: "x".repeat(1100) })), "LimitReached"],
    ["a user id over 128", "presence-a", (c) => app.authorize(c.socketId, "presence-a", JSON.stringify({ user_id: "u".repeat(129) })), "LimitReached"],
    ["a name that is too long", "x".repeat(201), () => ({ auth: "" }), "InvalidChannel"],
    ["a name with a blank", "a b", () => ({ auth: "" }), "InvalidChannel"],
    ["a name with a colon", "a:b", () => ({ auth: "" }), "InvalidChannel"],
    ["a name with a slash", "a/b", () => ({ auth: "" }), "InvalidChannel"],
    ["an umlaut", "zürich", () => ({ auth: "" }), "InvalidChannel"],
  ];
  for (const [why, channel, data, type] of ROWS) {
    test(`${why}: two frames, the socket stays`, async (t) => {
      const client = await rawClient(t, app);
      client.send({ event: "pusher:subscribe", data: { channel, ...data(client) } });
      const refusal = await client.next("pusher:subscription_error");
      assert.equal(refusal.channel, channel);
      assert.equal(JSON.parse(refusal.data).type, type);
      const error = await client.next("pusher:error");
      assert.equal(error.data.code, null);
      assert.ok(!JSON.stringify([refusal, error]).includes(app.hmac(`${client.socketId}:${channel}`)), "the right signature is not given away");
      await client.staysOpen(20);
      await client.subscribe("private-after");
    });
  }

  test("the .NET client gets the refusal under its own name too", async (t) => {
    const client = await rawClient(t, app, { query: "protocol=5&client=pusher-dotnet-client&version=1.0" });
    client.send({ event: "pusher:subscribe", data: { channel: "private-a", auth: "x:y" } });
    await client.next("pusher_internal:subscription_error");
    await client.next("pusher:subscription_error");
  });

  test("a second subscribe changes nothing and says so", async (t) => {
    const client = await rawClient(t, app);
    await client.subscribe("twice");
    await client.settle();
    client.send({ event: "pusher:subscribe", data: { channel: "twice" } });
    assert.equal((await client.next("pusher:error")).data.code, null);
    assert.deepEqual(await client.settle(), []);
    assert.equal((await app.get("/channels/twice", { info: "subscription_count" })).json.subscription_count, 1);
  });

  test("unsubscribing from what is not held is ignored", async (t) => {
    const client = await rawClient(t, app);
    client.send({ event: "pusher:unsubscribe", data: { channel: "never" } });
    assert.deepEqual(await client.settle(), []);
  });

  const CONNECTIONS = [
    ["an unknown key", () => ({ key: "aaaaaaaaaaaaaaaaaaaa" }), 4001],
    ["a key that is none", () => ({ key: "%00%ff" }), 4001],
    ["protocol 4", () => ({ query: "protocol=4" }), 4007],
    ["protocol 8", () => ({ query: "protocol=8" }), 4007],
    ["protocol 2", () => ({ query: "protocol=2" }), 4007],
    ["protocol x", () => ({ query: "protocol=x" }), 4007],
  ];
  for (const [why, where, code] of CONNECTIONS) {
    test(`${why}: upgraded, told ${code}, closed with it`, async (t) => {
      const client = await rawClient(t, app, where());
      const closed = await client.closing();
      assert.equal(closed.code, code);
      assert.ok(closed.reason.length > 0 && Buffer.byteLength(closed.reason) <= 123);
    });
    test(`${why}: the frame before the close has the same code`, async (t) => {
      const client = await rawClient(t, app, { ...where(), settled: false });
      assert.equal((await client.next("pusher:error")).data.code, code);
      assert.equal((await client.closing()).code, code);
    });
  }

  test("a path beside /app/{key}: 4005", async (t) => {
    for (const path of ["/app", "/app/?protocol=7", `/app/${app.key}/more?protocol=7`, "/elsewhere?protocol=7"]) {
      const client = await rawClient(t, app, { url: app.stack.gateway_url.replace("http", "ws") + path, settled: false });
      assert.equal((await client.next("pusher:error")).data.code, 4005, path);
      assert.equal((await client.closing()).code, 4005, path);
    }
  });

  for (const protocol of [5, 6, 7]) {
    test(`protocol ${protocol} is spoken`, async (t) => {
      const client = await rawClient(t, app, { query: `protocol=${protocol}&version=whatever%20it%20is` });
      assert.ok(client.socketId);
    });
  }

  test("an origin that the app does not allow: 4009; one that it does: in", async (t) => {
    const fenced = await suite.givenApp({ settings: { allowed_origins: ["https://good.example"] } });
    const { default: WebSocket } = await import("ws");
    const closeCode = (origin) =>
      new Promise((resolve) => {
        const socket = new WebSocket(socketUrl(fenced), { origin });
        t.after(() => socket.terminate());
        socket.on("close", resolve);
        socket.on("message", (text) => String(text).includes("connection_established") && resolve("in"));
      });
    assert.equal(await closeCode("https://good.example"), "in");
    assert.equal(await closeCode("https://evil.example"), 4009);
  });

  test("over the app's limit of connections: 4004, and free again when one goes", async (t) => {
    const small = await suite.givenApp({ limits: { max_connections: 2 } });
    const [one] = [await rawClient(t, small), await rawClient(t, small)];
    const third = await rawClient(t, small, { settled: false });
    assert.equal((await third.next("pusher:error")).data.code, 4004);
    assert.equal((await third.closing()).code, 4004);
    await one.close();
    await until("the place is free", async () => {
      const next = await rawClient(t, small, { settled: false });
      return (await next.next(() => true)).event === "pusher:connection_established";
    });
  });

  test("pusher-js gives up on an unknown key", async (t) => {
    const pusher = new Pusher("bbbbbbbbbbbbbbbbbbbb", pusherOptions(app));
    t.after(() => pusher.disconnect());
    const errors = [];
    pusher.connection.bind("error", (error) => errors.push(error?.error?.data?.code ?? error?.data?.code));
    await until("it gave up", () => pusher.connection.state === "disconnected");
    await sleep(1500);
    assert.equal(pusher.connection.state, "disconnected");
    assert.deepEqual(errors, [4001]);
  });

  test("the fallback transports of pusher-js are answered with 404 at once", async () => {
    const answer = await fetch(`${app.stack.gateway_url}/pusher/app/${app.key}/123/abc/xhr_streaming?protocol=7`, { method: "POST" });
    assert.equal(answer.status, 404);
  });
});

function upper(auth) {
  const [key, digits] = auth.split(":");
  return `${key}:${digits.toUpperCase()}`;
}

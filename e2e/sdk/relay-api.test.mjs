// The Relay HTTP API as its back-end SDKs use it: Bearer with the app's secret, or a secret key within its scope.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { signedQuery } from "../harness/apps.mjs";
import { rawRelay, relayClient } from "../harness/relay.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { peerToken } from "../harness/metered.mjs";
import { until } from "../harness/until.mjs";

describe("Relay HTTP API", () => {
  let suite, app;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: OPEN, limits: { max_publishes_per_s: 2000, max_reads_per_s: 1000 } });
  });
  const event = (more) => ({ channel: "chat", event: "message", data: '{"text":"Hello"}', ...more });

  test("an event arrives with its data as the string it was, and the answer is ok", async (t) => {
    const client = await rawRelay(t, app);
    client.send({ event: "relay:subscribe", data: { channel: "chat" } });
    await client.next("relay:subscription_succeeded");
    const answer = await app.relay("POST", "/events", event());
    assert.deepEqual([answer.status, answer.text], [200, '{"ok":true}']);
    assert.match(answer.headers.get("content-type"), /^application\/json/);
    assert.deepEqual({ ...(await client.next("message")) }, { event: "message", channel: "chat", data: '{"text":"Hello"}' });
    for (const [data, expected] of [
      ['"no JSON"', "no JSON"],
      ['""', ""],
      ['{"n":12345678901234567890,"f":1.0}', '{"n":12345678901234567890,"f":1.0}'],
      ["[1]", "[1]"],
      ["0", "0"],
      ["false", "false"],
    ]) {
      assert.equal((await app.relay("POST", "/events", `{"channel":"chat","event":"e","data":${data}}`)).status, 200);
      assert.equal((await client.next("e")).data, expected, data);
    }
  });

  test("the connection that is named does not get the event; an unknown one is ignored", async (t) => {
    const [one, two] = [await relayClient(t, app), await relayClient(t, app)];
    const [left, got] = [await one.subscribed("excl"), await two.subscribed("excl")];
    await app.relay("POST", "/events", event({ channel: "excl", socket_id: one.socketId }));
    await app.relay("POST", "/events", event({ channel: "excl", event: "end", socket_id: "1.1" }));
    await until("the end", () => left.heard.at(-1)?.event === "end" && got.heard.at(-1)?.event === "end");
    assert.deepEqual([left, got].map(({ heard }) => heard.filter(({ event }) => event === "message").length), [0, 1]);
  });

  test("a batch is counted and keeps its order", async (t) => {
    const client = await relayClient(t, app);
    const channel = await client.subscribed("batched");
    const item = (n, more) => ({ channel: "batched", event: `e${n}`, data: String(n), ...more });
    const answer = await app.relay("POST", "/events/batch", { batch: [item(1), { channel: "other", event: "x", data: "" }, item(2, { socket_id: client.socketId }), item(3)] });
    assert.deepEqual([answer.status, answer.json], [200, { ok: true, count: 4 }]);
    await until("the last", () => channel.heard.at(-1)?.event === "e3");
    assert.deepEqual(channel.heard.filter(({ event }) => !event.startsWith("relay:")).map(({ event }) => event), ["e1", "e3"]);
    assert.deepEqual((await app.relay("POST", "/events/batch", { batch: [] })).json, { ok: true, count: 0 });
    const hundred = Array.from({ length: 100 }, (_, n) => item(n));
    assert.deepEqual((await app.relay("POST", "/events/batch", { batch: hundred })).json, { ok: true, count: 100 });
  });

  test("channels are an array of objects; one that is empty is 404", async (t) => {
    const quiet = await suite.givenApp();
    assert.deepEqual((await quiet.relay("GET", "/channels")).json, { channels: [] });
    const client = await relayClient(t, quiet, { member: { user_id: 1 } });
    for (const channel of ["chat", "private-x", "presence-y", "a b/c%"]) await client.subscribed(channel);
    const { channels } = (await quiet.relay("GET", "/channels")).json;
    const found = Object.fromEntries(channels.map(({ name, type, subscriber_count, occupied, app_id }) => [name, [type, subscriber_count, occupied, app_id]]));
    assert.deepEqual(found, {
      chat: ["public", 1, true, quiet.id],
      "private-x": ["private", 1, true, quiet.id],
      "presence-y": ["presence", 1, true, quiet.id],
      "a b/c%": ["public", 1, true, quiet.id],
    });
    assert.equal(channels.find(({ name }) => name === "presence-y").user_count, 1);
    const one = (await quiet.relay("GET", `/channels/${encodeURIComponent("a b/c%")}`)).json;
    assert.deepEqual([one.name, one.type, one.subscriber_count, one.subscription_count, one.occupied], ["a b/c%", "public", 1, 1, true]);
    for (const path of ["a+b%2Fc%25", "a%20b%2fc%25"]) assert.equal((await quiet.relay("GET", `/channels/${path}`)).json.name, "a b/c%", path);
    await client.subscribed("a+b");
    assert.equal((await quiet.relay("GET", "/channels/a+b")).json.name, "a+b", "the literal name goes first");
    const none = await quiet.relay("GET", "/channels/nobody");
    assert.deepEqual([none.status, none.text], [404, '{"error":"Channel not found"}']);
  });

  test("users keep the type of their id, one entry for each", async (t) => {
    const room = "presence-users";
    for (const member of [{ user_id: 1, user_info: { name: "One" } }, { user_id: 1, user_info: { name: "One" } }, { user_id: "two" }, { id: 3 }]) {
      await (await relayClient(t, app, { member })).subscribed(room);
    }
    const { users } = (await app.relay("GET", `/channels/${room}/users`)).json;
    assert.deepEqual(users.sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1)), [{ id: 1, user_info: { name: "One" } }, { id: 3 }, { id: "two" }]);
    const plain = await relayClient(t, app);
    await plain.subscribed("plain");
    assert.deepEqual((await app.relay("GET", "/channels/plain/users")).json, { users: [] });
    assert.equal((await app.relay("GET", "/channels/presence-nobody/users")).status, 404);
  });

  test("history is there without a listener, newest first, as many as asked for, page by page", async () => {
    for (let n = 1; n <= 60; n++) await app.relay("POST", "/events", event({ channel: "past", event: `e${n}`, data: `${n}` }));
    const get = async (query = "") => (await app.relay("GET", `/channels/past/events${query}`)).json;
    const names = ({ events }) => events.map(({ event }) => event);
    assert.equal(names(await get()).length, 50);
    assert.deepEqual(names(await get("?limit=3")), ["e60", "e59", "e58"]);
    assert.equal(names(await get("?limit=100")).length, 60);
    assert.equal(names(await get("?limit=1000")).length, 60);
    for (const bad of ["?limit=0", "?limit=-1", "?limit=x", "?limit="]) assert.equal(names(await get(bad)).length, 50, bad);
    const first = await get("?limit=25");
    assert.match(first.next_cursor, /^[\w+/=-]+$/);
    const second = await get(`?limit=25&cursor=${encodeURIComponent(first.next_cursor)}`);
    const third = await get(`?limit=25&cursor=${encodeURIComponent(second.next_cursor)}`);
    assert.deepEqual([first, second, third].flatMap(names), Array.from({ length: 60 }, (_, n) => `e${60 - n}`));
    assert.equal(third.next_cursor, null);
    assert.deepEqual(await (await app.relay("GET", "/channels/never/events")).json, { events: [], next_cursor: null });
  });

  test("history keeps data as it was published and names the socket that was left out", async (t) => {
    const client = await rawRelay(t, app);
    await app.relay("POST", "/events", event({ channel: "shape", socket_id: client.socketId }));
    const { events } = (await app.relay("GET", "/channels/shape/events")).json;
    const [{ id, timestamp, ...rest }] = events;
    assert.ok(Number.isSafeInteger(id) && id > 0);
    assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.deepEqual(rest, { channel: "shape", event: "message", data: '{"text":"Hello"}', socket_id: client.socketId });
  });

  test("the log has the app's twenty most recent events, of no other app, without their data", async () => {
    const busy = await suite.givenApp({ limits: { max_publishes_per_s: 1000 } });
    for (let n = 1; n <= 25; n++) await busy.relay("POST", "/events", event({ channel: `c${n % 3}`, event: `e${n}` }));
    await app.relay("POST", "/events", event());
    const { events } = (await busy.relay("GET", "/events/log")).json;
    assert.deepEqual(events.map(({ event }) => event), Array.from({ length: 20 }, (_, n) => `e${25 - n}`));
    for (const each of events) assert.deepEqual([Object.keys(each).sort(), each.app_id], [["app_id", "channel", "event", "timestamp"], busy.id]);
  });

  test("stats tell a stranger totals alone, an app itself, and nobody the others", async (t) => {
    const client = await relayClient(t, app);
    await client.subscribed("stats");
    const ask = async (headers) => (await fetch(`${app.stack.gateway_url}/stats`, { headers })).json();
    const open = await ask({});
    assert.ok(open.connections >= 1 && open.channels >= 1);
    assert.deepEqual(open.apps, []);
    assert.deepEqual((await ask({ authorization: "Bearer nonsense" })).apps ?? [], []);
    const own = await ask({ authorization: `Bearer ${app.secret}` });
    assert.equal(own.apps.length, 1);
    const [{ id, key, connections, channels }] = own.apps;
    assert.deepEqual([id, key], [app.id, app.key]);
    assert.ok(connections >= 1 && channels >= 1);
  });

  test("health needs no key", async () => {
    const response = await fetch(`${app.stack.gateway_url}/health`);
    assert.deepEqual([response.status, await response.json()], [200, { status: "ok" }]);
  });

  // [what, how it is asked, status, error]
  const REFUSALS = [
    ["an app that is not there", () => app.send("POST", "/apps/nobody/events", "{}", { authorization: `Bearer ${app.secret}` }), 401, "Unknown app ID"],
    ["no Authorization", () => app.send("POST", `/apps/${app.id}/events`, "{}"), 401, "Missing or invalid Authorization header"],
    ["another scheme", () => app.send("POST", `/apps/${app.id}/events`, "{}", { authorization: `Basic ${app.secret}` }), 401, "Missing or invalid Authorization header"],
    ["a wrong secret", () => app.bearer("wrong", "POST", "/events", event()), 403, "Invalid app secret"],
    ["the app's key as its secret", () => app.bearer(app.key, "POST", "/events", event()), 403, "Invalid app secret"],
    ["no JSON", () => app.relay("POST", "/events", "{"), 400, "Invalid JSON body"],
    ["no channel", () => app.relay("POST", "/events", event({ channel: undefined })), 422, "channel and event are required"],
    ["no event", () => app.relay("POST", "/events", event({ event: "" })), 422, "channel and event are required"],
    ["no data", () => app.relay("POST", "/events", event({ data: undefined })), 422],
    ["an event of the protocol", () => app.relay("POST", "/events", event({ event: "relay:member_added" })), 422],
    ["an event of Pusher's protocol", () => app.relay("POST", "/events", event({ event: "pusher:error" })), 422],
    ["data over the limit", () => app.relay("POST", "/events", event({ data: "x".repeat(102401) })), 413],
    ["a batch with one bad item", () => app.relay("POST", "/events/batch", { batch: [event(), { channel: "chat" }] }), 422],
    ["a batch over its cap", () => app.relay("POST", "/events/batch", { batch: Array(101).fill(event()) }), 422],
    ["the signing endpoint, which is off", () => app.send("POST", `/apps/${app.id}/auth`, '{"socket_id":"1.2","channel_name":"private-a"}'), 403],
    ["an unknown route", () => app.relay("GET", "/nothing"), 404],
    ["a wrong method", () => app.relay("DELETE", "/events"), [404, 405]],
  ];
  for (const [what, ask, status, error] of REFUSALS) {
    test(`${what}: ${status}, with an error to read`, async () => {
      const answer = await ask();
      assert.ok([status].flat().includes(answer.status), `${answer.status} ${answer.text}`);
      assert.equal(typeof answer.json.error, "string");
      if (error) assert.equal(answer.json.error, error);
      assert.ok(!answer.text.includes(app.secret));
    });
  }

  test("the scheme is read in any case, the app's key stands for its id", async () => {
    const ask = (path, authorization) => app.send("POST", path, JSON.stringify(event()), { authorization });
    assert.equal((await ask(`/apps/${app.id}/events`, `bearer ${app.secret}`)).status, 200);
    assert.equal((await ask(`/apps/${app.key}/events`, `BEARER ${app.secret}`)).status, 200);
  });

  test("the credential decides the dialect, never the body", async () => {
    const signed = await app.post("/events", { name: "e", channel: "chat", data: "1" });
    assert.equal(signed.text, "{}");
    assert.equal((await app.post("/events", event())).status, 400, "a signed body has a name");
    assert.equal((await app.relay("POST", "/events", { name: "e", channels: ["chat"], data: "1" })).text, '{"ok":true}');
    assert.ok(!Array.isArray((await app.get("/channels")).json.channels), "a map to Pusher");
    assert.ok(Array.isArray((await app.relay("GET", "/channels")).json.channels), "an array to Relay");
    const path = `/apps/${app.id}/events`;
    const body = '{"name":"e","channel":"chat","data":"1"}';
    const twofold = await app.send("POST", `${path}?${signedQuery(app, "POST", path, { body })}`, body, { authorization: `Bearer ${app.secret}` });
    assert.equal(twofold.text, "{}", "a signed query is Pusher's whatever the headers say");
    assert.equal((await app.bearer(app.secret, "GET", `/channels?auth_key=${app.key}`)).status, 401, "an auth_key alone is a Pusher call too");
    const signedLog = await app.get("/events/log");
    assert.ok(Array.isArray(signedLog.json.events), "a path that only Relay has answers in its form");
  });

  test("a secret key does what it may, and no more", async () => {
    const publisher = await app.givenKey({ actions: ["publish"], channels: ["news"] });
    const reader = await app.givenKey({ actions: ["channels.read", "history", "presence"], channels: ["news", "presence-*"] });
    const rows = [
      [publisher, "POST", "/events", event({ channel: "news" }), 200],
      [publisher, "POST", "/events", event({ channel: "other" }), 403],
      [publisher, "POST", "/events/batch", { batch: [event({ channel: "news" }), event({ channel: "other" })] }, 403],
      [publisher, "GET", "/channels", undefined, 403],
      [publisher, "GET", "/channels/news/events", undefined, 403],
      [reader, "GET", "/channels", undefined, 200],
      [reader, "GET", "/channels/news/events", undefined, 200],
      [reader, "GET", "/channels/other/events", undefined, 403],
      [reader, "POST", "/events", event({ channel: "news" }), 403],
    ];
    for (const [key, method, path, body, status] of rows) {
      const answer = await app.bearer(key.token, method, path, body);
      assert.equal(answer.status, status, `${method} ${path} ${answer.text}`);
      if (status !== 200) assert.equal(typeof answer.json.error, "string");
    }
  });

  test("any origin may ask, and is told so before it does", async () => {
    const response = await fetch(`${app.stack.gateway_url}/apps/${app.id}/events`, { method: "OPTIONS", headers: { origin: "https://shop.example", "access-control-request-method": "POST" } });
    assert.equal(response.status, 204);
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.match(response.headers.get("access-control-allow-headers"), /authorization/i);
    const answer = await app.send("GET", `/apps/${app.id}/channels`, undefined, { authorization: `Bearer ${app.secret}`, origin: "https://shop.example" });
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
  });

  describe("the signing endpoint", () => {
    const sign = (target, body, headers = {}, query = "") => target.send("POST", `/apps/${target.id}/auth${query}`, typeof body === "string" ? body : JSON.stringify(body), headers);
    const level = (relay) => suite.givenApp({ settings: { ...OPEN, relay } });

    test("for back ends signs with the secret as Bearer alone, and only what a client may be signed", async (t) => {
      const open = await level({ auth_endpoint: "backend" });
      const client = await rawRelay(t, open);
      const bearer = { authorization: `Bearer ${open.secret}` };
      const ask = (more, headers = bearer) => sign(open, { socket_id: client.socketId, channel_name: "private-a", ...more }, headers);
      const good = await ask({});
      assert.deepEqual([good.status, good.json], [200, open.authorize(client.socketId, "private-a")]);
      const member = '{"user_id":1,"user_info":{"name":"One"}}';
      assert.deepEqual((await ask({ channel_name: "presence-a", channel_data: member })).json, open.authorize(client.socketId, "presence-a", member));
      const form = await sign(open, `socket_id=${client.socketId}&channel_name=private-a`, { ...bearer, "content-type": "application/x-www-form-urlencoded" });
      assert.deepEqual(form.json, good.json);
      assert.ok([401, 403].includes((await ask({}, {})).status), "not without the secret");
      const refused = [
        { channel_name: "public" },
        { channel_name: "private-a:b" },
        { channel_name: ":user:" },
        { channel_name: "presence-a" },
        { channel_name: "presence-a", channel_data: "[]" },
        { channel_name: "presence-a", channel_data: '{"name":"no id"}' },
        { channel_name: "presence-a", channel_data: JSON.stringify({ user_id: 1, user_info: "x".repeat(5000) }) },
        { channel_name: `private-${"x".repeat(193)}` },
        { channel_name: "private-a\n" },
        { socket_id: "1.2" },
        { socket_id: "POST\n/apps/x/events\nauth_key=k" },
        { socket_id: undefined },
      ];
      for (const more of refused) assert.ok([400, 403, 422].includes((await ask(more)).status), JSON.stringify(more));
    });

    test("with credentials signs for whom a publishable key or a token lets, as whom the token names", async (t) => {
      const open = await level({ auth_endpoint: "credentialed", auth_channels: ["private-open-*", "presence-open-*"] });
      const client = await rawRelay(t, open);
      const pk = (await open.givenPublishableKey()).key;
      const key = await open.givenTokenKey();
      const ask = (channel_name, headers, query) => sign(open, { socket_id: client.socketId, channel_name }, headers, query);
      const withToken = (claims) => ({ authorization: `Bearer ${peerToken(key, "u_1", claims)}` });
      assert.deepEqual((await ask("private-open-a", {}, `?key=${pk}`)).json, open.authorize(client.socketId, "private-open-a"));
      assert.deepEqual((await ask("private-open-a", { authorization: `Bearer ${pk}` })).json, open.authorize(client.socketId, "private-open-a"));
      assert.equal((await ask("private-open-a", withToken())).status, 200);
      const present = (await ask("presence-open-a", withToken({ peerMetadata: { name: "One" } }))).json;
      const member = JSON.parse(present.channel_data);
      assert.equal(member.user_id, "u_1");
      assert.deepEqual(present, open.authorize(client.socketId, "presence-open-a", present.channel_data));
      for (const [channel, headers] of [
        ["private-open-a", {}],
        ["private-closed", withToken()],
        ["private-open-a", withToken({ channels: ["private-other"] })],
        ["private-open-a", { authorization: "Bearer nonsense" }],
      ]) {
        assert.ok([401, 403].includes((await ask(channel, headers)).status), channel);
      }
    });

    test("anonymous signs only what the owner listed, and chooses the user itself", async (t) => {
      const open = await level({ auth_endpoint: "anonymous", auth_channels: ["private-open-*", "presence-open-*"] });
      const client = await rawRelay(t, open);
      const ask = (channel_name, channel_data) => sign(open, { socket_id: client.socketId, channel_name, channel_data });
      assert.equal((await ask("private-open-a")).status, 200);
      assert.equal((await ask("private-other")).status, 403);
      const { json } = await ask("presence-open-a", '{"user_id":"admin","user_info":{"name":"Eve"}}');
      assert.match(String(JSON.parse(json.channel_data).user_id), /^anon-/);
      client.send({ event: "relay:subscribe", data: JSON.stringify({ channel: "presence-open-a", ...json }) });
      await client.next("relay:subscription_succeeded");
    });
  });
});

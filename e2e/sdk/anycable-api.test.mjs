// The AnyCable REST API: publish, broadcast, presence; statuses and empty bodies as the mandate has them.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { request } from "node:http";
import { before, describe, test } from "node:test";
import { publicId, rawCable } from "../harness/cable.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";
import { Wire } from "../harness/wire.mjs";

describe("AnyCable REST API", () => {
  let suite, app, api, broadcast;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: OPEN, limits: { max_publishes_per_s: 2000, max_reads_per_s: 1000 } });
    api = app.hmac("api-cable");
    broadcast = app.hmac("broadcast-cable");
  });
  const send = (method, path, body, headers = {}) => app.send(method, path, body === undefined || typeof body === "string" ? body : JSON.stringify(body), headers);
  const bearer = (key) => ({ authorization: `Bearer ${key}` });

  test("the derivations are those of the sheet's vectors", () => {
    const derived = (secret, label) => createHmac("sha256", secret).update(label).digest("hex");
    assert.equal(derived("app-42-secret-key", "api-cable"), "5769a03eca4ed66bbafa648f35b9c0eeffeffbf6224bf2ceaff743b7cfc04c8f");
    assert.equal(derived("app-42-secret-key", "broadcast-cable"), "922a95c75aa63dc974c42fba4770a16289225f616f7652f26909875f70155e6d");
  });

  test("a publication is 201 with an empty body, by the app's path or by the Bearer alone", async (t) => {
    const client = await rawCable(t, app);
    await client.subscribe(publicId("chat/1"));
    for (const path of [`/apps/${app.key}/api/publish`, "/api/publish"]) {
      const answer = await send("POST", path, { stream: "chat/1", data: JSON.stringify({ path }) }, bearer(api));
      assert.deepEqual([answer.status, answer.text], [201, ""], path);
      assert.deepEqual((await client.next(({ type }) => type === undefined)).message, { path });
    }
    for (const path of [`/apps/${app.key}/_broadcast`, "/_broadcast"]) {
      const answer = await send("POST", path, [{ stream: "chat/1", data: "1" }, { stream: "chat/1", data: "2" }], bearer(broadcast));
      assert.deepEqual([answer.status, answer.text], [201, ""], path);
      for (const n of [1, 2]) assert.equal((await client.next(({ type }) => type === undefined)).message, n);
    }
  });

  test("the request line of Ruby, with the whole address in it", async (t) => {
    const wire = await Wire.to(t, app.stack.gateway_url);
    const body = '{"stream":"ruby","data":"1"}';
    wire.write(`POST ${app.stack.gateway_url}/_broadcast HTTP/1.1\r\nHost: ${new URL(app.stack.gateway_url).host}\r\nAuthorization: Bearer ${broadcast}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    assert.equal((await wire.response()).status, 201);
  });

  test("a stranger's Bearer is 401 whatever it is, on either path, and never falls through", async () => {
    const other = await suite.givenApp({ settings: OPEN });
    const body = { stream: "a", data: "1" };
    const rows = [
      ["/api/publish", {}],
      ["/api/publish", bearer("wrong")],
      ["/api/publish", bearer(app.secret)],
      ["/api/publish", bearer(app.key)],
      ["/api/publish", bearer(broadcast)],
      ["/api/publish", bearer(api.toUpperCase())],
      ["/_broadcast", bearer(api)],
      ["/_broadcast", {}],
      [`/apps/${app.key}/api/publish`, bearer(other.hmac("api-cable"))],
      [`/apps/${"a".repeat(20)}/api/publish`, bearer(api)],
      [`/apps/${app.key}/api/presence/a/users`, bearer(broadcast)],
    ];
    for (const [path, headers] of rows) {
      const answer = await send(path.endsWith("users") ? "GET" : "POST", path, path.endsWith("users") ? undefined : body, headers);
      assert.deepEqual([answer.status, answer.text, answer.headers.get("www-authenticate")], [401, "", null], `${path} ${JSON.stringify(headers)}`);
    }
    assert.equal((await send("POST", "/api/publish", body, { authorization: `bearer ${api}` })).status, 201, "the scheme in any case");
  });

  const good = { stream: "a", data: "1" };
  // [what, the body, status]
  const BODIES = [
    ["nothing", "", 422],
    ["no JSON", "stream=a", 422],
    ["a string", '"a"', 422],
    ["null", "null", 422],
    ["a number", "1", 422],
    ["trailing bytes", `${JSON.stringify(good)} x`, 422],
    ["a member twice", '{"stream":"a","stream":"b","data":"1"}', 422],
    ["no stream", { data: "1" }, 422],
    ["an empty stream", { stream: "", data: "1" }, 422],
    ["a stream that is a number", { stream: 1, data: "1" }, 422],
    ["no data", { stream: "a" }, 422],
    ["data an object", { stream: "a", data: { a: 1 } }, 422],
    ["data null", { stream: "a", data: null }, 422],
    ["meta a string", { ...good, meta: "x" }, 422],
    ["meta an array", { ...good, meta: [] }, 422],
    ["meta null", { ...good, meta: null }, 201],
    ["meta empty", { ...good, meta: {} }, 201],
    ["meta with unknown keys", { ...good, meta: { broadcast_type: "disconnect", x: 1 } }, 201],
    ["exclude_socket a number", { ...good, meta: { exclude_socket: 1 } }, 422],
    ["exclude_socket of nobody", { ...good, meta: { exclude_socket: "nobody" } }, 201],
    ["unknown members", { ...good, more: [1] }, 201],
    ["an empty array", [], 201],
    ["an array of strings", ["a"], 422],
    ["an array with one bad element", [good, { stream: "a" }], 422],
    ["an unknown command", { command: "dance", payload: {} }, 201],
    ["data that is JSON nested too deep", { stream: "a", data: `${"[".repeat(40)}${"]".repeat(40)}` }, 422],
    ["data that is JSON with half a character", { stream: "a", data: '"\\ud800"' }, 422],
    ["data over the limit", { stream: "a", data: "x".repeat(65537) }, 413],
  ];
  for (const [what, body, status] of BODIES) {
    test(`${what}: ${status}, empty`, async () => {
      const answer = await send("POST", "/api/publish", body, bearer(api));
      assert.deepEqual([answer.status, answer.text], [status, ""]);
    });
  }

  test("a compressed body is not read: 415", async () => {
    assert.equal((await send("POST", "/api/publish", good, { ...bearer(api), "content-encoding": "gzip" })).status, 415);
  });

  test("of an array with a bad element nothing is published", async (t) => {
    const client = await rawCable(t, app);
    await client.subscribe(publicId("whole"));
    const one = { stream: "whole", data: "1" };
    for (const batch of [[one, { stream: "whole" }], [{}, one], [one, { ...one, data: 1 }]]) assert.equal((await send("POST", "/api/publish", batch, bearer(api))).status, 422);
    assert.deepEqual(await client.settle(), []);
  });

  // [method, path, status] without any Authorization: the method is looked at first.
  const METHODS = [
    ["GET", "/api/publish", 422],
    ["PUT", "/api/publish", 422],
    ["DELETE", "/api/publish", 422],
    ["GET", "/_broadcast", 422],
    ["POST", "/api/presence/a/users", 422],
    ["GET", "/api/presence/a/users", 401],
    ["POST", "/api/publish", 401],
    ["POST", "/api/publish/", 404],
    ["GET", "/api/nothing", [401, 404]],
  ];
  for (const [method, path, status] of METHODS) {
    test(`${method} ${path} without a token: ${status}`, async () => {
      const answer = await send(method, `/apps/${app.key}${path}`, method === "GET" ? undefined : "{}");
      assert.ok([status].flat().includes(answer.status), `${answer.status}`);
      if (answer.status !== 404) assert.equal(answer.text, "");
    });
  }

  test("preflights are answered without a token; answers name who may read them, refusals too", async () => {
    for (const path of ["/api/publish", "/_broadcast", "/api/presence/a/users"]) {
      const preflight = await fetch(`${app.stack.gateway_url}/apps/${app.key}${path}`, { method: "OPTIONS", headers: { origin: "https://shop.example", "access-control-request-method": "POST" } });
      assert.deepEqual([preflight.status, await preflight.text()], [200, ""], path);
      assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
      assert.match(preflight.headers.get("access-control-allow-methods"), /GET, POST, OPTIONS/);
      assert.match(preflight.headers.get("access-control-allow-headers"), /Authorization/);
      assert.equal(preflight.headers.get("access-control-allow-credentials"), null, "not together with *");
    }
    const refused = await send("POST", `/apps/${app.key}/api/publish`, "x", { origin: "https://shop.example" });
    assert.deepEqual([refused.status, refused.headers.get("access-control-allow-origin")], [401, "*"]);
    const listed = await suite.givenApp({ settings: { ...OPEN, allowed_origins: ["https://shop.example"] } });
    const answer = await listed.cable("POST", "/api/publish", good, { origin: "https://shop.example" });
    assert.deepEqual([answer.headers.get("access-control-allow-origin"), answer.headers.get("vary")?.toLowerCase().includes("origin")], ["https://shop.example", true]);
    const stranger = await listed.cable("POST", "/api/publish", good, { origin: "https://evil.example" });
    assert.notEqual(stranger.headers.get("access-control-allow-origin"), "https://evil.example");
  });

  test("presence of a stream, its name decoded once; nobody is a total of none", async (t) => {
    const client = await rawCable(t, app);
    for (const stream of ["chat/1", "chat%2F1", "plus+plus"]) {
      await client.subscribe(publicId(stream));
      client.command("join", publicId(stream), { presence: { id: stream, info: { name: "Al" } } });
    }
    await client.settle();
    const users = async (path) => send("GET", `/apps/${app.key}/api/presence/${path}/users`, undefined, bearer(api));
    const of = async (path) => (await users(path)).json;
    assert.deepEqual(await of("chat%2F1"), { type: "info", total: 1, records: [{ id: "chat/1", info: { name: "Al" } }] });
    assert.deepEqual((await of("chat%252F1")).records, [{ id: "chat%2F1", info: { name: "Al" } }]);
    assert.deepEqual((await of("plus+plus")).records, [{ id: "plus+plus", info: { name: "Al" } }]);
    assert.equal((await users("chat/1")).status, 404);
    const nobody = await users("nobody");
    assert.deepEqual([nobody.status, nobody.text], [200, '{"type":"info","total":0}']);
    assert.match(nobody.headers.get("content-type"), /^application\/json/);
    const bare = await send("GET", "/api/presence/chat%2F1/users", undefined, bearer(api));
    assert.equal(bare.json.total, 1, "by the Bearer alone");
  });

  test("transient publications are delivered and not kept", async (t) => {
    const client = await rawCable(t, app);
    await client.subscribe(publicId("transient"));
    await app.cable("POST", "/api/publish", { stream: "transient", data: "1", meta: { transient: true } });
    const frame = await client.next(({ type }) => type === undefined);
    if ("offset" in frame) return t.diagnostic("transient is not honoured, which the sheet leaves open");
    client.command("history", publicId("transient"), { history: { since: 1 } });
    await client.next("confirm_history");
    assert.deepEqual(client.frames.filter(({ type }) => type === undefined), []);
  });

  test("a second secret of the app is good while it lasts", async () => {
    const { credential } = await app.account.api.call("POST", `/v1/apps/${app.id}/credentials`, {});
    const derived = createHmac("sha256", credential.secret).update("api-cable").digest("hex");
    await until("the new one is known", async () => (await send("POST", "/api/publish", good, bearer(derived))).status === 201);
    assert.equal((await send("POST", "/api/publish", good, bearer(api))).status, 201);
    await app.account.api.call("DELETE", `/v1/apps/${app.id}/credentials/${credential.key}`);
    await until("it is gone", async () => (await send("POST", "/api/publish", good, bearer(derived))).status === 401);
  });

  test("a host that is no app's is nobody's", async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { host: `${"a".repeat(20)}.cable.signalbox.example`, ...bearer(api) };
      const sent = request(`${app.stack.gateway_url}/api/publish`, { method: "POST", headers }, (response) => resolve(response.resume().statusCode));
      sent.on("error", reject);
      sent.end(JSON.stringify(good));
    });
    assert.equal(status, 401);
  });
});

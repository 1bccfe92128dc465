// HTTP that is not HTTP, too long, too big or too slow.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { signedQuery } from "../harness/apps.mjs";
import { givenSuite } from "../harness/suite.mjs";
import { Wire } from "../harness/wire.mjs";

describe("bad HTTP", { concurrency: true }, () => {
  let app, key, host;
  before(async () => {
    app = await (await givenSuite()).givenApp();
    key = await app.givenKey({ actions: ["publish", "channels.read"], channels: ["**"] });
    host = new URL(app.stack.gateway_url).host;
  });

  const EVENT = '{"name":"e","channel":"a","data":"1"}';
  const events = (query = "") => `/apps/${app.id}/events${query}`;
  const bearer = () => `Authorization: Bearer ${key.token}`;
  const request = (line, ...headers) => [`${line} HTTP/1.1`, ...headers, "", ""].join("\r\n");
  const post = (...headers) => request(`POST ${events()}`, `Host: ${host}`, bearer(), ...headers);

  // [what, the bytes, the status, whether the server then closes]
  const ROWS = [
    ["two differing Content-Length", () => post("Content-Length: 3", "Content-Length: 37") + EVENT, 400, true],
    ["Content-Length and chunked together", () => `${post("Content-Length: 37", "Transfer-Encoding: chunked")}0\r\n\r\n`, 400, true],
    ["a negative Content-Length", () => post("Content-Length: -1"), 400, true],
    ["a Content-Length that is no number", () => post("Content-Length: 3x"), 400, true],
    ["a Content-Length with a sign", () => post("Content-Length: +37") + EVENT, 400, true],
    ["a Content-Length over 64 bits", () => post("Content-Length: 99999999999999999999999"), 400, true],
    ["bare LF as line ends", () => request("GET /up", `Host: ${host}`).replaceAll("\r\n", "\n"), 400, true],
    ["two Hosts", () => request("GET /up", `Host: ${host}`, "Host: elsewhere"), 400, true],
    ["no Host", () => request("GET /up"), 400, true],
    ["a folded header", () => request("GET /up", `Host: ${host}`, "X-A: 1", " 2"), 400, true],
    ["a blank before the colon", () => request("GET /up", `Host: ${host}`, "X-A : 1"), 400, true],
    ["a NUL in a header", () => request("GET /up", `Host: ${host}`, "X-A: \u0000"), 400, true],
    ["no HTTP at all", () => "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n", 400, true],
    ["a target over 8 KiB", () => request(`GET /${"a".repeat(9000)}`, `Host: ${host}`), 414, undefined],
    ["a target over 60 KiB", () => request(`GET /${"a".repeat(60000)}`, `Host: ${host}`), 414, undefined],
    ["headers over the limit", () => request("GET /up", `Host: ${host}`, `X-A: ${"a".repeat(70000)}`), 431, undefined],
    ["two hundred headers", () => request("GET /up", `Host: ${host}`, ...Array.from({ length: 200 }, (_, n) => `X-${n}: 1`)), 431, true],
    ["an announced body over the limit", () => post("Content-Length: 100000000"), 413, true],
    ["a body announced with 2^62 bytes", () => post("Content-Length: 4611686018427387904"), 413, true],
    ["a body for an unknown key", () => post("Content-Length: 100000000").replace(key.token, "sk_sbx_nobody"), 403, true],
    ["a body for an unknown app", () => request("POST /apps/1/events", `Host: ${host}`, bearer(), "Content-Length: 100000000"), 401, true],
    ["chunks past the limit", () => `${post("Transfer-Encoding: chunked")}200000\r\n${"a".repeat(0x200000)}`, 413, true],
    ["a chunk without a size", () => `${post("Transfer-Encoding: chunked")}zz\r\n`, 400, true],
    ["a gzipped body", () => `${post("Content-Encoding: gzip", "Content-Length: 37")}${EVENT}`, 415, undefined],
    ["a deflated body, announced in capitals", () => `${post("CONTENT-ENCODING: DEFLATE", "Content-Length: 37")}${EVENT}`, 415, undefined],
    ["an unknown route", () => request("GET /nowhere", `Host: ${host}`), 404, false],
    ["a wrong method", () => request(`DELETE ${events()}`, `Host: ${host}`, bearer()), [404, 405], undefined],
    ["dots in the path", () => request(`GET /apps/../apps/${app.id}/channels`, `Host: ${host}`, bearer()), 404, undefined],
    ["an escaped slash in the app", () => request(`GET /apps/${app.id}%2Fchannels`, `Host: ${host}`, bearer()), 404, undefined],
    ["an upgrade to something else", () => request(`GET /app/${app.key}`, `Host: ${host}`, "Connection: Upgrade", "Upgrade: h2c"), 404, undefined],
    ["a WebSocket of version 8", () => request(`GET /app/${app.key}?protocol=7`, `Host: ${host}`, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="), [400, 426], undefined],
    ["a WebSocket without a key", () => request(`GET /app/${app.key}?protocol=7`, `Host: ${host}`, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"), 400, undefined],
  ];
  for (const [what, bytes, status, closes] of ROWS) {
    test(`${what}: ${status}${closes ? " and close" : ""}`, async (t) => {
      const wire = await Wire.to(t, app.stack.gateway_url);
      const began = performance.now();
      wire.write(bytes());
      const answer = await wire.response();
      assert.ok([status].flat().includes(answer.status), `status ${answer.status}: ${answer.text}`);
      assert.ok(performance.now() - began < 2000, "at once");
      if (closes) await wire.end();
      if (closes === false) {
        wire.write(request("GET /up", `Host: ${host}`));
        wire.bytes = answer.rest;
        assert.equal((await wire.response()).status, 200, "the connection can still be used");
      }
    });
  }

  test("a body that came along is dropped with the refusal, not taken for a request", async (t) => {
    const wire = await Wire.to(t, app.stack.gateway_url);
    const smuggled = request("GET /usage", `Host: ${host}`);
    wire.write(request("POST /apps/1/events", `Host: ${host}`, `Content-Length: ${smuggled.length}`) + smuggled);
    const answer = await wire.response();
    assert.ok([401, 404].includes(answer.status));
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(!wire.bytes.includes('"memory"'), "the body was not answered");
  });

  test("Expect: 100-continue is not granted for what will be refused", async (t) => {
    const wire = await Wire.to(t, app.stack.gateway_url);
    wire.write(post("Content-Length: 100000000", "Expect: 100-continue"));
    assert.equal((await wire.response()).status, 413);
  });

  const cut = { timeout: 30000 };
  const SLOW = [
    ["a head that never ends", () => [`GET /up HTTP/1.1\r\nHost: ${host}\r\n`, "X-A: 1\r\n"]],
    ["a body that never ends", () => [post("Content-Length: 1000"), "a"]],
    ["a chunked body that never ends", () => [post("Transfer-Encoding: chunked"), "1\r\na\r\n"]],
  ];
  for (const [what, parts] of SLOW) {
    test(`${what} is cut after ten seconds, however it drips`, cut, async (t) => {
      const wire = await Wire.to(t, app.stack.gateway_url);
      const [head, drip] = parts();
      const began = performance.now();
      wire.write(head);
      const dripping = setInterval(() => wire.write(drip), 1000);
      t.after(() => clearInterval(dripping));
      await wire.end({ within: 15000 });
      const took = (performance.now() - began) / 1000;
      assert.ok(took > 8 && took < 13, `${took.toFixed(1)} s`);
      const told = wire.bytes.length ? (await wire.response()).status : "nothing";
      assert.ok([408, "nothing"].includes(told), `answered ${told}`);
    });
  }

  test("a connection that says nothing is let go", cut, async (t) => {
    const wire = await Wire.to(t, app.stack.gateway_url);
    await wire.end({ within: 20000 });
  });

  test("pipelined requests are answered in order", async (t) => {
    const wire = await Wire.to(t, app.stack.gateway_url);
    wire.write(request("GET /up", `Host: ${host}`) + request("GET /nowhere", `Host: ${host}`));
    const first = await wire.response();
    wire.bytes = first.rest;
    assert.deepEqual([first.status, (await wire.response()).status], [200, 404]);
  });

  test("afterwards a proper request is answered as ever", async () => {
    const path = events();
    const answer = await app.send("POST", `${path}?${signedQuery(app, "POST", path, { body: EVENT })}`, EVENT);
    assert.equal(answer.status, 200);
  });
});

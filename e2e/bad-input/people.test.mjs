// The management API: people and tenants.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Management } from "../harness/management.mjs";
import { givenSuite } from "../harness/suite.mjs";

describe("bad management requests", () => {
  let suite, mine, theirs, account;
  before(async () => {
    suite = await givenSuite();
    account = suite.account;
    mine = await suite.givenApp();
    const other = await givenSuite();
    theirs = { app: await other.givenApp(), organisation: other.account.organisation };
    theirs.key = await theirs.app.givenKey({ actions: ["publish"], channels: ["**"] });
  });

  function isProblem(answer, status) {
    assert.ok([status].flat().includes(answer.status), `${answer.status} ${answer.text}`);
    assert.match(answer.headers.get("content-type"), /^application\/problem\+json/);
    for (const member of ["type", "title", "code"]) assert.equal(typeof answer.json[member], "string", member);
    assert.equal(answer.json.status, answer.status);
    assert.doesNotMatch(answer.text, /sqlx|postgres|panicked|src\//i, "no internals");
  }

  const FOREIGN = [
    ["GET", "/v1/apps/{app}"],
    ["PATCH", "/v1/apps/{app}", { name: "mine now" }],
    ["DELETE", "/v1/apps/{app}"],
    ["GET", "/v1/apps/{app}/credentials"],
    ["POST", "/v1/apps/{app}/credentials", {}],
    ["GET", "/v1/apps/{app}/keys"],
    ["POST", "/v1/apps/{app}/keys", { name: "k", actions: ["publish"], channels: ["**"] }],
    ["DELETE", "/v1/apps/{app}/keys/{key}"],
    ["POST", "/v1/apps/{app}/publish", { channel: "a", name: "e", data: "1" }],
    ["GET", "/v1/apps/{app}/channels"],
    ["GET", "/v1/apps/{app}/live"],
    ["GET", "/v1/organisations/{org}"],
    ["PATCH", "/v1/organisations/{org}", { name: "mine now" }],
    ["GET", "/v1/organisations/{org}/apps"],
    ["POST", "/v1/organisations/{org}/apps", { name: "intruder" }],
  ];
  for (const [method, path, body] of FOREIGN) {
    test(`${method} ${path} of another tenant answers as if it did not exist`, async () => {
      const fill = (values) => path.replace(/\{(\w+)\}/g, (_, name) => values[name]);
      const foreign = await account.api.send(method, fill({ app: theirs.app.id, org: theirs.organisation.id, key: theirs.key.id }), body);
      const nobody = await account.api.send(method, fill({ app: "100000000000", org: "00000000-0000-4000-8000-000000000000", key: theirs.key.id }), body);
      isProblem(foreign, 404);
      const same = ({ status, code, title, detail }) => ({ status, code, title, detail });
      assert.deepEqual(same(foreign.json), same(nobody.json));
    });
  }

  test("another tenant's key cannot be revoked through one's own app", async () => {
    isProblem(await account.api.send("DELETE", `/v1/apps/${mine.id}/keys/${theirs.key.id}`), 404);
    const still = await theirs.app.bearer(theirs.key.token, "POST", "/events", { name: "e", channel: "a", data: "1" });
    assert.equal(still.status, 200);
  });

  test("without a session everything is 401", async () => {
    const nobody = new Management(suite.stack);
    for (const path of ["/v1/session", "/v1/organisations", `/v1/apps/${mine.id}`, "/v1/gateways", `/v1/apps/${mine.id}/keys`]) {
      isProblem(await nobody.send("GET", path), 401);
    }
  });

  test("an unsafe method needs the CSRF token and the console's own origin", async () => {
    const path = `/v1/apps/${mine.id}`;
    const rows = [
      [{ "x-csrf-token": "" }, 403],
      [{ "x-csrf-token": "wrong" }, 403],
      [{ origin: "https://evil.example" }, 403],
      [{ origin: "null" }, 403],
      [{ origin: suite.stack.console_url }, 200],
      [{}, 200],
    ];
    for (const [headers, status] of rows) {
      assert.equal((await account.api.send("PATCH", path, { name: "renamed" }, headers)).status, status, JSON.stringify(headers));
    }
  });

  test("login does not tell which half was wrong", async () => {
    const attempt = (email, password) => new Management(suite.stack).send("POST", "/v1/login", { email, password });
    const [wrong, unknown] = [await attempt(account.email, "not the password"), await attempt("nobody@signalbox.example", account.password)];
    for (const answer of [wrong, unknown]) isProblem(answer, 401);
    const same = ({ code, title, detail }) => ({ code, title, detail });
    assert.deepEqual(same(wrong.json), same(unknown.json));
  });

  const SIGN_UPS = [
    ["no email", { password: "long enough 1" }],
    ["an email that is none", { email: "nobody", password: "long enough 1" }],
    ["a short password", { email: "a@signalbox.example", password: "short" }],
    ["a password over 128 bytes", { email: "a@signalbox.example", password: "p".repeat(129) }],
    ["a password over 128 bytes in fewer characters", { email: "a@signalbox.example", password: "é".repeat(65) }],
    ["an email of 300", { email: `${"a".repeat(300)}@signalbox.example`, password: "long enough 1" }],
    ["an email with a line break", { email: "a@signalbox.example\r\nBcc: b", password: "long enough 1" }],
    ["wrong types", { email: 1, password: [] }],
    ["not JSON", "email=a"],
    ["a member twice", '{"email":"a@signalbox.example","email":"b@signalbox.example","password":"long enough 1"}'],
  ];
  for (const [what, body] of SIGN_UPS) {
    test(`signing up with ${what} is refused`, async () => {
      isProblem(await new Management(suite.stack).send("POST", "/v1/signup", body), [400, 422]);
    });
  }

  test("an address signs up once", async () => {
    isProblem(await new Management(suite.stack).send("POST", "/v1/signup", { email: account.email, password: "long enough 1" }), 409);
  });

  const KEYS = [
    ["no actions member", { name: "k", channels: ["**"] }],
    ["an unknown action", { name: "k", actions: ["everything"], channels: ["**"] }],
    ["an empty pattern", { name: "k", actions: ["publish"], channels: [""] }],
    ["a pattern of 257 bytes", { name: "k", actions: ["publish"], channels: ["c".repeat(257)] }],
    ["a pattern of seventeen stars", { name: "k", actions: ["publish"], channels: ["*a".repeat(17)] }],
    ["a control character in a pattern", { name: "k", actions: ["publish"], channels: ["a\n"] }],
    ["too many patterns", { name: "k", actions: ["publish"], channels: Array.from({ length: 101 }, (_, n) => `c${n}`) }],
    ["an expiry in the past", { name: "k", actions: ["publish"], channels: ["**"], expires_at: "2001-01-01T00:00:00Z" }],
    ["an expiry that is no time", { name: "k", actions: ["publish"], channels: ["**"], expires_at: "soon" }],
  ];
  for (const [what, body] of KEYS) {
    test(`a key with ${what} is refused`, async () => isProblem(await account.api.send("POST", `/v1/apps/${mine.id}/keys`, body), [400, 422]));
  }

  const SETTINGS = [
    ["an unknown setting", { settings: { unheard_of: true } }],
    ["a setting of the wrong type", { settings: { client_events: "yes" } }],
    ["a close code that is none of the two", { settings: { terminate_code: 4001 } }],
    ["a cache below a minute", { settings: { cache_ttl_s: 59 } }],
    ["a limit of nothing", { limits: { max_connections: 0 } }],
  ];
  for (const [what, body] of SETTINGS) {
    test(`${what} is refused`, async () => isProblem(await account.api.send("PATCH", `/v1/apps/${mine.id}`, body), [400, 422]));
  }

  test("a body over the limit is refused", async () => {
    isProblem(await account.api.send("PATCH", `/v1/apps/${mine.id}`, { name: "x".repeat(2_000_000) }), 413);
  });

  test("what looks like SQL or a path is just a wrong id", async () => {
    for (const id of ["1'--", "1;DROP TABLE apps", "..%2f..%2fetc", "%00", "9".repeat(40)]) {
      isProblem(await account.api.send("GET", `/v1/apps/${encodeURIComponent(id)}`), 404);
    }
  });

  test("the session cookie cannot be read by scripts and stays on this site", async () => {
    const answer = await new Management(suite.stack).send("POST", "/v1/login", { email: account.email, password: account.password });
    const cookie = answer.headers.getSetCookie().join();
    for (const flag of [/HttpOnly/i, /SameSite=Lax/i, /Path=\//i]) assert.match(cookie, flag);
  });

  test("after logging out the cookie is worth nothing", async () => {
    const api = new Management(suite.stack);
    await api.call("POST", "/v1/login", { email: account.email, password: account.password });
    assert.equal((await api.send("POST", "/v1/logout")).status, 204);
    assert.equal((await api.send("GET", "/v1/session")).status, 401);
  });

  test("the internal routes are not for people", async () => {
    for (const path of ["/internal/v1/directory", "/internal/v1/feed?after=0&gateway=x&boot=x&ops_url=x"]) {
      const answer = await account.api.send("GET", path);
      assert.ok([401, 403, 404].includes(answer.status), `${path} ${answer.status}`);
    }
    assert.ok([401, 403, 404].includes((await fetch(`${suite.stack.metrics_url}/internal/v1/apps/${mine.id}/live`)).status));
  });
});

// The signed query: one canonical form, and the same answer whatever half of it is wrong.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { hmac, signedQuery } from "../harness/apps.mjs";
import { givenSuite } from "../harness/suite.mjs";

const EVENT = '{"name":"e","channel":"a","data":"1"}';

describe("bad signatures", () => {
  let app, stranger;
  before(async () => {
    app = await (await givenSuite()).givenApp({ limits: { max_publishes_per_s: 1000 } });
    stranger = await (await givenSuite()).givenApp();
  });

  const path = () => `/apps/${app.id}/events`;
  const good = (options) => signedQuery(app, "POST", path(), { body: EVENT, ...options });
  const digits = (query) => query.match(/auth_signature=(.*)$/)[1];
  const withSignature = (change) => good().replace(/auth_signature=(.*)$/, (_, signature) => `auth_signature=${change(signature)}`);
  const without = (name) => good().split("&").filter((part) => !part.startsWith(`${name}=`)).join("&");

  // [what, the query, status]
  const ROWS = [
    ["the good one", () => good(), 200],
    ["the good one, parameters turned around", () => good().split("&").reverse().join("&"), 200],
    ["with a parameter of the client's own", () => good({ query: { note: "a b&c=d" } }), 200],
    ["one flipped digit", () => withSignature((s) => s.slice(0, -1) + (s.endsWith("0") ? "1" : "0")), 401],
    ["upper-case hex", () => withSignature((s) => s.toUpperCase().replace(/^[0-9]+$/, "F")), 401],
    ["63 digits", () => withSignature((s) => s.slice(1)), 401],
    ["65 digits", () => withSignature((s) => `${s}0`), 401],
    ["no digits", () => withSignature(() => ""), 401],
    ["something that is not hex", () => withSignature((s) => `g${s.slice(1)}`), 401],
    ["a NUL inside", () => withSignature((s) => `${s.slice(0, 63)}%00`), 401],
    ["a signature twice", () => `${good()}&auth_signature=${digits(good())}`, 401],
    ["a key twice", () => `${good()}&auth_key=${app.key}`, 401],
    ["a timestamp twice", () => `${good()}&auth_timestamp=1`, 401],
    ["a parameter of one's own twice", () => signedTwice(), 400],
    ["a parameter that was not signed", () => `${good()}&more=1`, 401],
    ...["auth_key", "auth_timestamp", "auth_version", "auth_signature", "body_md5"].map((name) => [`no ${name}`, () => without(name), 401]),
    ["nothing", () => "", 401],
    ["version 2.0", () => good({ override: { auth_version: "2.0" } }), 401],
    ["version 1", () => good({ override: { auth_version: "1" } }), 401],
    ...["", "now", "-1", "1e9", "0x10", "99999999999999999999", "NaN"].map((at) => [`timestamp ${JSON.stringify(at)}`, () => good({ override: { auth_timestamp: at } }), 401]),
    ["a timestamp with a sign", () => good({ override: { auth_timestamp: `+${now()}` } }), 401],
    ["a timestamp with a fraction", () => good({ override: { auth_timestamp: `${now()}.0` } }), 401],
    ["a timestamp in milliseconds", () => good({ override: { auth_timestamp: String(Date.now()) } }), 401],
    ["599 s old", () => good({ at: now() - 599 }), 200],
    ["602 s old", () => good({ at: now() - 602 }), 401],
    ["599 s ahead", () => good({ at: now() + 599 }), 200],
    ["602 s ahead", () => good({ at: now() + 602 }), 401],
    ["an unknown key", () => good({ override: { auth_key: "a".repeat(20) } }), 401],
    ["an empty key", () => good({ override: { auth_key: "" } }), 401],
    ["another tenant's key with its own secret", () => signedQuery(stranger, "POST", path(), { body: EVENT }), 401],
    ["another tenant's key with this secret", () => good({ override: { auth_key: stranger.key } }), 401],
    ["the app's id as its key", () => good({ override: { auth_key: app.id } }), 401],
    ["body_md5 of another body", () => good({ override: { body_md5: "0".repeat(32) } }), 401],
    ["body_md5 in capitals", () => good({ override: { body_md5: signedMd5().toUpperCase() } }), 401],
    ["the signature of a GET", () => signedQuery(app, "GET", path(), { body: EVENT }), 401],
    ["the signature of another path", () => signedQuery(app, "POST", `/apps/${app.id}/batch_events`, { body: EVENT }), 401],
    ["the signature over the key's path", () => signedQuery(app, "POST", `/apps/${app.key}/events`, { body: EVENT }), 401],
    ["a percent sign alone", () => `${good()}&a=%`, [400, 401]],
    ["percent-encoded twice", () => good({ query: { note: "a b" } }).replace("a%20b", "a%2520b"), 401],
  ];
  for (const [what, query, status] of ROWS) {
    test(`${what}: ${status}`, async () => {
      const answer = await app.send("POST", `${path()}?${query()}`, EVENT);
      assert.ok([status].flat().includes(answer.status), `${answer.status} ${answer.text}`);
      if (answer.status === 401) assert.ok(!answer.text.includes(digits(good())), "the right signature is not given away");
    });
  }

  test("a body that was changed on the way: 401", async () => {
    assert.equal((await app.send("POST", `${path()}?${good()}`, EVENT.replace('"1"', '"2"'))).status, 401);
  });

  test("an unknown key and a wrong signature are answered alike", async () => {
    const answer = async (query) => {
      const { status, json } = await app.send("POST", `${path()}?${query}`, EVENT);
      return { status, code: json.code };
    };
    assert.deepEqual(await answer(good({ override: { auth_key: "a".repeat(20) } })), await answer(withSignature((s) => s.replace(/./g, "0"))));
  });

  test("an app that is not there: 404, whoever asks", async () => {
    for (const id of ["1", "999999999999", "nobody", "a".repeat(20)]) {
      const elsewhere = `/apps/${id}/events`;
      const answer = await app.send("POST", `${elsewhere}?${signedQuery(app, "POST", elsewhere, { body: EVENT })}`, EVENT);
      assert.deepEqual([answer.status, answer.json.code], [404, "app_not_found"]);
    }
  });

  test("arrays of Ruby and PHP are understood", async () => {
    const channels = `/apps/${app.id}/channels`;
    const time = now();
    const base = `auth_key=${app.key}&auth_timestamp=${time}&auth_version=1.0&filter_by_prefix=presence-`;
    const signature = (query) => hmac(app.secret, `GET\n${channels}\n${query}`);
    const ruby = `${base}&info[]=subscription_count&info[]=user_count`;
    const php = `${base}&info[0]=subscription_count&info[1]=user_count`;
    const rows = [`${ruby}&auth_signature=${signature(ruby)}`, `${php}&auth_signature=${signature(`${base}&info=subscription_count,user_count`)}`];
    for (const query of rows) assert.equal((await app.send("GET", `${channels}?${query}`)).status, 200, query);
  });

  const now = () => Math.floor(Date.now() / 1000);
  const signedMd5 = () => good().match(/body_md5=([0-9a-f]+)/)[1];
  function signedTwice() {
    const query = `auth_key=${app.key}&auth_timestamp=${now()}&auth_version=1.0&body_md5=${signedMd5()}&note=1&note=2`;
    return `${query}&auth_signature=${hmac(app.secret, `POST\n${path()}\n${query}`)}`;
  }
});

// What is published through the management API goes out through the chosen dialect's own HTTP API, with a credential of the
// app's own, and is heard by every dialect's real client.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { lifetime } from "../harness/stack.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";
import { named, value } from "./mapping.mjs";
import { subscribers } from "./world.mjs";

const KINDS = ["pusher-js", "Relay", "AnyCable base", "AnyCable ext", "Action Cable", "Metered"];
const BIG = '{"n":12345678901234567890,"f":1.0,"b":1,"a":2}';

describe("publishing through the management API", () => {
  const life = lifetime();
  const channel = "room-1";
  let app, all;
  before(async () => {
    app = await (await givenSuite()).givenApp({ settings: OPEN, limits: { max_publishes_per_s: 1000 } });
    const tokenKey = await app.givenTokenKey();
    ({ all } = await subscribers(life, app, tokenKey, channel));
  });

  /** The body goes as text: numbers keep their digits. */
  const publish = (dialect, rest, data) => app.account.api.send("POST", `/v1/apps/${app.id}/publish`, `{"dialect":"${dialect}","channel":"${channel}"${rest},"data":${data}}`);

  for (const [dialect, rest, data, message] of [
    ["pusher", ',"name":"news"', BIG, named("news", BIG)],
    ["relay", ',"name":"news"', '"no JSON at all"', named("news", "no JSON at all")],
    ["relay", "", '"nameless"', named("message", "nameless")],
    ["anycable", "", BIG, value(BIG)],
    ["anycable", "", '"a text"', value('"a text"')],
    ["metered", "", BIG, value(BIG)],
    ["metered", "", '{"event":"news","data":"a text"}', value('{"event":"news","data":"a text"}')],
  ]) {
    test(`${dialect} with ${data}${rest} is heard by all`, async () => {
      const before = Object.fromEntries(KINDS.map((kind) => [kind, all[kind].heard().length]));
      const answer = await publish(dialect, rest, data);
      assert.equal(answer.status, 200, answer.text);
      for (const kind of KINDS) {
        await until(`${kind} hears it`, () => all[kind].heard().length > before[kind]);
        assert.deepEqual(all[kind].heard().slice(before[kind]), [all[kind].expects(message)], kind);
      }
    });
  }

  test("a dialect that the app switched off refuses, and the others go on", async () => {
    const bodies = { pusher: ',"name":"e"', relay: "", anycable: "", metered: "" };
    for (const off of ["relay", "anycable", "metered"]) {
      await app.change({ settings: { dialects: { pusher: true, relay: true, anycable: true, metered: true, [off]: false } } });
      const refused = await until(`${off} is off`, async () => {
        const answer = await publish(off, bodies[off], "1");
        return answer.status !== 200 && answer;
      });
      assert.deepEqual([refused.status, refused.json.code], [403, "gateway_refused"]);
      assert.match(refused.json.detail, /switched off|does not speak/);
      assert.equal((await publish("pusher", bodies.pusher, "1")).status, 200);
    }
  });

  test("Metered's API takes secret keys: without one it is said what to make", async () => {
    const other = await (await givenSuite()).givenApp();
    const body = { dialect: "metered", channel: "c", data: 1 };
    const answer = await other.account.api.send("POST", `/v1/apps/${other.id}/publish`, body);
    assert.deepEqual([answer.status, answer.json.code], [409, "no_secret_key"]);
    assert.match(answer.json.detail, /signing secret/);
    await other.givenTokenKey({ actions: ["publish"], channels: ["c"] });
    assert.equal((await other.account.api.send("POST", `/v1/apps/${other.id}/publish`, body)).status, 200);
  });
});

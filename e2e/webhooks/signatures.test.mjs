// What the official SDKs say of our requests: over the raw body and the headers as they came.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Webhook } from "standardwebhooks";
import { givenHook, givenOwnHook, joined, occupied, Teller } from "../harness/hooks.mjs";
import { eventsOf, givenSink } from "../harness/sinks.mjs";
import { givenSuite, serverSdk } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";

const PYTHON = process.env.SIGNALBOX_PYTHON ?? fileURLToPath(new URL("../python/.venv/bin/python", import.meta.url));

describe("signatures", { timeout: 60000 }, () => {
  let suite, teller, app;
  before(async () => {
    suite = await givenSuite();
    teller = new Teller(suite.stack);
    app = await suite.givenApp();
  });

  test("Pusher's SDK for Node takes ours, and not one byte changed", async (t) => {
    const sink = await givenSink(t);
    await givenHook(app, sink);
    await teller.tell(app, [occupied("a"), joined("presence-a", 1), { channel: "private-a", name: "client_event", event: "client-x", data: '{"ä":"\\u0000 🎈"}', socket_id: "1.2" }]);
    await until("it is told", () => eventsOf(sink).length === 3);
    const [{ headers, rawBody, rawHeaders }] = sink.requests;
    const sdk = serverSdk(app);
    const webhook = sdk.webhook({ headers, rawBody });
    assert.ok(webhook.isValid());
    assert.deepEqual(webhook.getEvents(), [
      { name: "channel_occupied", channel: "a" },
      { name: "member_added", channel: "presence-a", user_id: "u1" },
      { name: "client_event", channel: "private-a", event: "client-x", data: '{"ä":"\\u0000 🎈"}', socket_id: "1.2" },
    ]);
    assert.ok(Math.abs(webhook.getTime() - Date.now()) < 10000);
    const forged = sdk.webhook({ headers, rawBody: rawBody.replace("u1", "u2") });
    assert.ok(!forged.isValid());
    for (const name of ["X-Pusher-Key", "X-Pusher-Signature", "Content-Type"]) {
      assert.ok(rawHeaders.includes(name), `${name} in exactly this case: ${rawHeaders}`);
    }
  });

  test("Pusher's SDK for Python takes ours", async (t) => {
    const sink = await givenSink(t);
    await givenHook(app, sink);
    await teller.tell(app, [joined("presence-a", 7)]);
    await until("it is told", () => eventsOf(sink).length === 1);
    const [{ headers, rawBody }] = sink.requests;
    const verify = `
import json, sys, pusher
given = json.load(sys.stdin)
client = pusher.Pusher(app_id="1", key=given["key"], secret=given["secret"])
check = lambda body: client.validate_webhook(given["headers"]["x-pusher-key"], given["headers"]["x-pusher-signature"], body)
print(json.dumps([check(given["body"]), check(given["body"].replace("u7", "u8"))]))`;
    const said = await python(verify, { key: app.key, secret: app.secret, headers, body: rawBody });
    assert.deepEqual(said[0].events, [{ name: "member_added", channel: "presence-a", user_id: "u7" }]);
    assert.equal(said[1], null);
  });

  test("standardwebhooks takes ours, with both secrets during an overlap", async (t) => {
    const sink = await givenSink(t);
    const hook = await givenHook(app, sink, { form: "standard" });
    assert.match(hook.secret, /^whsec_/);
    await teller.tell(app, [joined("presence-a", 1)]);
    await until("it is told", () => sink.requests.length === 1);
    const verified = (secret, { rawBody, headers }) => new Webhook(secret).verify(rawBody, headers);
    const [first] = sink.requests;
    assert.deepEqual(verified(hook.secret, first).data, { app_id: app.id, channel: "presence-a", user_id: "u1" });
    const { secret: newer } = await hook.call("POST", "/secret");
    assert.notEqual(newer, hook.secret);
    await teller.tell(app, [joined("presence-a", 2)]);
    await until("it is told again", () => sink.requests.length === 2);
    const second = sink.requests[1];
    for (const secret of [hook.secret, newer]) assert.equal(verified(secret, second).type, "member.added");
    assert.throws(() => verified(newer, first));
    assert.throws(() => verified(newer, { ...second, rawBody: second.rawBody.replace("u2", "u3") }));
  });

  test("what happens to the organisation comes in the standard form", async (t) => {
    const [whole, ofApp] = [await givenSink(t), await givenSink(t)];
    const hook = await givenOwnHook(suite.account, whole, { events: ["key.revoked"] });
    await givenHook(app, ofApp, { form: "standard", events: ["key.revoked"] });
    const key = await app.givenKey({ actions: ["publish"], name: "to be revoked" });
    await suite.account.api.call("DELETE", `/v1/apps/${app.id}/keys/${key.id}`);
    await until("both are told", () => whole.requests.length > 0 && ofApp.requests.length > 0);
    const { rawBody, headers } = whole.requests[0];
    const { type, data } = new Webhook(hook.secret).verify(rawBody, headers);
    assert.deepEqual([type, data.kind, data.key, data.app_id], ["key.revoked", "secret_key", key.id, app.id]);
  });

  test("a test request says how it went", async (t) => {
    const sink = await givenSink(t, () => ({ status: 418, body: "short and stout" }));
    const hook = await givenHook(app, sink);
    const attempt = await hook.call("POST", "/test", {});
    assert.equal(attempt.status, 418);
    assert.equal(attempt.response_body, "short and stout");
    assert.ok(serverSdk(app).webhook(sink.requests[0]).isValid());
  });
});

function python(script, given) {
  return new Promise((resolve, reject) => {
    const child = spawn(PYTHON, ["-B", "-c", script], { stdio: ["pipe", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk) => (said += chunk));
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(JSON.parse(said)) : reject(new Error(`python: ${code}`))));
    child.stdin.end(JSON.stringify(given));
  });
}

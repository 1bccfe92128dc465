// What Prometheus reads of the control plane: on a listener of its own, by names that docs/operations.md has.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { readFileSync } from "node:fs";
import { givenHook, occupied, Teller } from "../harness/hooks.mjs";
import { givenSink } from "../harness/sinks.mjs";
import { lifetime, ownStack } from "../harness/stack.mjs";
import { givenApp } from "../harness/apps.mjs";
import { givenAccount } from "../harness/management.mjs";
import { until } from "../harness/until.mjs";

const DOCUMENT = new URL("../../docs/operations.md", import.meta.url);

describe("metrics of the control plane", { timeout: 120000 }, () => {
  const life = lifetime();
  let stack, app;
  before(async () => {
    stack = await ownStack(life);
    app = await givenApp(await givenAccount(stack));
  });

  /** Samples by name and labels, and each family's type. */
  async function metrics() {
    const response = await fetch(`${stack.console_metrics_url}/metrics`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type"), /^text\/plain; version=0\.0\.4/);
    const [samples, types] = [new Map(), new Map()];
    const text = await response.text();
    for (const line of text.split("\n").filter(Boolean)) {
      const type = line.match(/^# TYPE (\S+) (\S+)$/);
      if (type) types.set(type[1], type[2]);
      if (line.startsWith("#")) continue;
      const [, name, value] = line.match(/^([a-z_]+(?:\{[^}]*\})?) (\S+)$/) ?? assert.fail(`not a sample: ${line}`);
      assert.ok(Number.isFinite(Number(value)), line);
      assert.ok(!samples.has(name), `${name} is there once`);
      samples.set(name, Number(value));
    }
    return { text, types, of: (name) => samples.get(`signalbox_console_${name}`) };
  }

  test("requests, the pool, the feed and gateways are there, and customers are not named", async () => {
    const { text, of } = await until("the gateway has confirmed all", async () => {
      const found = await metrics();
      return found.text.match(/gateway_feed_lag\{[^}]*\} 0\n/) && found;
    });
    assert.ok(of('http_requests_total{route="apps/keys",status="2xx"}') >= 1);
    assert.ok(of('http_requests_total{route="internal/feed",status="2xx"}') >= 1);
    assert.ok(of('http_request_seconds_count{route="signup"}') >= 1);
    assert.ok(of('database_connections{state="idle"}') + of('database_connections{state="used"}') <= of("database_connections_max"));
    assert.deepEqual([of("database_up"), of("gateways_live")], [1, 1]);
    assert.ok(of("feed_revision") > 0);
    for (const name of [app.id, app.key, app.account.email, app.account.organisation.id]) assert.ok(!text.includes(name), name);
  });

  test("webhooks are counted from the queue to the answer", async (t) => {
    const [good, bad] = [await givenSink(t), await givenSink(t, () => 500)];
    for (const sink of [good, bad]) await givenHook(app, sink);
    await new Teller(stack).tell(app, [occupied("a"), occupied("b")]);
    await until("both were asked", () => good.requests.length > 0 && bad.requests.length > 0);
    const { of } = await until("what was taken is written down, and what was refused waits", async () => {
      const found = await metrics();
      return found.of("webhooks_pending") === 2 && found.of('webhook_attempts_total{outcome="refused"}') > 0 && found;
    });
    assert.ok(of('webhook_attempts_total{outcome="taken"}') > 0);
    assert.deepEqual([of("webhook_delivery_seconds_count"), of('webhook_delivery_seconds_bucket{le="10"}')], [2, 2]);
    assert.ok(of('intake_rows_total{what="channel_events"}') >= 2);
  });

  test("every family is in the document, with its whole name or behind the prefix", async () => {
    const { types } = await metrics();
    const document = readFileSync(DOCUMENT, "utf8");
    for (const name of types.keys()) {
      if (name.startsWith("process_")) continue;
      assert.ok(document.includes(`\`${name.replace("signalbox_console_", "")}\``), `${name} is not in docs/operations.md`);
    }
  });

  test("the public listener has none of it", async () => {
    const text = await (await fetch(`${stack.console_url}/metrics`)).text();
    assert.ok(!text.includes("signalbox_console_"));
    assert.equal((await fetch(`${stack.console_metrics_url}/v1/session`)).status, 404);
  });

  test("without Postgres what is known without it is still told", async () => {
    await stack.signal("postgres", "SIGSTOP");
    try {
      const { of } = await metrics();
      assert.equal(of("database_up"), 0);
      assert.equal(of("webhooks_pending"), undefined);
      assert.ok(of("live_viewers") === 0);
    } finally {
      await stack.signal("postgres", "SIGCONT");
    }
    await until("it is back", async () => (await metrics()).of("database_up") === 1, { within: 10000 });
  });
});

// What a customer goes through, from the first minute to the invoice, by the API alone.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { App, givenApp, isUnknown } from "../harness/apps.mjs";
import { mailed } from "../harness/mail.mjs";
import { givenAccount, operator } from "../harness/management.mjs";
import { rawClient } from "../harness/raw.mjs";
import { sharedStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

describe("a customer's story", { timeout: 120000 }, () => {
  let stack, account, api, organisation, app;
  before(async () => {
    stack = await sharedStack();
    account = await givenAccount(stack, { plan: "free" });
    api = account.api;
    organisation = `/v1/organisations/${account.organisation.id}`;
    app = new App(account, { id: account.first.id, key: account.first.credential.key, secret: account.first.credential.secret });
    await until("the gateway knows the app", async () => (await app.get("/channels")).status === 200);
  });

  test("the first app delivers in the first minute", async (t) => {
    const client = await rawClient(t, app);
    await client.subscribe("hello");
    assert.equal((await app.publish("hello", "greeting", "world")).status, 200);
    assert.equal((await client.next("greeting")).data, "world");
  });

  test("the address is proved by the link in the mail", async () => {
    const { token } = await mailed(stack, account.email, "Confirm your e-mail address");
    assert.equal((await api.call("POST", "/v1/email/verify", { token })).email, account.email);
    assert.equal((await api.send("POST", "/v1/email/verify", { token })).status, 410, "a link works once");
  });

  test("a cap that is hit says which, how far, until when, and can be looked up", async () => {
    await app.change({ messages_per_day: 30 });
    let refused;
    await until("the cap is hit", async () => {
      refused = await app.publish("capped", "e", "x");
      return refused.status !== 200;
    });
    assert.equal(refused.status, 429, refused.text);
    assert.ok(Number(refused.headers.get("retry-after")) > 0);
    const id = refused.headers.get("x-request-id");
    assert.ok(id, "every refusal has an id");
    const path = `/v1/apps/${app.id}/refusals/${id}`;
    const found = await until("the refusal is found", async () => {
      const answer = await api.send("GET", path);
      return answer.status === 200 && answer.json;
    });
    assert.deepEqual([found.code, found.rule, found.limit], ["quota_exhausted", "app_messages", 30]);
    assert.ok(found.used >= 30);
    const midnight = new Date().setUTCHours(24, 0, 0, 0);
    assert.equal(new Date(found.resets_at).getTime(), midnight);

    await app.change({ messages_per_day: null });
    await until("a cap that is lifted lets traffic through", async () => (await app.publish("capped", "e", "x")).status === 200, { within: 2000 });
  });

  test("an upgrade raises what may be used at once, and is on an invoice that can be recomputed", async (t) => {
    const before = await api.call("GET", `${organisation}/subscription`);
    assert.equal(before.plan.plan, "free");
    const preview = await api.call("POST", `${organisation}/subscription/preview`, { plan: "growth" });
    assert.ok(preview.due_now_cents > 7000 && preview.due_now_cents <= 7900, `${preview.due_now_cents} cents`);
    const changed = await api.call("PUT", `${organisation}/subscription`, { plan: "growth" });
    assert.equal(changed.takes, "at_once");
    const after = await api.call("GET", `${organisation}/subscription`);
    assert.equal(after.limits.max_connections, 5000);

    const { items } = await api.call("GET", `${organisation}/invoices`);
    assert.equal(items.length, 1);
    const number = items[0].number;
    const html = await api.send("GET", `${organisation}/invoices/${number}.html`);
    assert.match(html.text, /Growth plan/);
    const pdf = await api.send("GET", `${organisation}/invoices/${number}.pdf`);
    assert.ok(pdf.text.startsWith("%PDF-"));

    const folder = mkdtempSync(join(tmpdir(), "signalbox-invoice-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const [invoice, ledger] = [join(folder, "invoice.json"), join(folder, "ledger.ndjson")];
    const document = (await api.send("GET", `${organisation}/invoices/${number}`)).text;
    writeFileSync(invoice, document);
    const hour = (at) => new Date(at).toISOString();
    const range = new URLSearchParams({ from: hour(Date.now() - 86400000), to: hour(Date.now() + 3600000) });
    writeFileSync(ledger, (await api.send("GET", `${organisation}/usage/ledger?${range}`)).text);
    await operator(stack, "bill", "verify", invoice, ledger);
    const cents = JSON.parse(document).total_cents;
    writeFileSync(invoice, document.replace(`"total_cents":${cents}`, `"total_cents":${cents + 1}`));
    await assert.rejects(operator(stack, "bill", "verify", invoice, ledger), "a cent more is found");
  });

  test("a key that is revoked is dead when the receipt comes", async () => {
    const key = await app.givenKey({ actions: ["publish", "channels.read"] });
    const { receipt } = await api.call("DELETE", `/v1/apps/${app.id}/keys/${key.id}`);
    assert.deepEqual(receipt.pending, []);
    assert.ok(isUnknown(await app.bearer(key.token, "GET", "/channels")));
  });

  test("the usage of a minute ago is what was sent and received", async (t) => {
    const counted = await givenApp(account);
    const client = await rawClient(t, counted);
    await client.subscribe("counted");
    const today = () => api.call("GET", `/v1/apps/${counted.id}/usage?granularity=minute`);
    for (let n = 0; n < 25; n++) assert.equal((await counted.publish("counted", "e", "x".repeat(6000))).status, 200);
    for (let n = 0; n < 25; n++) await client.next("e");
    const total = await until("the usage is there", async () => {
      const { total } = await today();
      return total.delivered >= 25 && total.published >= 25 && total;
    }, { within: 60000, every: 500 });
    assert.deepEqual([total.published, total.delivered], [25, 25]);
    assert.equal(total.units, 100, "two units for six thousand bytes, sent and received");
  });

  test("what was done is in the audit log, and its chain holds", async (t) => {
    const log = await api.send("GET", `${organisation}/audit/export?format=ndjson`);
    assert.equal(log.status, 200, log.text);
    for (const action of ["app.changed", "key.created", "key.revoked"]) assert.match(log.text, new RegExp(action));
    const folder = mkdtempSync(join(tmpdir(), "signalbox-audit-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "audit.ndjson");
    writeFileSync(file, log.text);
    await operator(stack, "audit", "verify", file);
    writeFileSync(file, log.text.replace("key.revoked", "key.rewoked"));
    await assert.rejects(operator(stack, "audit", "verify", file));
  });
});

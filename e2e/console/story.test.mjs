// A customer's whole story in the browser, on real processes: from nothing to a message, a key, a webhook, a cap that is
// hit, a larger plan, an invoice that anybody can recompute, and the end of the key with its receipt.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { isUnknown } from "../harness/apps.mjs";
import { givenBrowser, givenPage, look } from "../harness/browser.mjs";
import { confirmTyped, dialog, downloaded, fillSignUp, firstApp, organisationOf, shown, somebody } from "../harness/console.mjs";
import { mailed } from "../harness/mail.mjs";
import { operator } from "../harness/management.mjs";
import { rawClient } from "../harness/raw.mjs";
import { givenSink } from "../harness/sinks.mjs";
import { lifetime, sharedStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

describe("a customer's story", { timeout: 300000 }, () => {
  const email = somebody("founder");
  const life = lifetime();
  const found = [];
  let stack, page, org, app, key, sink;

  before(async () => {
    stack = await sharedStack();
    sink = await givenSink(life, () => 204);
    page = await givenPage(await givenBrowser(life));
  });

  const seen = async (where, on = page) => found.push(...(await look(on, `story ${where}`)));
  const room = (name) => page.goto(`${stack.console_url}/organisations/${org}${name && `/${name}`}`);
  const appRoom = (name) => page.goto(`${stack.console_url}/apps/${app.id}${name && `/${name}`}`);
  const told = (text) => page.getByText(text).first().waitFor();
  const actions = async (name, item) => {
    await page.getByRole("button", { name: `Actions for ${name}`, exact: true }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };

  test("from nothing to the first delivered message in three clicks and a minute", async (t) => {
    const began = performance.now();
    let clicks = 0;
    const click = (name) => {
      clicks += 1;
      return page.getByRole("button", { name }).click();
    };
    await fillSignUp(page, stack, { email, organisation: "Northern Trains" });
    await click("Create account");
    await page.getByTestId("subscriber-status").filter({ hasText: "Subscribed" }).waitFor();
    await click("Send test message");
    await page.getByTestId("received-message").filter({ hasText: "Hello from the console" }).waitFor();
    const seconds = (performance.now() - began) / 1000;
    t.diagnostic(`${clicks} clicks, ${seconds.toFixed(1)} s with typing at a machine's speed`);
    assert.ok(clicks <= 3 && seconds < 60);
    app = await firstApp(page, stack);
    await seen("first message");
  });

  test("the address is proved by the mailed link", async () => {
    const { token } = await mailed(stack, email, "Confirm your e-mail address");
    await page.goto(`${stack.console_url}/verify-email#token=${token}`);
    await told(`${email} is confirmed.`);
    await page.getByRole("link", { name: "Go to your apps" }).click();
    await page.getByTestId("app-id").waitFor();
    org = await organisationOf(page);
  });

  test("what is sent shows in Live at once", async (t) => {
    await appRoom("live");
    await page.getByTestId("live-status").filter({ hasText: "Live" }).waitFor();
    await page.getByLabel("Channel", { exact: true }).fill("platform.4");
    await page.getByLabel("Data").fill('{"train":"ICE 72"}');
    const took = [];
    for (let n = 0; n < 5; n += 1) {
      await page.getByLabel("Event", { exact: true }).fill(`departed-${n}`);
      took.push(await page.evaluate(untilInLive, `departed-${n}`));
    }
    took.sort((a, b) => a - b);
    t.diagnostic(`from the click to the row: ${took.map((ms) => `${ms.toFixed(0)} ms`).join(", ")}`);
    // The target is 100 ms from the publish to the row (e2e/bench/live_latency.mjs); a busy machine may take a little longer here.
    assert.ok(took[2] < 500, `in the middle ${took[2]} ms`);
  });

  const publish = (channel) => app.bearer(key, "POST", "/events", { event: "e", channel, data: "1" });

  test("a key is made with a scope that says what it matches, and publishes", async () => {
    await appRoom("keys");
    await page.getByRole("button", { name: "Create secret key" }).first().click();
    await dialog(page).getByLabel("Name", { exact: true }).fill("Order service");
    await seen("create key");
    await dialog(page).getByRole("button", { name: "Create secret key" }).click();
    key = await shown(page, "key-token");
    await page.getByRole("button", { name: "I have stored it" }).click();
    await until("the key publishes", async () => (await publish("orders.1")).status === 200);
    assert.equal((await publish("stock.1")).status, 200);
  });

  test("a dry run says what a narrower key would have refused; saved, it does", async () => {
    await actions("Order service", "Edit…");
    await dialog(page).getByLabel("Pattern 1", { exact: true }).fill("orders.*");
    assert.match(await shown(page, "pattern-summary"), /match/, "what the pattern matches is said as one types");
    await dialog(page).getByRole("button", { name: "Dry run" }).click();
    const result = page.getByTestId("dry-run");
    await result.filter({ hasText: /1 of \d+ would have been refused/ }).waitFor();
    await result.getByText("stock.1").waitFor();
    await seen("dry run");
    await dialog(page).getByRole("button", { name: "Save" }).click();
    await page.getByTestId("key-row").getByText("orders.*").waitFor();
    await until("the narrower key is refused", async () => (await publish("stock.1")).status === 403);
    assert.equal((await publish("orders.1")).status, 200);
  });

  test("its token is rotated, and the one before goes on meanwhile", async () => {
    await actions("Order service", "Rotate token…");
    await dialog(page).getByRole("button", { name: "Make a new token" }).click();
    const former = key;
    key = await shown(page, "key-token");
    assert.notEqual(key, former);
    await seen("rotated token");
    await page.getByRole("button", { name: "I have stored it" }).click();
    await until("the new token publishes", async () => (await publish("orders.1")).status === 200);
    assert.equal((await app.bearer(former, "POST", "/events", { event: "e", channel: "orders.1", data: "1" })).status, 200);
    await page.getByTestId("key-row").getByText(/the previous token ends/).waitFor();
  });

  test("an endpoint is added, and what happens on a channel is delivered to it", async (t) => {
    await appRoom("webhooks");
    await page.getByRole("button", { name: "Add endpoint" }).first().click();
    await dialog(page).getByLabel("URL").fill(sink.url);
    await dialog(page).getByLabel("Description (optional)").fill("Shelf");
    await dialog(page).getByText("Standard Webhooks", { exact: true }).click();
    await dialog(page).getByRole("button", { name: "Add endpoint" }).click();
    assert.match(await shown(page, "endpoint-secret"), /^whsec_/);
    await dialog(page).getByRole("button", { name: "I have stored it" }).click();
    await page.getByRole("link", { name: "Shelf" }).click();
    await told("Nothing to tell yet");
    const client = await rawClient(t, app);
    await client.subscribe("delivered-room");
    const delivery = page.getByTestId("delivery-row").filter({ hasText: "delivered-room" });
    await delivery.filter({ hasText: "Delivered" }).waitFor({ timeout: 20000 });
    await seen("endpoint");
    await delivery.getByRole("button").click();
    await page.getByTestId("attempt-row").first().getByText("204").first().waitFor();
    await page.getByRole("region", { name: "Request body" }).waitFor();
    await seen("delivery");
    await page.keyboard.press("Escape");
    const { headers, rawBody } = sink.requests.find(({ rawBody }) => rawBody.includes("delivered-room"));
    assert.ok(headers["webhook-signature"].startsWith("v1,"), rawBody);
  });

  test("a cap that is hit says so, and the refusal is found by the id of the request", async () => {
    await appRoom("settings/quota");
    const quota = page.getByRole("form", { name: "Message quota" });
    await quota.getByLabel("Messages per day (optional)").fill("1");
    await quota.getByRole("list", { name: "What saving changes" }).getByText("no share of its own").waitFor();
    await quota.getByRole("button", { name: "Save" }).click();
    await told("Message quota saved.");
    await seen("app settings");
    let refused;
    await until("the cap is hit", async () => {
      refused = await app.publish("orders.1", "e", "1");
      return refused.status === 429;
    });
    const id = refused.headers.get("x-request-id");
    await until("the refusal has arrived", async () => (await page.request.get(`${stack.console_url}/v1/apps/${app.id}/refusals/${id}`)).status() === 200);
    await appRoom("refusals");
    await page.getByLabel("Request id").fill(id);
    await page.getByRole("button", { name: "Look up" }).click();
    const refusal = page.getByTestId("refusal");
    await refusal.getByText("quota_exhausted").waitFor();
    await refusal.getByText("app_messages", { exact: true }).waitFor();
    await page.getByTestId("refusal-row").filter({ hasText: id }).waitFor();
    await seen("refusals");
    await appRoom("settings/quota");
    await quota.getByLabel("Messages per day (optional)").fill("");
    await quota.getByRole("button", { name: "Save" }).click();
    await until("a lifted cap lets traffic through", async () => (await app.publish("orders.1", "e", "1")).status === 200, { within: 5000 });
  });

  test("the plan is changed after a look at what is due", async () => {
    await room("billing");
    await page.getByRole("meter", { name: "Messages today" }).waitFor();
    await page.getByRole("button", { name: "Choose Starter" }).click();
    const due = await shown(page, "due-now");
    assert.match(due, /^\$\d+\.\d\d$/);
    await seen("change of plan");
    await page.getByRole("button", { name: `Change and pay ${due}` }).click();
    await page.getByTestId("plan-starter").getByText("your plan").waitFor();
    await page.getByTestId("invoice-row").filter({ hasText: due }).waitFor();
    await seen("billing");
  });

  test("the invoice is read, downloaded, and recomputed offline", async () => {
    await page.getByTestId("invoice-row").getByRole("link", { name: "Invoice 1" }).first().click();
    const invoice = page.getByTestId("invoice");
    await invoice.getByText("Starter plan").waitFor();
    assert.equal(await invoice.getByTestId("invoice-line").count(), 1, "a line of nothing is not printed");
    await page.getByTestId("invoice-state").getByText("open").waitFor();
    await seen("invoice");
    const pdf = await downloaded(page, () => page.getByRole("link", { name: "Download PDF" }).click());
    assert.equal(pdf.name, "invoice-1.pdf");
    assert.ok(readFileSync(pdf.path, "latin1").startsWith("%PDF-"));
    await page.getByRole("button", { name: "More" }).click();
    const [printed] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("menuitem", { name: "Page to print" }).click()]);
    await printed.getByText("Starter plan").first().waitFor();
    await seen("printed invoice", printed);
    await printed.close();
    const command = await page.getByRole("region", { name: "Command that recomputes the invoice" }).textContent();
    assert.match(command, /bill verify invoice-1\.json$/, "no usage is on it, so no ledger is needed");
    const json = await downloaded(page, () => page.getByRole("link", { name: "Invoice", exact: true }).click());
    assert.ok(JSON.parse(readFileSync(json.path, "utf8")).lines.some(({ plan }) => plan === "starter"));
    await operator(stack, "bill", "verify", json.path);
  });

  test("a smaller plan waits for the next period, and can be taken back", async () => {
    await room("billing");
    await page.getByRole("button", { name: "Choose Free" }).click();
    await dialog(page).getByRole("button", { name: "Change the plan" }).click();
    const back = page.getByRole("button", { name: "Stay with Starter" });
    await back.waitFor();
    await seen("plan of the next period");
    await back.click();
    await back.waitFor({ state: "detached" });
    await page.getByTestId("plan-starter").getByText("your plan").waitFor();
  });

  test("the usage has the messages within a minute, by key too", async () => {
    const published = async () => {
      await page.getByTestId("total-published").waitFor();
      return Number((await page.getByTestId("total-published").locator("dd").first().textContent()).match(/^[\d,]+/)[0].replaceAll(",", ""));
    };
    // Six by the console's buttons, at least two with the key, and a minute may have ended between them.
    const rows = page.getByTestId("usage-key-row");
    const byTheKey = rows.filter({ hasNotText: app.key }).filter({ hasNotText: "No key accepted" });
    const isThere = async () => (await appRoom("usage"), (await published()) >= 8 && (await byTheKey.count()) > 0);
    await until("the usage is there", isThere, { within: 130000, every: 1000 });
    await page.getByRole("slider").first().waitFor();
    await seen("app usage");
    const all = await published();
    await rows.filter({ hasText: app.key }).getByRole("button").click();
    await told("One key of this app");
    await until("only a part is shown", async () => (await published()) < all);
    await seen("usage of one key");
    await page.getByRole("button", { name: "Show all keys" }).click();
    await until("all of it is shown", async () => (await published()) >= all);
    await room("usage");
    await page.getByTestId("usage-app-row").first().waitFor();
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByRole("region", { name: "Usage over time, table" }).getByRole("row").nth(3).waitFor();
    await seen("usage");
  });

  test("revoked, it is dead when the receipt is there", async () => {
    await appRoom("keys");
    await actions("Order service", "Revoke…");
    await confirmTyped(page, "Order service", "Revoke key");
    await page.getByTestId("revocation-receipt").filter({ hasText: /confirmed in \d+ ms/ }).waitFor();
    assert.ok(isUnknown(await publish("orders.1")));
    await seen("receipt");
    await page.getByRole("button", { name: "Close", exact: true }).last().click();
  });

  test("the audit log tells all of it in sentences, with what was before and after", async () => {
    await room("audit");
    const entry = (action) => page.locator(`[data-testid="audit-entry"][data-action="${action}"]`);
    const deeds = "app.created key.created key.changed key.rotated key.revoked webhook.created app.changed subscription.changed";
    for (const action of deeds.split(" ")) await entry(action).first().waitFor();
    await entry("key.revoked").filter({ hasText: `${email} revoked the secret key Order service` }).waitFor();
    await seen("audit");
    await entry("key.changed").getByRole("button").click();
    const details = page.getByTestId("audit-details");
    await details.getByRole("row", { name: /Channels/ }).filter({ hasText: "orders.*" }).waitFor();
    await seen("audit entry");
    await details.getByRole("button", { name: "All about it" }).click();
    await entry("app.created").waitFor({ state: "detached" });
    await entry("key.created").waitFor();
  });

  test("every room of it can be used by everybody, in both colour schemes", () => assert.deepEqual(found, []));

  test("nothing went wrong behind the scenes", () => {
    const expected = /Failed to load resource/; // the asked-for refusals above
    assert.deepEqual(page.problems.filter((problem) => !expected.test(problem)), []);
  });
});

/** In the page: presses Publish, and answers with the milliseconds until the row of the event is there. */
function untilInLive(event) {
  return new Promise((resolve) => {
    const stream = () => document.querySelector("[data-testid=live-stream]");
    const began = performance.now();
    const watcher = new MutationObserver(() => {
      if (!stream()?.textContent.includes(event)) return;
      watcher.disconnect();
      resolve(performance.now() - began);
    });
    watcher.observe(document.body, { childList: true, subtree: true, characterData: true });
    [...document.querySelectorAll("button")].find(({ textContent }) => textContent === "Publish").click();
  });
}

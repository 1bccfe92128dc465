// A customer's story in the browser: a team, its tokens and keys, the plan and the invoice, a cap, the log of it all.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { App, isUnknown } from "../harness/apps.mjs";
import { givenBrowser, givenPage, look } from "../harness/browser.mjs";
import { mailTo, mailed } from "../harness/mail.mjs";
import { operator } from "../harness/management.mjs";
import { lifetime, sharedStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

describe("an organisation in the console", { timeout: 420000 }, () => {
  const mailbox = (who) => `${who}-${randomBytes(5).toString("hex")}@signalbox.example`;
  const founder = mailbox("founder");
  const colleague = mailbox("colleague");
  const password = `Right-horse-${randomBytes(6).toString("hex")}`;
  const life = lifetime();
  const found = [];
  let stack, browser, page, org, app, key;

  before(async () => {
    stack = await sharedStack();
    browser = await givenBrowser(life);
    page = await givenPage(browser);
  });

  const seen = async (where, on = page) => found.push(...(await look(on, `organisation ${where}`)));
  const room = (name) => page.goto(`${stack.console_url}/organisations/${org}${name && `/${name}`}`);
  const appRoom = (name) => page.goto(`${stack.console_url}/apps/${app.id}${name && `/${name}`}`);
  const shown = (testId) => page.getByTestId(testId).first().textContent();
  const dialog = (on = page) => on.getByRole("dialog");
  const confirmTyped = async (phrase, action) => {
    await dialog().getByLabel(/Type/).fill(phrase);
    await dialog().getByRole("button", { name: action, exact: true }).click();
  };
  const told = (text) => page.getByText(text).first().waitFor();
  const asked = async (path) => (await page.request.get(stack.console_url + path)).json();

  async function downloaded(click) {
    const [download] = await Promise.all([page.waitForEvent("download"), click()]);
    return { name: download.suggestedFilename(), path: await download.path() };
  }

  test("a stranger signs up, proves the address and sends a message", async () => {
    await page.goto(`${stack.console_url}/signup`);
    await page.getByLabel("Email").fill(founder);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByLabel("Organisation (optional)").fill("Northern Trains");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.waitForURL(/\/apps\/\d+/);
    app = new App({ stack }, { id: await shown("app-id"), key: await shown("app-key"), secret: await shown("app-secret") });
    await page.getByTestId("subscriber-status").filter({ hasText: "Subscribed" }).waitFor();
    await page.getByRole("button", { name: "Send test message" }).click();
    await page.getByTestId("received-message").first().waitFor();
    const { token } = await mailed(stack, founder, "Confirm your e-mail address");
    await page.goto(`${stack.console_url}/verify-email#token=${token}`);
    await told(`${founder} is confirmed.`);
    await page.getByRole("link", { name: "Go to your apps" }).click();
    await page.getByTestId("app-id").waitFor();
    await page.getByRole("link", { name: "Team", exact: true }).first().click();
    org = new URL(page.url()).pathname.split("/")[2];
    assert.match(org, /^[0-9a-f-]{36}$/);
  });

  test("the organisation shows its apps and the gateways that serve them", async () => {
    await room("");
    await page.getByRole("heading", { name: "Northern Trains" }).waitFor();
    await page.getByRole("region", { name: "Gateways" }).getByText("Connected").first().waitFor();
    await seen("apps");
  });

  test("a colleague is invited by mail", async () => {
    await room("team");
    await page.getByTestId("member-row").filter({ hasText: founder }).waitFor();
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await dialog().getByLabel("Email").fill(colleague);
    await dialog().getByRole("radio", { name: /^Viewer/ }).check();
    await seen("invite");
    await dialog().getByRole("button", { name: "Send the invitation" }).click();
    await page.getByTestId("invitation-row").filter({ hasText: colleague }).waitFor();
    await seen("team with an invitation");
  });

  test("the link makes them an account that sees the organisation and may change nothing", async () => {
    const invitation = await until(`an invitation to ${colleague}`, async () => (await mailTo(stack, colleague)).find(({ subject }) => subject.includes("invites you to Northern Trains")));
    const theirs = await givenPage(browser);
    await theirs.goto(`${stack.console_url}/invitation#token=${invitation.token}`);
    await theirs.getByRole("heading", { name: "Join Northern Trains" }).waitFor();
    await seen("invitation", theirs);
    await theirs.getByLabel("Password", { exact: true }).fill(`${password}-2`);
    await theirs.getByRole("button", { name: "Create the account and join" }).click();
    await theirs.waitForURL(new RegExp(`/organisations/${org}`));
    await theirs.goto(`${stack.console_url}/organisations/${org}/team`);
    await theirs.getByTestId("member-row").filter({ hasText: founder }).waitFor();
    assert.equal(await theirs.getByRole("button", { name: "Invite", exact: true }).count(), 0);
    await theirs.context().close();
  });

  test("their role is changed", async () => {
    await room("team");
    await page.locator(`input[aria-label="Role of ${colleague}"]`).click();
    await page.getByRole("option", { name: "Developer" }).click();
    await told(`${colleague} is now developer.`);
    const { items } = await asked(`/v1/organisations/${org}/members`);
    assert.equal(items.find(({ email }) => email === colleague)?.role, "developer");
    await seen("team");
  });

  test("a management token does what it may, and nothing once it is revoked", async () => {
    await room("tokens");
    await page.getByRole("button", { name: "Create token" }).first().click();
    await dialog().getByLabel("Name", { exact: true }).fill("Nightly script");
    await dialog().getByText("See the team").click();
    await seen("create token");
    await dialog().getByRole("button", { name: "Create token" }).click();
    const token = await shown("management-token");
    assert.match(token, /^mt_sbx_/);
    await page.getByRole("button", { name: "I have stored it" }).click();
    const asScript = async (path) => (await fetch(`${stack.console_url}/v1/organisations/${org}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
    assert.equal(await asScript("/members"), 200);
    assert.equal(await asScript("/invoices"), 403);
    await page.getByTestId("token-row").filter({ hasText: "Nightly script" }).waitFor();
    assert.ok(!(await page.content()).includes(token));
    await seen("tokens");
    await page.getByRole("button", { name: "Revoke Nightly script" }).click();
    await confirmTyped("Nightly script", "Revoke token");
    await page.getByTestId("token-row").waitFor({ state: "detached" });
    assert.equal(await asScript("/members"), 401);
  });

  const publish = (channel) => app.bearer(key, "POST", "/events", { event: "e", channel, data: "1" });

  test("a key is made and publishes", async () => {
    await appRoom("keys");
    await page.getByRole("button", { name: "Create secret key" }).first().click();
    await dialog().getByLabel("Name", { exact: true }).fill("Order service");
    await dialog().getByRole("button", { name: "Create secret key" }).click();
    key = await shown("key-token");
    await page.getByRole("button", { name: "I have stored it" }).click();
    await until("the key publishes", async () => (await publish("orders.1")).status === 200);
    assert.equal((await publish("stock.1")).status, 200);
  });

  test("a dry run says what a narrower key would have refused; saved, it does", async () => {
    await page.getByRole("button", { name: "Actions for Order service" }).click();
    await page.getByRole("menuitem", { name: "Edit…" }).click();
    await dialog().getByLabel("Pattern 1", { exact: true }).fill("orders.*");
    await dialog().getByRole("button", { name: "Dry run" }).click();
    const result = page.getByTestId("dry-run");
    await result.filter({ hasText: /1 of \d+ would have been refused/ }).waitFor();
    await result.getByText("stock.1").waitFor();
    await seen("dry run");
    await dialog().getByRole("button", { name: "Save" }).click();
    await page.getByTestId("key-row").getByText("orders.*").waitFor();
    await until("the narrower key is refused", async () => (await publish("stock.1")).status === 403);
    assert.equal((await publish("orders.1")).status, 200);
  });

  test("its token is rotated, and the one before goes on meanwhile", async () => {
    await page.getByRole("button", { name: "Actions for Order service" }).click();
    await page.getByRole("menuitem", { name: "Rotate token…" }).click();
    await dialog().getByRole("button", { name: "Make a new token" }).click();
    const former = key;
    key = await shown("key-token");
    assert.notEqual(key, former);
    await seen("rotated token");
    await page.getByRole("button", { name: "I have stored it" }).click();
    await until("the new token publishes", async () => (await publish("orders.1")).status === 200);
    assert.equal((await app.bearer(former, "POST", "/events", { event: "e", channel: "orders.1", data: "1" })).status, 200);
    await page.getByTestId("key-row").getByText(/the previous token ends/).waitFor();
  });

  test("revoked, it is dead when the receipt is there", async () => {
    await page.getByRole("button", { name: "Actions for Order service" }).click();
    await page.getByRole("menuitem", { name: "Revoke…" }).click();
    await confirmTyped("Order service", "Revoke key");
    await page.getByTestId("revocation-receipt").filter({ hasText: /confirmed in \d+ ms/ }).waitFor();
    assert.ok(isUnknown(await publish("orders.1")));
    await seen("receipt");
    await page.getByRole("button", { name: "Close", exact: true }).last().click();
  });

  test("a publishable key is tried out, rotated, and both are listed", async () => {
    await page.getByRole("button", { name: "Create publishable key" }).click();
    await dialog().getByLabel("Name", { exact: true }).fill("Timetable page");
    await dialog().getByRole("button", { name: "Create publishable key" }).click();
    await page.getByRole("button", { name: "Actions for Timetable page" }).click();
    await page.getByRole("menuitem", { name: "Edit…" }).click();
    await dialog().getByRole("button", { name: "Dry run" }).click();
    await page.getByTestId("dry-run").filter({ hasText: "nothing can be said" }).waitFor();
    await dialog().getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Actions for Timetable page" }).click();
    await page.getByRole("menuitem", { name: "Rotate…" }).click();
    await dialog().getByRole("button", { name: "Make a new key" }).click();
    const rotated = await shown("rotated-key");
    await seen("rotated publishable key");
    await dialog().getByRole("button", { name: "Close", exact: true }).last().click();
    const rows = page.getByTestId("publishable-key-row");
    assert.equal(await rows.count(), 2);
    await rows.filter({ hasText: rotated }).getByText("in place of").waitFor();
  });

  test("a pair that clients hold already is brought along, and given an end", async () => {
    const held = { key: randomBytes(10).toString("hex"), secret: randomBytes(10).toString("hex") };
    await page.getByRole("button", { name: "Bring a pair along" }).click();
    await dialog().getByLabel("Key", { exact: true }).fill(held.key);
    await dialog().getByLabel("Secret", { exact: true }).fill(held.secret);
    await seen("bring a pair along");
    await dialog().getByRole("button", { name: "Bring it along" }).click();
    const brought = new App({ stack }, { id: app.id, ...held });
    await until("it signs", async () => (await brought.publish("orders.1", "e", "1")).status === 200);
    await page.getByRole("button", { name: `Actions for ${held.key}` }).click();
    await page.getByRole("menuitem", { name: "Change when it ends…" }).click();
    await dialog().getByRole("combobox", { name: "Expires" }).or(dialog().locator("input[aria-haspopup=listbox]")).first().click();
    await page.getByRole("option", { name: "In 7 days" }).click();
    await dialog().getByRole("button", { name: "Save" }).click();
    await page.getByTestId("credential-row").filter({ hasText: held.key }).getByText("in 7 days").waitFor();
    await seen("keys");
  });

  test("the plan is changed after a look at what is due", async () => {
    await room("billing");
    await page.getByRole("meter", { name: "Messages today" }).waitFor();
    await page.getByRole("button", { name: "Choose Starter" }).click();
    const due = await shown("due-now");
    assert.match(due, /^\$\d+\.\d\d$/);
    await seen("change of plan");
    await page.getByRole("button", { name: `Change and pay ${due}` }).click();
    await page.getByTestId("plan-starter").getByText("your plan").waitFor();
    await page.getByTestId("invoice-row").filter({ hasText: due }).waitFor();
    await seen("billing");
  });

  test("the invoice is read, and downloaded", async () => {
    const link = (as) => page.getByRole("link", { name: new RegExp(`^Invoice \\d+ as ${as}$`) });
    const [shownInvoice] = await Promise.all([page.context().waitForEvent("page"), link("HTML").click()]);
    await shownInvoice.getByText(/Plan starter/i).first().waitFor();
    await seen("invoice", shownInvoice);
    await shownInvoice.close();
    const pdf = await downloaded(() => link("PDF").click());
    assert.match(pdf.name, /^invoice-\d+\.pdf$/);
    assert.ok(readFileSync(pdf.path, "latin1").startsWith("%PDF-"));
    const json = await downloaded(() => link("JSON").click());
    assert.ok(JSON.parse(readFileSync(json.path, "utf8")).lines.some(({ plan }) => plan === "starter"));
    await page.getByRole("button", { name: /^Recompute invoice/ }).click();
    const command = await dialog().getByRole("region", { name: "Command that recomputes the invoice" }).textContent();
    assert.match(command, /bill verify invoice-\d+\.json$/, "no usage is on it, so no ledger is needed");
    await seen("recompute an invoice");
    await operator(stack, "bill", "verify", json.path);
    await dialog().getByRole("button", { name: "Close", exact: true }).click();
  });

  test("a smaller plan waits for the next period, and can be taken back", async () => {
    await page.getByRole("button", { name: "Choose Free" }).click();
    await dialog().getByRole("button", { name: "Change the plan" }).click();
    const back = page.getByRole("button", { name: "Stay with Starter" });
    await back.waitFor();
    await seen("plan of the next period");
    await back.click();
    await back.waitFor({ state: "detached" });
    await page.getByTestId("plan-starter").getByText("your plan").waitFor();
  });

  test("what is printed on invoices, and which alerts are sent, is saved", async () => {
    const details = page.getByRole("form", { name: "Billing details" });
    await details.getByLabel("Country (two letters)").fill("no");
    await details.getByRole("button", { name: "Save the details" }).click();
    await told("Billing details saved.");
    const alerts = page.getByRole("form", { name: "Alerts" });
    await alerts.getByRole("switch", { name: "Of the connections" }).uncheck();
    await alerts.getByRole("button", { name: "Save the alerts" }).click();
    await told("Alerts saved.");
    assert.equal((await asked(`/v1/organisations/${org}/billing/profile`)).country, "NO");
    assert.equal((await asked(`/v1/organisations/${org}/alerts/settings`)).connections, false);
  });

  test("the usage has the messages within a minute, by key too", async () => {
    const published = async () => {
      await page.getByTestId("total-published").waitFor();
      return Number((await page.getByTestId("total-published").locator("dd").first().textContent()).match(/^[\d,]+/)[0].replaceAll(",", ""));
    };
    // One by the console's button, at least two with the key, one with the pair that was brought along.
    await until("the usage is there", async () => (await appRoom("usage"), (await published()) >= 6), { within: 70000, every: 1000 });
    await page.getByRole("slider").first().waitFor();
    await seen("app usage");
    const all = await published();
    await page.getByTestId("usage-key-row").filter({ hasText: app.key }).getByRole("button").click();
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

  test("a cap that is hit says so, and the refusal is found by the id of the request", async () => {
    await appRoom("settings");
    const quota = page.getByRole("form", { name: "Message quota" });
    await quota.getByLabel("Messages per day (optional)").fill("1");
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
    await appRoom("settings");
    await quota.getByLabel("Messages per day (optional)").fill("");
    await quota.getByRole("button", { name: "Save" }).click();
    await until("a lifted cap lets traffic through", async () => (await app.publish("orders.1", "e", "1")).status === 200, { within: 5000 });
  });

  test("the audit log has it all, with what was before and after, and verifies", async () => {
    await room("audit");
    const entry = (action) => page.locator(`[data-testid="audit-entry"][data-action="${action}"]`);
    const deeds = "invitation.sent member.joined member.role_changed token.created token.revoked key.created key.changed key.rotated key.revoked publishable_key.rotated credential.created credential.changed subscription.changed alerts.changed app.changed";
    for (const action of deeds.split(" ")) await entry(action).first().waitFor();
    await entry("member.role_changed").getByRole("button").click();
    await entry("member.role_changed").getByRole("row", { name: /role/ }).filter({ hasText: "viewer" }).filter({ hasText: "developer" }).waitFor();
    await seen("audit");
    await page.getByLabel("Action").fill("token");
    await entry("member.role_changed").waitFor({ state: "detached" });
    await entry("token.revoked").waitFor();
    assert.match(await shown("audit-head"), /^[0-9a-f]{64}$/);
    await page.getByRole("button", { name: "Export" }).click();
    const log = await downloaded(() => page.getByRole("menuitem", { name: /NDJSON/ }).click());
    await operator(stack, "audit", "verify", log.path);
  });

  test("a colleague is removed", async () => {
    await room("team");
    await page.getByRole("button", { name: `Actions for ${colleague}` }).click();
    await page.getByRole("menuitem", { name: "Remove…" }).click();
    await seen("remove a member");
    await confirmTyped(colleague, "Remove");
    await page.getByTestId("member-row").filter({ hasText: colleague }).waitFor({ state: "detached" });
  });

  test("another organisation is made, deleted, and brought back", async () => {
    await page.getByTestId("app-switcher").first().click();
    await page.getByRole("menuitem", { name: "Create organisation" }).click();
    await dialog().getByLabel("Name").fill("Short lived");
    await dialog().getByRole("button", { name: "Create organisation" }).click();
    await page.getByRole("heading", { name: "Short lived" }).waitFor();
    await seen("without apps");
    await page.goto(`${page.url().replace(/\/$/, "")}/settings`);
    await page.getByRole("button", { name: "Delete organisation…" }).click();
    await seen("delete organisation");
    await confirmTyped("Short lived", "Delete organisation");
    await page.getByRole("button", { name: "Restore it" }).waitFor();
    await seen("being deleted");
    await page.getByRole("button", { name: "Restore it" }).click();
    await page.getByRole("button", { name: "Restore it" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Delete organisation…" }).waitFor();
  });

  test("the account's own rooms", async () => {
    await page.goto(`${stack.console_url}/account`);
    await page.getByRole("form", { name: "Name" }).waitFor();
    await seen("account");
    await page.goto(`${stack.console_url}/account/security`);
    await page.getByTestId("session-row").first().waitFor();
    await seen("security");
  });

  test("every room of it can be used by everybody, in both colour schemes", () => assert.deepEqual(found, []));

  test("nothing went wrong behind the scenes", () => {
    const expected = /Failed to load resource/; // the asked-for refusals above
    assert.deepEqual(page.problems.filter((problem) => !expected.test(problem)), []);
  });
});

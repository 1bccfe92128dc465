// An organisation in the browser: its team, tokens, keys for clients, billing details, and the log of it all.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, test } from "node:test";
import { App } from "../harness/apps.mjs";
import { givenBrowser, givenPage, look } from "../harness/browser.mjs";
import { choose, confirmTyped, dialog, downloaded, newPassword, organisationOf, shown, signedUp, somebody } from "../harness/console.mjs";
import { mailTo, mailed } from "../harness/mail.mjs";
import { operator } from "../harness/management.mjs";
import { lifetime, sharedStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

describe("an organisation in the console", { timeout: 420000 }, () => {
  const [founder, colleague] = [somebody("founder"), somebody("colleague")];
  const password = newPassword();
  const life = lifetime();
  const found = [];
  let stack, browser, page, org, app;

  before(async () => {
    stack = await sharedStack();
    browser = await givenBrowser(life);
    page = await givenPage(browser);
    app = await signedUp(page, stack, { email: founder, password, organisation: "Northern Trains" });
    // People are invited by those whose address is proved.
    const { token } = await mailed(stack, founder, "Confirm your e-mail address");
    await page.goto(`${stack.console_url}/verify-email#token=${token}`);
    await told(`${founder} is confirmed.`);
    org = await organisationOf(page);
  });

  const seen = async (where, on = page) => found.push(...(await look(on, `organisation ${where}`)));
  const room = (name) => page.goto(`${stack.console_url}/organisations/${org}${name && `/${name}`}`);
  const appRoom = (name) => page.goto(`${stack.console_url}/apps/${app.id}${name && `/${name}`}`);
  const told = (text) => page.getByText(text).first().waitFor();
  const asked = async (path) => (await page.request.get(stack.console_url + path)).json();

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
    await dialog(page).getByLabel("Email").fill(colleague);
    await dialog(page).getByRole("radio", { name: /^Viewer/ }).check();
    await seen("invite");
    await dialog(page).getByRole("button", { name: "Send the invitation" }).click();
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
    await choose(page.locator(`input[aria-label="Role of ${colleague}"]`), "Developer", { exact: false });
    await told(`${colleague} is now developer.`);
    const { items } = await asked(`/v1/organisations/${org}/members`);
    assert.equal(items.find(({ email }) => email === colleague)?.role, "developer");
    await seen("team");
  });

  test("a management token does what it may, and nothing once it is revoked", async () => {
    await room("tokens");
    await page.getByRole("button", { name: "Create token" }).first().click();
    await dialog(page).getByLabel("Name", { exact: true }).fill("Nightly script");
    await dialog(page).getByText("See the team").click();
    await seen("create token");
    await dialog(page).getByRole("button", { name: "Create token" }).click();
    const token = await shown(page, "management-token");
    assert.match(token, /^mt_sbx_/);
    await page.getByRole("button", { name: "I have stored it" }).click();
    const asScript = async (path) => (await fetch(`${stack.console_url}/v1/organisations/${org}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
    assert.equal(await asScript("/members"), 200);
    assert.equal(await asScript("/invoices"), 403);
    await page.getByTestId("token-row").filter({ hasText: "Nightly script" }).waitFor();
    assert.ok(!(await page.content()).includes(token));
    await seen("tokens");
    await page.getByRole("button", { name: "Revoke Nightly script" }).click();
    await confirmTyped(page, "Nightly script", "Revoke token");
    await page.getByTestId("token-row").waitFor({ state: "detached" });
    assert.equal(await asScript("/members"), 401);
  });

  test("a publishable key is tried out, rotated, and both are listed", async () => {
    await appRoom("keys");
    await page.getByRole("button", { name: "Create publishable key" }).click();
    await dialog(page).getByLabel("Name", { exact: true }).fill("Timetable page");
    await dialog(page).getByRole("button", { name: "Create publishable key" }).click();
    await page.getByRole("button", { name: "Actions for Timetable page" }).click();
    await page.getByRole("menuitem", { name: "Edit…" }).click();
    await dialog(page).getByRole("button", { name: "Dry run" }).click();
    await page.getByTestId("dry-run").filter({ hasText: "nothing can be said" }).waitFor();
    await dialog(page).getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Actions for Timetable page" }).click();
    await page.getByRole("menuitem", { name: "Rotate…" }).click();
    await dialog(page).getByRole("button", { name: "Make a new key" }).click();
    const rotated = await shown(page, "rotated-key");
    await seen("rotated publishable key");
    await dialog(page).getByRole("button", { name: "Close", exact: true }).last().click();
    const rows = page.getByTestId("publishable-key-row");
    assert.equal(await rows.count(), 2);
    await rows.filter({ hasText: rotated }).getByText("current", { exact: true }).waitFor();
    await rows.nth(1).getByText(/^Rotated; taken until/).waitFor();
    await page.getByRole("button", { name: "Actions for Timetable page, previous key" }).waitFor();
  });

  test("a pair that clients hold already is brought along, and given an end", async () => {
    const held = { key: randomBytes(10).toString("hex"), secret: randomBytes(10).toString("hex") };
    await page.getByRole("button", { name: "Bring a pair along" }).click();
    await dialog(page).getByLabel("Key", { exact: true }).fill(held.key);
    await dialog(page).getByLabel("Secret", { exact: true }).fill(held.secret);
    await seen("bring a pair along");
    await dialog(page).getByRole("button", { name: "Bring it along" }).click();
    const brought = new App({ stack }, { id: app.id, ...held });
    await until("it signs", async () => (await brought.publish("orders.1", "e", "1")).status === 200);
    await page.getByRole("button", { name: `Actions for ${held.key}` }).click();
    await page.getByRole("menuitem", { name: "Change when it ends…" }).click();
    await choose(dialog(page).locator("input[aria-haspopup=listbox]"), "In 7 days");
    await dialog(page).getByRole("button", { name: "Save" }).click();
    await page.getByTestId("credential-row").filter({ hasText: held.key }).getByText("in 7 days").waitFor();
    await seen("keys");
  });

  test("what is printed on invoices, and which alerts are sent, is saved", async () => {
    await room("billing");
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

  test("the audit log has it all, by person, by kind and by app, and verifies", async () => {
    await room("audit");
    const entry = (action) => page.locator(`[data-testid="audit-entry"][data-action="${action}"]`);
    const deeds = "invitation.sent member.joined member.role_changed token.created token.revoked publishable_key.rotated credential.created credential.changed alerts.changed";
    for (const action of deeds.split(" ")) await entry(action).first().waitFor();
    await entry("member.role_changed").filter({ hasText: `${founder} made ${colleague} developer` }).waitFor();
    await entry("member.role_changed").getByRole("button").click();
    const details = page.getByTestId("audit-details");
    await details.getByRole("row", { name: /Role/ }).filter({ hasText: "viewer" }).filter({ hasText: "developer" }).waitFor();
    await seen("audit entry");
    await page.keyboard.press("Escape");
    const labelled = (label) => page.getByRole("combobox", { name: label, exact: true }).or(page.getByRole("textbox", { name: label, exact: true }));
    await choose(labelled("What"), "Management tokens: all");
    await entry("member.role_changed").waitFor({ state: "detached" });
    await entry("token.revoked").waitFor();
    await room("audit");
    await choose(labelled("Who"), colleague);
    await entry("member.joined").waitFor();
    await entry("token.revoked").waitFor({ state: "detached" });
    await page.goto(`${stack.console_url}/organisations/${org}/audit?app=${app.id}`);
    await entry("publishable_key.rotated").waitFor();
    assert.equal(await entry("token.revoked").count(), 0, "a token is of no app");
    await seen("audit");
    assert.match(await shown(page, "audit-head"), /^[0-9a-f]{64}$/);
    await page.getByRole("button", { name: "Export" }).click();
    const log = await downloaded(page, () => page.getByRole("menuitem", { name: /NDJSON/ }).click());
    await operator(stack, "audit", "verify", log.path);
  });

  test("a colleague is removed", async () => {
    await room("team");
    await page.getByRole("button", { name: `Actions for ${colleague}` }).click();
    await page.getByRole("menuitem", { name: "Remove…" }).click();
    await seen("remove a member");
    await confirmTyped(page, colleague, "Remove");
    await page.getByTestId("member-row").filter({ hasText: colleague }).waitFor({ state: "detached" });
  });

  test("another organisation is made, deleted, and brought back", async () => {
    await page.getByTestId("app-switcher").first().click();
    await page.getByRole("menuitem", { name: "Create organisation" }).click();
    await dialog(page).getByLabel("Name").fill("Short lived");
    await dialog(page).getByRole("button", { name: "Create organisation" }).click();
    await page.getByRole("heading", { name: "Short lived" }).waitFor();
    await seen("without apps");
    await page.goto(`${page.url().replace(/\/$/, "")}/settings`);
    await page.getByRole("button", { name: "Delete organisation…" }).click();
    await seen("delete organisation");
    await confirmTyped(page, "Short lived", "Delete organisation");
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

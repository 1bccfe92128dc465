// A stranger's way through the console: sign up, copy credentials, see and send events, keys, out and in again.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, test } from "node:test";
import { App } from "../harness/apps.mjs";
import { givenBrowser, givenPage, violations } from "../harness/browser.mjs";
import { connected, heard, subscribed } from "../harness/browsers.mjs";
import { rawClient } from "../harness/raw.mjs";
import { lifetime, sharedStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

describe("the console", { timeout: 180000 }, () => {
  const email = `person-${randomBytes(5).toString("hex")}@signalbox.example`;
  const password = `Right-horse-${randomBytes(6).toString("hex")}`;
  const life = lifetime();
  let stack, page, app, token;
  const inaccessible = [];
  const look = async (where) => inaccessible.push(...(await violations(page, where)));

  before(async () => {
    stack = await sharedStack();
    page = await givenPage(await givenBrowser(life));
  });

  const room = (name) => page.getByRole("link", { name, exact: true }).first().click();
  const shown = (testId) => page.getByTestId(testId).first().textContent();

  test("whoever is not signed in is asked to log in, and can sign up", async () => {
    await page.goto(`${stack.console_url}/`);
    await page.waitForURL(/\/login/);
    await look("log in");
    await page.getByRole("link", { name: "Create an account" }).click();
    await page.waitForURL(/\/signup/);
    await look("sign up");
  });

  test("signing up lands in an app that is ready, with its secret shown once", async () => {
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByLabel("Organisation (optional)").fill("Acme");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.waitForURL(/\/apps\/\d+/);
    app = new App({ stack }, { id: await shown("app-id"), key: await shown("app-key"), secret: await shown("app-secret") });
    assert.match(app.id, /^\d+$/);
    assert.match(app.key, /^[a-z2-7]{20}$/);
    assert.match(app.secret, /^as_sbx_/);
    assert.equal((await shown("gateway-url")).replace(/\/$/, ""), stack.gateway_url);
    await look("overview");
  });

  test("copied credentials work", async () => {
    await page.getByRole("button", { name: "Copy Key", exact: true }).click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), app.key);
    await page.getByRole("button", { name: "Copy Secret", exact: true }).click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), app.secret);
    await until("the gateway accepts them", async () => (await app.get("/channels")).status === 200);
  });

  test("a test message goes all the way round", async () => {
    await page.getByTestId("subscriber-status").filter({ hasText: "Subscribed" }).waitFor();
    await page.getByRole("button", { name: "Send test message" }).click();
    await page.getByTestId("received-message").filter({ hasText: "Hello from the console" }).waitFor();
  });

  test("the secret is gone after a reload", async () => {
    await page.reload();
    await page.getByTestId("app-id").waitFor();
    assert.equal(await page.getByTestId("app-secret").count(), 0);
    assert.ok(!(await page.content()).includes(app.secret));
  });

  test("an event published over HTTP shows up live at once", async (t) => {
    await room("Live");
    await page.getByTestId("live-status").filter({ hasText: "Live" }).waitFor();
    await look("live");
    const client = await rawClient(t, app);
    await client.subscribe("orders");
    const began = performance.now();
    assert.equal((await app.publish("orders", "order.placed", { total: 42 })).status, 200);
    const row = page.getByTestId("live-stream").getByRole("button").filter({ hasText: "order.placed" });
    await row.first().waitFor();
    t.diagnostic(`shown ${(performance.now() - began).toFixed(0)} ms after the request`);
    await row.first().click();
    assert.match(await page.getByTestId("event-payload").textContent(), /"total": 42/);
    await look("event details");
    await page.keyboard.press("Escape");
  });

  test("connections and subscriptions show up too", async (t) => {
    const client = await rawClient(t, app);
    await client.subscribe("watched-channel");
    await page.getByTestId("live-stream").getByRole("button").filter({ hasText: "watched-channel" }).first().waitFor();
  });

  test("publishing by the button reaches a real client", async (t) => {
    const pusher = await connected(t, app);
    const messages = heard(await subscribed(pusher, "from-console"), "said");
    await page.getByLabel("Channel", { exact: true }).fill("from-console");
    await page.getByLabel("Event", { exact: true }).fill("said");
    await page.getByLabel("Data").fill('{"text":"by hand"}');
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    assert.deepEqual((await messages.first()).data, { text: "by hand" });
  });

  test("occupied channels are listed", async (t) => {
    const client = await rawClient(t, app);
    await client.subscribe("listed-here");
    await room("Channels");
    await page.getByTestId("channel-row").filter({ hasText: "listed-here" }).waitFor();
    await look("channels");
  });

  test("a secret key is made, works, and is shown once", async () => {
    await room("Keys");
    await page.getByRole("button", { name: "Create secret key" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Billing worker");
    await look("create key");
    await dialog.getByRole("button", { name: "Create secret key" }).click();
    token = await shown("key-token");
    assert.match(token, /^sk_sbx_/);
    await page.getByRole("button", { name: "I have stored it" }).click();
    await page.getByTestId("key-row").filter({ hasText: "Billing worker" }).waitFor();
    assert.ok(!(await page.content()).includes(token));
    await until("the key publishes", async () => (await publishWithKey()).status === 200);
    await look("keys");
  });

  const publishWithKey = () => app.bearer(token, "POST", "/events", { name: "e", channel: "a", data: "1" });

  test("revoking it asks for its name, says where it is in force, and it is", async () => {
    await page.getByRole("button", { name: "Actions for Billing worker" }).click();
    await page.getByRole("menuitem", { name: /Revoke/ }).click();
    const dialog = page.getByRole("dialog");
    assert.ok(await dialog.getByRole("button", { name: "Revoke key" }).isDisabled());
    await dialog.getByLabel(/Type/).fill("Billing worker");
    await dialog.getByRole("button", { name: "Revoke key" }).click();
    const receipt = page.getByTestId("revocation-receipt");
    await receipt.filter({ hasText: /confirmed in/ }).waitFor();
    assert.equal((await publishWithKey()).status, 401);
    await look("receipt");
    await page.getByRole("button", { name: "Close", exact: true }).last().click();
  });

  test("settings are switched and hold", async () => {
    await room("Settings");
    await look("settings");
    await page.getByLabel(/client events/i).first().check({ force: true });
    await page.getByRole("form", { name: "Behaviour" }).getByRole("button", { name: "Save" }).click();
    await until("the gateway lets client events pass", async () => (await clientEventPasses()) === true, { within: 8000, every: 300 });
  });

  async function clientEventPasses() {
    const ended = [];
    const t = { after: (act) => ended.push(act) };
    try {
      const [one, two] = [await rawClient(t, app), await rawClient(t, app)];
      for (const client of [one, two]) await client.subscribe("private-switched");
      one.send({ event: "client-x", channel: "private-switched", data: "" });
      return await two.next("client-x", { within: 200 }).then(
        () => true,
        () => false,
      );
    } finally {
      for (const act of ended) act();
    }
  }

  test("the whole of it works in the dark", async () => {
    await page.emulateMedia({ colorScheme: "dark" });
    for (const name of ["Overview", "Live", "Channels", "Keys", "Settings"]) {
      await room(name);
      await page.waitForTimeout(400);
      await look(`${name}, dark`);
    }
    await page.emulateMedia({ colorScheme: "light" });
  });

  test("the keyboard alone opens the palette and goes to a room", async () => {
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder(/Find a room/).fill("keys");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/keys$/);
  });

  test("logging out ends the session, logging in brings the same app back", async () => {
    await page.getByTestId("person-menu").first().click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.waitForURL(/\/login/);
    await page.goto(`${stack.console_url}/apps/${app.id}`);
    await page.waitForURL(/\/login/);
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").filter({ hasText: /not right/ }).waitFor();
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.waitForURL(new RegExp(`/apps/${app.id}`));
    assert.equal(await shown("app-id"), app.id);
  });

  test("every room can be used by everybody", () => assert.deepEqual(inaccessible, []));

  test("nothing went wrong behind the scenes", () => {
    const expected = /401 \(|Failed to load resource/; // the asked-for refusals above
    assert.deepEqual(page.problems.filter((problem) => !expected.test(problem)), []);
  });
});

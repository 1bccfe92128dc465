// A stranger's way through the console: sign up, copy credentials, see and send events, keys, out and in again.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { App, isUnknown } from "../harness/apps.mjs";
import { givenBrowser, givenPage, violations } from "../harness/browser.mjs";
import { connected, heard, subscribed } from "../harness/browsers.mjs";
import { rawClient } from "../harness/raw.mjs";
import { lifetime, sharedStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

describe("the console", { timeout: 180000 }, () => {
  const email = `person-${randomBytes(5).toString("hex")}@signalbox.example`;
  const password = `Right-horse-${randomBytes(6).toString("hex")}`;
  const life = lifetime();
  let stack, page, app, token, openKey;
  const inaccessible = [];
  const look = async (where) => inaccessible.push(...(await violations(page, where)));

  before(async () => {
    stack = await sharedStack();
    page = await givenPage(await givenBrowser(life));
  });

  const room = (name) => page.getByRole("link", { name, exact: true }).first().click();
  const shown = (testId) => page.getByTestId(testId).first().textContent();
  const section = (name) => page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name }).click();

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

  const publishWithKey = () => app.bearer(token, "POST", "/events", { event: "e", channel: "a", data: "1" });

  test("revoking it asks for its name, says where it is in force, and it is", async () => {
    await page.getByRole("button", { name: "Actions for Billing worker" }).click();
    await page.getByRole("menuitem", { name: /Revoke/ }).click();
    const dialog = page.getByRole("dialog");
    assert.ok(await dialog.getByRole("button", { name: "Revoke key" }).isDisabled());
    await dialog.getByLabel(/Type/).fill("Billing worker");
    await dialog.getByRole("button", { name: "Revoke key" }).click();
    const receipt = page.getByTestId("revocation-receipt");
    await receipt.filter({ hasText: /confirmed in/ }).waitFor();
    assert.ok(isUnknown(await publishWithKey()));
    await look("receipt");
    await page.getByRole("button", { name: "Close", exact: true }).last().click();
  });

  test("a publishable key is made for a page of ours, and its whole text stays to be copied", async () => {
    await page.getByRole("button", { name: "Create publishable key" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("Web shop");
    assert.match(await dialog.getByTestId("pattern-summary").textContent(), /match/);
    await dialog.getByTestId("pattern-name").filter({ hasText: "presence-lobby" }).getByText("needs a token").waitFor();
    await dialog.getByLabel("Allowed origins").fill("https://shop.example");
    await page.keyboard.press("Enter");
    await look("create publishable key");
    await dialog.getByRole("button", { name: "Create publishable key" }).click();
    const row = page.getByTestId("publishable-key-row").filter({ hasText: "Web shop" });
    await row.getByText("https://shop.example").waitFor();
    await row.getByRole("button", { name: /^Copy/ }).click();
    openKey = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(openKey, /^pk_sbx_[A-Za-z0-9]{30}$/);
    await until("the gateway takes it from that page", async () => (await firstWords(openKey, "https://shop.example")).type === "welcome");
    assert.equal((await firstWords(openKey, "https://other.example")).closed, 4001);
  });

  test("its origins can be changed later", async () => {
    await page.getByRole("button", { name: "Actions for Web shop" }).click();
    await page.getByRole("menuitem", { name: /Edit/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Allowed origins").fill("https://other.example");
    await page.keyboard.press("Enter");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByTestId("publishable-key-row").getByText("https://other.example").waitFor();
    await until("the gateway takes it from the other page too", async () => (await firstWords(openKey, "https://other.example")).type === "welcome");
  });

  test("revoking it says where it is in force", async () => {
    await page.getByRole("button", { name: "Actions for Web shop" }).click();
    await page.getByRole("menuitem", { name: /Revoke/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/Type/).fill("Web shop");
    await dialog.getByRole("button", { name: "Revoke key" }).click();
    await page.getByTestId("revocation-receipt").filter({ hasText: /confirmed in/ }).waitFor();
    assert.equal((await firstWords(openKey, "https://shop.example")).closed, 4001);
    await page.getByRole("button", { name: "Close", exact: true }).last().click();
  });

  /** What a Metered client with this key is told first: a frame, or the code it is closed with. */
  async function firstWords(key, origin) {
    const socket = new WebSocket(`${stack.gateway_url.replace("http", "ws")}/v1?${new URLSearchParams({ key })}`, { origin });
    try {
      return await new Promise((resolve, reject) => {
        socket.once("message", (text) => resolve(JSON.parse(text)));
        socket.once("close", (closed) => resolve({ closed }));
        socket.once("error", reject);
      });
    } finally {
      socket.terminate();
    }
  }

  test("a key's signing secret is made, replaced only on purpose, and shown once each time", async () => {
    await page.getByRole("button", { name: "Create secret key" }).first().click();
    let dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("Token issuer");
    await dialog.getByRole("switch", { name: /signing secret/ }).check({ force: true });
    await dialog.getByRole("button", { name: "Create secret key" }).click();
    const [first, pair] = [await shown("token-secret"), await shown("key-pair")];
    assert.match(first, /^ss_sbx_/);
    assert.match(pair, new RegExp(`^[A-Za-z0-9]{12}:${first}$`));
    await look("signing secret");
    await page.getByRole("button", { name: "I have stored it" }).click();
    await page.getByTestId("key-row").filter({ hasText: "signs tokens" }).waitFor();
    assert.ok(!(await page.content()).includes(first));

    await page.getByRole("button", { name: "Actions for Token issuer" }).click();
    await page.getByRole("menuitem", { name: /Replace signing secret/ }).click();
    dialog = page.getByRole("dialog");
    assert.ok(await dialog.getByRole("button", { name: "Replace secret" }).isDisabled());
    await dialog.getByLabel(/Type/).fill("Token issuer");
    await dialog.getByRole("button", { name: "Replace secret" }).click();
    const second = await shown("token-secret");
    assert.match(second, /^ss_sbx_/);
    assert.notEqual(second, first);
    await page.getByRole("button", { name: "I have stored it" }).click();
    assert.ok(!(await page.content()).includes(second));
  });

  test("there is code for every dialect, with the app's own key in it", async () => {
    await room("Overview");
    for (const [dialect, snippet, own] of [
      ["Relay", "relay-websocket", () => `/app/${app.key}`],
      ["AnyCable", "anycable-web", () => `/apps/${app.key}/cable`],
      ["Metered", "metered-js", () => stack.gateway_url.replace("http", "ws")],
      ["Pusher", "pusher-js", () => app.key],
    ]) {
      await page.getByRole("radiogroup", { name: "Dialect" }).getByText(dialect, { exact: true }).click();
      assert.ok((await shown(`snippet-${snippet}`)).includes(own()), dialect);
      await look(`overview, ${dialect}`);
    }
  });

  test("a publishable key for the snippet is one click away", async () => {
    await page.getByRole("radiogroup", { name: "Dialect" }).getByText("Metered", { exact: true }).click();
    await page.getByRole("region", { name: "Receive" }).getByRole("button", { name: "Create one and fill it in" }).click();
    await page.getByTestId("snippet-metered-js").filter({ hasText: "pk_sbx_" }).waitFor();
  });

  test("a dialect is switched off: its API refuses, and its code says so", async () => {
    await room("Settings");
    await section("Relay");
    const relay = page.getByRole("form", { name: "Relay" });
    await relay.getByRole("switch", { name: "Speak Relay" }).uncheck({ force: true });
    await relay.getByRole("button", { name: "Save" }).click();
    await until("Relay is refused", async () => (await app.relay("GET", "/channels")).status === 403, { within: 3000 });
    await room("Overview");
    await page.getByRole("radiogroup", { name: "Dialect" }).getByText("Relay", { exact: true }).click();
    await page.getByText("Relay is switched off for this app").waitFor();
    await page.getByRole("link", { name: "Switch it on in Settings" }).click();
    await relay.getByRole("switch", { name: "Speak Relay" }).check({ force: true });
    await relay.getByRole("button", { name: "Save" }).click();
    await until("Relay is back", async () => (await app.relay("GET", "/channels")).status === 200, { within: 3000 });
  });

  test("what is open to strangers says so before it is saved", async () => {
    await section("AnyCable");
    const cable = page.getByRole("form", { name: "AnyCable" });
    await cable.getByRole("switch", { name: "Clients without a token" }).check({ force: true });
    await cable.getByRole("switch", { name: "Streams by plain name" }).check({ force: true });
    await cable.getByText(/Whoever knows the app key can hear/).waitFor();
    await cable.getByRole("list", { name: "What saving changes" }).getByText("Streams by plain name").waitFor();
    await look("settings, open streams");
  });

  test("what is not saved is not lost by a click elsewhere", async () => {
    await section("Limits");
    await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Stay" }).click();
    const cable = page.getByRole("form", { name: "AnyCable" });
    assert.ok(await cable.getByRole("switch", { name: "Streams by plain name" }).isChecked());
    await section("Limits");
    await page.getByRole("button", { name: "Discard the changes" }).click();
    await page.getByRole("form", { name: "Limits" }).waitFor();
  });

  test("settings are switched and hold", async () => {
    await room("Settings");
    await look("settings");
    await section("Behaviour");
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

  test("the palette knows each part of the settings", async () => {
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder(/Find a room/).fill("overage");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/settings\/quota$/);
    await page.getByRole("form", { name: "Message quota" }).waitFor();
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

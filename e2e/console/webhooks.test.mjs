// The Webhooks room: an endpoint from its making to its deletion, with a server of our own that is told.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { before, describe, test } from "node:test";
import { givenBrowser, givenPage, violations } from "../harness/browser.mjs";
import { organisationOf, signedUp } from "../harness/console.mjs";
import { operator } from "../harness/management.mjs";
import { hasPython, running } from "../harness/pasted.mjs";
import { rawClient } from "../harness/raw.mjs";
import { lifetime, sharedStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

describe("the webhooks room", { timeout: 240000 }, () => {
  const life = lifetime();
  const inaccessible = [];
  const requests = [];
  let stack, page, app, url, status = 204;
  const look = async (where) => inaccessible.push(...(await violations(page, where)));
  const shown = (testId) => page.getByTestId(testId).first().textContent();
  const room = (name) => page.getByRole("link", { name, exact: true }).first().click();
  const dialog = () => page.getByRole("dialog");

  before(async () => {
    stack = await sharedStack();
    const server = createServer(async (request, response) => {
      requests.push({ headers: request.headers, body: await text(request) });
      response.writeHead(status, { "content-type": "text/plain" }).end(status === 204 ? undefined : "the shelf is full");
    }).listen(0, "127.0.0.1");
    life.after(() => server.close());
    await until("the sink listens", () => server.listening);
    url = `http://127.0.0.1:${server.address().port}/hooks`;
    page = await givenPage(await givenBrowser(life));
    app = await signedUp(page, stack);
    // More endpoints than the free plan has room for.
    await operator(stack, "bill", "plan", await organisationOf(page), "enterprise");
  });

  async function addEndpoint({ form, description, at = url }) {
    await page.getByRole("button", { name: "Add endpoint" }).first().click();
    await dialog().getByLabel("URL").fill(at);
    await dialog().getByLabel("Description (optional)").fill(description);
    await dialog().getByText(form, { exact: true }).click();
    return dialog().getByRole("button", { name: "Add endpoint" }).click();
  }
  /** Somebody comes to a channel that nobody was on. */
  async function occupied(t, channel) {
    const client = await rawClient(t, app);
    await client.subscribe(channel);
  }
  const deliveryOf = (channel) => page.getByTestId("delivery-row").filter({ hasText: channel });

  test("an empty room says what to do, with a command for the terminal", async () => {
    await room("Webhooks");
    await page.getByText("No endpoint yet").waitFor();
    assert.match(await shown("listen-command"), new RegExp(`listen --app ${app.id}`));
    await look("webhooks, empty");
  });

  test("an address that can never do is refused at its field", async () => {
    await page.getByRole("button", { name: "Add endpoint" }).first().click();
    await dialog().getByLabel("URL").fill("http://example.com/hooks");
    await dialog().getByRole("button", { name: "Add endpoint" }).click();
    await dialog().getByText(/must begin with https/).first().waitFor();
    await look("add endpoint");
    await dialog().getByRole("button", { name: "Cancel" }).click();
  });

  test("an endpoint is added; its secret is shown once, and a test is sent and answered", async () => {
    await addEndpoint({ form: "Standard Webhooks", description: "Shelf" });
    const secret = await shown("endpoint-secret");
    assert.match(secret, /^whsec_[A-Za-z0-9+/]+=*$/);
    await dialog().getByRole("button", { name: "Send test" }).click();
    await dialog().getByTestId("test-answer").filter({ hasText: "204" }).waitFor();
    assert.ok(requests.at(-1).headers["webhook-signature"].startsWith("v1,"));
    await look("endpoint added, tested");
    await dialog().getByRole("button", { name: "I have stored it" }).click();
    await page.getByTestId("endpoint-row").filter({ hasText: "Shelf" }).waitFor();
    assert.ok(!(await page.content()).includes(secret));
    await look("webhooks");
  });

  test("what is not taken waits, with what was answered, and is sent again by hand", async (t) => {
    await page.getByRole("link", { name: "Shelf" }).click();
    status = 500;
    await occupied(t, "refused-room");
    await deliveryOf("refused-room").filter({ hasText: "Waiting" }).waitFor({ timeout: 20000 });
    await deliveryOf("refused-room").getByRole("button").click();
    await page.getByText("the shelf is full").first().waitFor({ timeout: 20000 });
    status = 204;
    await page.getByTestId("delivery").getByRole("button", { name: "Send it again" }).click();
    await page.getByTestId("delivery").getByText("Delivered").waitFor({ timeout: 45000 });
    await page.keyboard.press("Escape");
  });

  test("its secret is rotated with an overlap: both sign", async (t) => {
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: /Rotate/ }).click();
    await dialog().getByRole("button", { name: "Make a new secret" }).click();
    assert.match(await shown("endpoint-secret"), /^whsec_/);
    await look("rotated");
    await dialog().getByRole("button", { name: "I have stored it" }).click();
    const before = requests.length;
    await occupied(t, "twice-signed");
    await until("it is told", () => requests.length > before, { within: 20000 });
    assert.equal(requests.at(-1).headers["webhook-signature"].split(" ").length, 2);
  });

  test("switched off it says so, and can be switched on", async () => {
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Disable" }).click();
    await page.getByText("Switched off: nothing is sent.").waitFor();
    await look("disabled");
    await page.getByRole("button", { name: "Enable" }).click();
    await page.getByText("Switched off: nothing is sent.").waitFor({ state: "detached" });
  });

  for (const [form, signed] of [["Pusher", "the app's secret"], ["Relay", "the app's secret"], ["Standard Webhooks", "its own secret"]]) {
    for (const language of ["Node", "Python"]) {
      test(`the code that verifies the ${form} form in ${language}, with ${signed}, believes ours`, async (t) => {
        if (language === "Python" && !hasPython()) return t.skip("needs e2e/python/.venv, which make test makes");
        const port = await freePort();
        await room("Webhooks");
        const name = `${form} in ${language}`;
        await addEndpoint({ form, description: name, at: `http://127.0.0.1:${port}/` });
        await dialog().getByRole("button", { name: /^(Done|I have stored it)$/ }).click();
        await page.getByRole("link", { name, exact: true }).click();
        await page.getByRole("tab", { name: "Verify" }).click();
        await page.getByRole("tab", { name: language, exact: true }).click();
        const code = await page.getByTestId(/^snippet-verify/).textContent();
        assert.ok(!code.includes("YOUR_"), "everything is filled in");
        if (form === "Pusher") await look(`verify, ${language}`);
        const server = running(t, language === "Node" ? "javascript" : "python", code, { PORT: String(port) });
        await until("it listens", () => fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "{}" }).then(() => true, () => false), { within: 15000 });
        const channel = `verified-${form[0]}-${language}`;
        await occupied(t, channel);
        await server.says("occupied", 20000);
        await page.getByRole("tab", { name: "Deliveries" }).click();
        await deliveryOf(channel).filter({ hasText: "Delivered" }).waitFor({ timeout: 20000 });
        // A stranger is not believed.
        const forged = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
        assert.equal(forged.status, 401);
      });
    }
  }

  test("deleting asks for its host, and takes its log with it", async () => {
    await room("Webhooks");
    await page.getByRole("button", { name: "Actions for Shelf" }).click();
    await page.getByRole("menuitem", { name: /Delete/ }).click();
    await dialog().getByLabel(/Type/).fill(new URL(url).host);
    await dialog().getByRole("button", { name: "Delete endpoint" }).click();
    await page.getByTestId("endpoint-row").filter({ hasText: "Shelf" }).waitFor({ state: "detached" });
  });

  test("an organisation's endpoint hears of its own events", async () => {
    await page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: "Webhooks" }).last().click();
    await page.waitForURL(/organisations\/.*\/webhooks/);
    await page.getByText("No endpoint yet").waitFor();
    await look("organisation webhooks, empty");
    await page.getByRole("button", { name: "Add endpoint" }).first().click();
    await dialog().getByLabel("URL").fill(url);
    await dialog().getByText("Invoice created").waitFor();
    await look("add organisation endpoint");
    await dialog().getByRole("button", { name: "Add endpoint" }).click();
    assert.match(await shown("endpoint-secret"), /^whsec_/);
    await dialog().getByRole("button", { name: "Send test" }).click();
    await dialog().getByTestId("test-answer").filter({ hasText: "204" }).waitFor();
    await dialog().getByRole("button", { name: "I have stored it" }).click();
  });

  test("webhook events show among the live ones where that is wanted, those of before and those to come", async (t) => {
    const wanted = page.getByRole("switch", { name: "Webhook events" });
    const told = (channel) => page.getByTestId("live-stream").locator("[data-kind=webhook]").filter({ hasText: channel }).filter({ hasText: "channel_occupied" });
    const open = async (query) => {
      await page.goto(`${stack.console_url}/apps/${app.id}/live${query}`);
      await page.getByTestId("live-status").filter({ hasText: "Live" }).waitFor();
    };
    await open("?channel=twice-signed");
    await page.getByTestId("live-end").waitFor();
    assert.equal(await told("twice-signed").count(), 0, "not unless it is wanted");
    await wanted.check({ force: true });
    await told("twice-signed").waitFor();

    await open("");
    await wanted.check({ force: true });
    let channel;
    await until("one shows", async () => {
      channel = `live-${randomBytes(3).toString("hex")}`;
      await occupied(t, channel);
      return told(channel).waitFor({ timeout: 3000 }).then(() => true, () => false);
    }, { within: 20000 });
    await look("live, with webhook events");
    await open(`?channel=${channel}`);
    await wanted.check({ force: true });
    await told(channel).waitFor();
    await page.waitForTimeout(5000);
    assert.equal(await told(channel).count(), 1, "not told twice when the past is read again");
  });

  test("it all works in the dark", async () => {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.goto(`${stack.console_url}/apps/${app.id}/webhooks`);
    await page.getByTestId("endpoint-row").first().waitFor();
    await look("webhooks, dark");
    await page.getByTestId("endpoint-row").first().getByRole("link").click();
    await page.getByTestId("endpoint-health").waitFor();
    await look("endpoint, dark");
  });

  test("every part of the room can be used by everybody", () => assert.deepEqual(inaccessible, []));

  test("nothing went wrong behind the scenes", () => {
    const expected = /401 \(/; // whether there is a session is asked before there is one
    assert.deepEqual(page.problems.filter((problem) => !expected.test(problem)), []);
  });
});

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await until("a port", () => server.listening);
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// The Connections room and a channel's drawer: who is there, what was said, and the end of one connection.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { givenBrowser, givenPage, violations } from "../harness/browser.mjs";
import { signedUp } from "../harness/console.mjs";
import { rawClient } from "../harness/raw.mjs";
import { lifetime, sharedStack } from "../harness/stack.mjs";

describe("the connections room", { timeout: 120000 }, () => {
  const life = lifetime();
  let page, app, client;
  const room = (name) => page.getByRole("link", { name, exact: true }).first().click();
  const row = () => page.getByTestId("connection-row").filter({ hasText: client.socketId });
  const fine = async (where) => assert.deepEqual(await violations(page, where), []);

  before(async () => {
    const stack = await sharedStack();
    page = await givenPage(await givenBrowser(life));
    app = await signedUp(page, stack);
    client = await rawClient(life, app);
    await client.subscribe("presence-desk", { member: { user_id: "ann", user_info: { name: "Ann" } } });
  });

  test("a client is listed with what it hears, and found by its channel", async () => {
    await room("Connections");
    await row().getByText("presence-desk").waitFor();
    await page.getByLabel("Hears the channel").fill("presence-elsewhere");
    await page.getByText("No such connection").waitFor();
    await page.getByLabel("Hears the channel").fill("presence-desk");
    await row().waitFor();
    await fine("connections");
  });

  test("a channel shows its members and what was said on it", async () => {
    assert.equal((await app.publish("presence-desk", "said", '{"text":"hello"}')).status, 200);
    await room("Channels");
    await page.getByRole("button", { name: "presence-desk", exact: true }).click();
    const drawer = page.getByTestId("channel");
    await drawer.getByLabel("Members").getByText("ann", { exact: true }).waitFor();
    await drawer.getByLabel("Members").getByText('{"name":"Ann"}').waitFor();
    await fine("channel");
    await drawer.getByRole("link", { name: "Who hears it" }).click();
    await row().waitFor();
    assert.equal(await page.getByLabel("Hears the channel").inputValue(), "presence-desk");
  });

  test("one connection is ended", async () => {
    await row().getByRole("button", { name: /^End / }).click();
    await page.getByRole("dialog").getByText("Most SDKs connect again").waitFor();
    await fine("end a connection");
    await page.getByRole("button", { name: "End the connection" }).click();
    assert.equal((await client.closing()).code, 4200);
    await page.getByText("No such connection").waitFor();
  });
});

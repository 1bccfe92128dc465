// Looking back in the Live room, and its publish form in another dialect.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, test } from "node:test";
import { App } from "../harness/apps.mjs";
import { givenBrowser, givenPage, look } from "../harness/browser.mjs";
import { lifetime, sharedStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

describe("the live room, looking back", { timeout: 120000 }, () => {
  const life = lifetime();
  let stack, page, app;
  const shown = (testId) => page.getByTestId(testId).first().textContent();
  const rows = (text) => page.getByTestId("live-stream").getByRole("button").filter({ hasText: text });
  const open = async (query = "") => {
    await page.goto(`${stack.console_url}/apps/${app.id}/live${query}`);
    await page.getByTestId("live-status").filter({ hasText: "Live" }).waitFor();
  };
  const fine = async (where) => assert.deepEqual(await look(page, where), []);

  before(async () => {
    stack = await sharedStack();
    page = await givenPage(await givenBrowser(life));
    await page.goto(`${stack.console_url}/signup`);
    await page.getByLabel("Email").fill(`person-${randomBytes(5).toString("hex")}@signalbox.example`);
    await page.getByLabel("Password", { exact: true }).fill(`Right-horse-${randomBytes(6).toString("hex")}`);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByTestId("app-secret").waitFor();
    app = new App({ stack }, { id: await shown("app-id"), key: await shown("app-key"), secret: await shown("app-secret") });
  });

  test("what happened before the page was opened is there, with its payload", async () => {
    for (const n of [1, 2, 3]) {
      assert.equal((await app.publish("before-room", `before.${n}`, `{"needle":"hay-${n}"}`)).status, 200);
    }
    // An event takes about a second to be kept: a page that comes too early looks again by itself.
    await open();
    for (const n of [1, 2, 3]) await rows(`before.${n}`).waitFor();
    await rows("before.2").click();
    assert.match(await page.getByTestId("event-payload").textContent(), /hay-2/);
    await page.keyboard.press("Escape");
    await page.getByTestId("live-end").getByText("Your plan looks back").waitFor();
    await fine("live, looking back");
  });

  test("the filter reaches into the past, and survives a reload", async () => {
    await page.getByLabel("Search everywhere, payloads too").fill("hay-3");
    await rows("before.1").waitFor({ state: "detached" });
    await page.reload();
    await rows("before.3").waitFor();
    assert.equal(await rows("before.").count(), 1);
    await open("?channel=before-*&event=before.1");
    await rows("before.1").waitFor();
    assert.equal(await rows("before.").count(), 1);
  });

  test("a moment before all of it shows nothing of it", async () => {
    await open(`?at=${new Date(Date.now() - 30 * 60_000).toISOString()}`);
    await page.getByText("Nothing happened up to then").waitFor();
    await fine("live, at a moment");
    await page.getByRole("button", { name: "Back to now" }).click();
    await rows("before.1").waitFor();
  });

  test("what was published in AnyCable is seen live and kept, and shown once", async () => {
    await open();
    await rows("before.1").waitFor();
    await page.getByRole("radiogroup", { name: "Dialect to publish in" }).getByText("AnyCable").click();
    await page.getByLabel("Stream").fill("chat/1");
    await page.getByLabel("Data").fill("no JSON");
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByText("This is no JSON.").waitFor();
    await page.getByLabel("Data").fill('{"n":12345678901234567890}');
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await rows("chat/1").filter({ hasText: "anycable" }).filter({ hasText: "12345678901234567890" }).waitFor();
    await fine("live, publish in AnyCable");
    await until("it was kept", async () => {
      await open();
      await rows("before.1").waitFor();
      return (await rows("chat/1").count()) === 1;
    }, { within: 15000, every: 1000 });
    await page.waitForTimeout(5000);
    assert.equal(await rows("chat/1").count(), 1, "not told twice when the past is read again");
  });
});

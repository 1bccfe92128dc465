// All the code that the overview shows: copied out of the page, run as it stands.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";
import { givenBrowser, givenPage } from "../harness/browser.mjs";
import { signedUp } from "../harness/console.mjs";
import { hasGo, hasPython, ranToItsEnd, running } from "../harness/pasted.mjs";
import { rawClient } from "../harness/raw.mjs";
import { lifetime, sharedStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

const CHANNEL = "my-channel";

/** Every piece of code that the overview is to show, and what runs it. PHP and Ruby are not at hand here. */
const SHOWN = {
  Pusher: {
    "pusher-js": "javascript",
    "laravel-echo": "javascript",
    node: "javascript",
    python: "python",
    php: null,
    ruby: null,
    go: "go",
    "curl-signed": "bash",
  },
  Relay: { "relay-websocket": "javascript", "curl-bearer": "bash", "curl-batch": "bash" },
  AnyCable: {
    "anycable-web": "javascript",
    actioncable: "javascript",
    "anycable-events": "page",
    "anycable-curl": "bash",
    "anycable-signing": "javascript",
  },
  Metered: { "metered-js": "javascript", "metered-curl": "bash", "metered-token": "bash" },
};
const RECEIVING = ["pusher-js", "laravel-echo", "relay-websocket", "anycable-web", "actioncable", "metered-js"];
/** These make something to connect with, and send nothing. */
const MAKING = ["anycable-signing", "metered-token"];

describe("the code that the overview shows", { timeout: 240000 }, () => {
  const life = lifetime();
  const code = new Map();
  let stack, browser, page, app;
  before(async () => {
    stack = await sharedStack();
    browser = await givenBrowser(life);
    page = await givenPage(browser);
    app = await signedUp(page, stack);
  });
  const shown = (testId) => page.getByTestId(testId).first().textContent();

  test("AnyCable's streams are opened to everyone in the settings", async () => {
    await page.getByRole("link", { name: "Settings", exact: true }).first().click();
    await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "AnyCable" }).click();
    const cable = page.getByRole("form", { name: "AnyCable" });
    await cable.getByRole("switch", { name: "Clients without a token" }).check({ force: true });
    await cable.getByRole("switch", { name: "Streams by plain name" }).check({ force: true });
    await cable.getByRole("button", { name: "Save" }).click();
    await cable.getByRole("button", { name: "Save" }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Overview", exact: true }).first().click();
  });

  test("there is code for every SDK and dialect, and nothing is left to be filled in", async () => {
    for (const [dialect, ids] of Object.entries(SHOWN)) {
      await page.getByRole("radiogroup", { name: "Dialect" }).getByText(dialect, { exact: true }).click();
      for (const side of ["Receive", "Publish"]) {
        const panel = page.getByRole("region", { name: side, exact: true });
        for (const tab of await panel.getByRole("tab").all()) {
          await tab.click();
          const block = panel.getByTestId(/^snippet-/);
          await block.waitFor();
          const make = panel.getByRole("button", { name: "Create one and fill it in" });
          if (await make.isVisible()) {
            await make.click();
            await block.filter({ hasNotText: "YOUR_" }).waitFor();
          }
          code.set((await block.getAttribute("data-testid")).replace("snippet-", ""), await block.textContent());
        }
      }
      for (const id of Object.keys(ids)) assert.ok(code.has(id), `no code ${id}`);
    }
    for (const [id, text] of code) assert.ok(!text.includes("YOUR_"), id);
    await until("the gateway knows the last key made", async () => (await app.get("/channels")).status === 200);
  });

  const languageOf = (id) => Object.values(SHOWN).find((ids) => id in ids)[id];

  for (const id of RECEIVING) {
    test(`${id} receives`, async (t) => {
      const receiver = running(t, languageOf(id), code.get(id));
      const hears = async () => {
        await app.publish(CHANNEL, "my-event", { text: `for ${id}` });
        return receiver.printed().includes(`for ${id}`);
      };
      await until("it hears one of them", hears, { within: 15000, every: 200 }).catch((error) => {
        throw new Error(`${error.message}; it said ${receiver.told()}`);
      });
      assert.match(receiver.printed(), /^received/m);
    });
  }

  test("EventSource receives, in a page", async (t) => {
    const other = await givenPage(browser);
    t.after(() => other.close());
    const said = [];
    other.on("console", (message) => said.push(message.text()));
    // A page without a policy of its own that forbids other addresses.
    await other.setContent("<!doctype html><title>Pasted</title>");
    await other.addScriptTag({ content: code.get("anycable-events"), type: "module" });
    const hears = async () => {
      await app.publish(CHANNEL, "my-event", { text: "for a page" });
      return said.some((text) => text.startsWith("received"));
    };
    await until("it hears one of them", hears, { within: 15000, every: 200 });
  });

  const publishing = Object.values(SHOWN)
    .flatMap((ids) => Object.keys(ids))
    .filter((id) => !RECEIVING.includes(id) && !MAKING.includes(id) && id !== "anycable-events");

  for (const id of publishing) {
    test(`${id} publishes`, async (t) => {
      const language = languageOf(id);
      if (language === null) return t.skip("its runtime is not at hand");
      if (language === "python" && !hasPython()) return t.skip("needs e2e/python/.venv, which make test makes");
      if (language === "go" && !(await hasGo())) return t.skip("there is no go");
      const client = await rawClient(t, app);
      await client.subscribe(CHANNEL);
      if (language === "go") {
        const isThere = await ranGo(t, code.get(id));
        if (!isThere) return t.skip("its module cannot be had here");
      } else {
        const said = await ranToItsEnd(t, language, code.get(id));
        t.diagnostic(said.trim().split("\n").at(-1));
      }
      const { data } = await client.next((frame) => frame.channel === CHANNEL && ["my-event", "message"].includes(frame.event));
      assert.match(typeof data === "string" ? data : JSON.stringify(data), /Hello/);
    });
  }

  /** False where the module proxy does not answer. */
  async function ranGo(t, text) {
    const run = promisify(execFile);
    let isThere = true;
    const prepare = async (folder) => {
      await run("go", ["mod", "init", "pasted"], { cwd: folder });
      await run("go", ["get", "github.com/pusher/pusher-http-go/v5"], { cwd: folder, timeout: 60000 }).catch(() => (isThere = false));
    };
    await ranToItsEnd(t, "go", text, { prepare, within: 120000 }).catch((error) => {
      if (isThere) throw error;
    });
    return isThere;
  }

  test("Node signs a stream and a token", (t) => ranToItsEnd(t, "javascript", code.get("anycable-signing")));

  test("curl gets a token for a peer", async (t) => {
    const answer = JSON.parse(await ranToItsEnd(t, "bash", code.get("metered-token")));
    assert.match(JSON.stringify(answer), /eyJ/);
  });

  test("nothing went wrong behind the scenes", () => {
    const expected = /401 \(/; // whether there is a session is asked before there is one
    assert.deepEqual(page.problems.filter((problem) => !expected.test(problem)), []);
  });
});

// What `make run` prints, pasted: the page receives, the terminal sends.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { givenBrowser, givenPage } from "../harness/browser.mjs";
import { lifetime } from "../harness/stack.mjs";
import { givenSuite } from "../harness/suite.mjs";
import { until } from "../harness/until.mjs";

const run = promisify(execFile);
const LAUNCHER = join(dirname(fileURLToPath(import.meta.url)), "../../infra/dev");

describe("the printed snippet", { timeout: 60000 }, () => {
  const life = lifetime();
  let app, dev, folder;
  before(async () => {
    app = await (await givenSuite()).givenApp();
    const { token } = await app.givenKey({ actions: ["publish"], channels: ["**"] });
    const { gateway_url, metrics_url, console_url } = app.stack;
    dev = { gateway_url, metrics_url, console_url, email: "", password: "", app: { id: app.id, key: app.key, secret: app.secret, sk: token } };
    folder = mkdtempSync(join(tmpdir(), "signalbox-snippet-"));
    life.after(() => rmSync(folder, { recursive: true }));
  });

  async function printed(what) {
    const script = `import json, sys, banner; print(banner.${what}(json.loads(sys.argv[1])))`;
    const { stdout } = await run("python3", ["-B", "-c", script, JSON.stringify(dev)], { cwd: LAUNCHER });
    return stdout;
  }

  test("receives in a page what the printed curl line sends", async (t) => {
    const file = join(folder, "page.html");
    writeFileSync(file, `<!doctype html><html lang="en"><title>Pasted</title><body>${await printed("browser_snippet")}</body></html>`);
    const page = await givenPage(await givenBrowser(t));
    await page.goto(pathToFileURL(file).href);
    await until("the page is subscribed", async () => (await app.get("/channels/news")).json.occupied);
    const { stdout } = await run("sh", ["-c", await printed("curl_line")]);
    assert.deepEqual(JSON.parse(stdout), { ok: true });
    await page.getByText("It works").waitFor();
    assert.deepEqual(page.problems, []);
  });
});

// Debian's Chromium through playwright-core, and the accessibility check every page must pass.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function givenBrowser(t) {
  const browser = await chromium.launch({
    executablePath: process.env.SIGNALBOX_CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  t.after(() => browser.close());
  return browser;
}

/**
 * A page of a fresh visitor. What its console complains about is kept in `page.problems`.
 * Nothing fades in, so that contrast is measured on what people read.
 */
export async function givenPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
  return page;
}

/** What axe-core finds wrong with the page as it stands, at WCAG 2.2 AA; one line per rule. */
export async function violations(page, where) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
  return found.violations.map(({ id, help, nodes }) => `${where}: ${id} (${help}): ${nodes.map(({ html }) => html.slice(0, 160)).join(", ")}`);
}

// Debian's Chromium through playwright-core, and the accessibility check every page must pass.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { sleep } from "./until.mjs";

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

/** Looks again where something was found: what was only fading in or out is not in the second finding. */
async function settledViolations(page, where) {
  await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => {}))));
  const found = await violations(page, where);
  if (found.length === 0) return found;
  await sleep(700);
  return violations(page, where);
}

const SIZES = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

/** In the page: what is wider than its place. `null` until the page has taken on the width. */
function overflowing(width) {
  if (innerWidth !== width) return null;
  const overflows = (node) => node.scrollWidth > node.clientWidth + 1;
  const tables = [...document.querySelectorAll('[role=region][aria-label$=", table"]')].filter((node) => !node.closest("[data-comparing]"));
  const names = (node) => `${node.getAttribute("aria-label") ?? "the page"} (${node.scrollWidth} in ${node.clientWidth})`;
  return [document.documentElement, ...tables].filter(overflows).map(names);
}

/** The phone of the pictures, and the narrowest that WCAG 2.2 asks for (1.4.10). */
const NARROW = [SIZES.phone, { width: 320, height: 640 }];

/**
 * What has to be scrolled sideways on a phone: the page itself, or a table that is no comparison of figures.
 * Charts and lists fold once they have heard of their new width, so a page has two seconds to come to rest.
 */
async function sideways(page, where) {
  const before = page.viewportSize();
  const all = [];
  for (const size of NARROW) {
    await page.setViewportSize(size);
    let found;
    const deadline = performance.now() + 2000;
    do {
      await page.evaluate(() => new Promise(requestAnimationFrame));
      found = await page.evaluate(overflowing, size.width);
    } while (found?.length !== 0 && performance.now() < deadline);
    all.push(...(found ?? ["the page, which does not take on the width,"]).map((name) => `${where}, ${size.width} wide: ${name} scrolls sideways`));
  }
  await page.setViewportSize(before);
  return all;
}

/**
 * A page as people see it: what axe-core finds in the light and in the dark. Where SIGNALBOX_SCREENSHOTS names a folder,
 * pictures of both, wide and on a phone, are put there for somebody to look at. On a phone nothing scrolls sideways.
 */
export async function look(page, where) {
  const found = [];
  const folder = process.env.SIGNALBOX_SCREENSHOTS;
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await settledViolations(page, `${where}, ${colorScheme}`)));
    for (const [size, viewport] of folder ? Object.entries(SIZES) : []) {
      await page.setViewportSize(viewport);
      await page.screenshot({ path: join(folder, `${where.replaceAll(" ", "-")}.${colorScheme}.${size}.png`), fullPage: true });
    }
    if (folder) await page.setViewportSize(SIZES.wide);
  }
  await page.emulateMedia({ colorScheme: null });
  found.push(...(await sideways(page, where)));
  return found;
}

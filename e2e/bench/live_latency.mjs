// How long after a publish it is seen in the console's Live room: over HTTP, one at a time, in a real browser.
//
//     node e2e/bench/live_latency.mjs [publishes] [per second]
//
// Starts a stack of its own (the binaries must be built), or uses the one that SIGNALBOX_STACK names. Prints milliseconds
// from just before the request is written: to its answer, to the frame on the console's live socket, to the row in the
// document, to the picture that shows it. Ends with 1 when a publish was not seen or the target is not met.

import { givenBrowser, givenPage } from "../harness/browser.mjs";
import { signedUp } from "../harness/console.mjs";
import { sharedStack } from "../harness/stack.mjs";
import { sleep, until } from "../harness/until.mjs";

const TARGET_MS = 100;
const [count = 200, perSecond = 20] = process.argv.slice(2).map(Number);
const WARMING = 20;

const acts = [];
const life = { after: (act) => acts.push(act) };
try {
  process.exitCode = await measure();
} finally {
  for (const act of acts.reverse()) await act();
}
process.exit();

async function measure() {
  const stack = await sharedStack();
  const page = await givenPage(await givenBrowser(life));
  await page.addInitScript(noteFramesAndRows);
  const app = await signedUp(page, stack);
  await page.goto(`${stack.console_url}/apps/${app.id}/live`);
  await page.getByTestId("live-status").filter({ hasText: "Live" }).waitFor();

  const sent = new Map();
  for (let n = 0; n < WARMING + count; n += 1) {
    // At no fixed distance, so that no timer's rhythm is met or missed each time.
    await sleep((1000 / perSecond) * (0.5 + Math.random()));
    const at = now();
    const { status } = await app.publish("latency", `n-${n}-`, '{"n":1}');
    if (status !== 200) throw new Error(`publish ${n} was answered ${status}`);
    sent.set(`n-${n}-`, { at, answered: now() });
  }
  const last = `n-${WARMING + count - 1}-`;
  await until("the last one is seen", () => page.evaluate((name) => globalThis.noted.painted[name] !== undefined, last), { within: 10000 });
  const offset = await clockOffset(page);
  const noted = await page.evaluate(() => globalThis.noted);

  const measured = [...sent].slice(WARMING);
  const unseen = measured.filter(([name]) => noted.row[name] === undefined).length;
  const took = (of) => measured.flatMap(([name, { at }]) => (of(name) === undefined ? [] : [of(name) - at])).sort((a, b) => a - b);
  const inPage = (what) => took((name) => noted[what][name] && noted[what][name] - offset);
  const rows = {
    "HTTP answer": took((name) => sent.get(name).answered),
    "live frame": inPage("frame"),
    "row in the document": inPage("row"),
    "row painted": inPage("painted"),
  };
  console.log(`${count} publishes, about ${perSecond} per second; ms from just before each request\n`);
  console.log("| to | p50 | p90 | p99 | worst |\n| --- | ---: | ---: | ---: | ---: |");
  for (const [name, list] of Object.entries(rows)) {
    console.log(`| ${name} | ${[0.5, 0.9, 0.99, 1].map((part) => at(list, part).toFixed(1)).join(" | ")} |`);
  }
  const met = unseen === 0 && at(rows["row painted"], 0.99) <= TARGET_MS;
  console.log(`\n${unseen} not seen; painted within ${TARGET_MS} ms (p99): ${met ? "yes" : "**no**"}`);
  return met ? 0 : 1;
}

/** In the page, before anything of it runs: when a frame of the live socket, its row and its picture are there. */
function noteFramesAndRows() {
  const wall = () => performance.timeOrigin + performance.now();
  const noted = (globalThis.noted = { frame: {}, row: {}, painted: {} });
  const names = (text) => text.match(/n-\d+-/g) ?? [];
  const note = (where, list) => {
    for (const name of list) where[name] ??= wall();
  };
  const Socket = globalThis.WebSocket;
  globalThis.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      if (!/\/live(\?|$)/.test(String(given[0]))) return;
      this.addEventListener("message", ({ data }) => note(noted.frame, names(String(data))));
    }
  };
  const look = () => {
    const stream = document.querySelector("[data-testid=live-stream]");
    if (!stream) return;
    const fresh = [...stream.querySelectorAll("button")].flatMap((row) => names(row.textContent)).filter((name) => noted.row[name] === undefined);
    if (fresh.length === 0) return;
    note(noted.row, fresh);
    // What a frame callback schedules runs once that frame's picture is made.
    requestAnimationFrame(() => setTimeout(() => note(noted.painted, fresh)));
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
}

/** How far the page's clock is ahead of ours, by the quickest of several questions. */
async function clockOffset(page) {
  let best = { took: Infinity, offset: 0 };
  for (let n = 0; n < 30; n += 1) {
    const began = now();
    const there = await page.evaluate(() => performance.timeOrigin + performance.now());
    const took = now() - began;
    if (took < best.took) best = { took, offset: there - (began + took / 2) };
  }
  return best.offset;
}

function now() {
  return performance.timeOrigin + performance.now();
}

function at(sorted, part) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? NaN;
}

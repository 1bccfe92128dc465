import { setTimeout as sleep } from "node:timers/promises";

export { sleep };

/** Asks again until `check` returns something truthy, which it returns; says what was waited for when it never does. */
export async function until(what, check, { within = 5000, every = 20 } = {}) {
  const deadline = performance.now() + within;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await sleep(every);
  }
}

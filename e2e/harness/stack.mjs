// The processes under test: one shared set that `make test` starts, or one of a test's own that it may break.

import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const SERVE = join(dirname(fileURLToPath(import.meta.url)), "serve.py");

/** Call in the body of a `describe`: what its hooks make ends with it. (`after` inside a hook would run at once.) */
export function lifetime() {
  const acts = [];
  after(async () => {
    for (const act of acts.reverse()) await act();
  });
  return { after: (act) => acts.push(act) };
}

let started;

/** What SIGNALBOX_STACK describes; one stack per process when a file is run by hand. */
export async function sharedStack() {
  const description = process.env.SIGNALBOX_STACK;
  if (description) return JSON.parse(readFileSync(description, "utf8"));
  started ??= ownStack({ after: () => {} }); // ends with this process: its standard input closes
  return started;
}

/** A stack that nobody else uses; ends with `t`, a test context or a `lifetime`. */
export async function ownStack(t, { gatewayEnv = {}, controlPlaneEnv = {} } = {}) {
  const home = mkdtempSync(join(tmpdir(), "signalbox-e2e-"));
  chmodSync(home, 0o711); // the database user passes through
  const options = { home: join(home, "stack"), gateway_env: gatewayEnv, control_plane_env: controlPlaneEnv };
  const server = spawn("python3", ["-B", SERVE, JSON.stringify(options)], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => server.once("exit", resolve));

  const answer = async () => {
    const { value, done } = await answers.next();
    if (done) throw new Error("the stack went away");
    const parsed = JSON.parse(value);
    if (parsed.error) throw new Error(parsed.error);
    return parsed;
  };
  const order = (what) => async (name, signal) => {
    server.stdin.write(`${JSON.stringify({ do: what, what: name, signal })}\n`);
    const told = await answer();
    Object.assign(stack, told);
    return told;
  };
  const close = async () => {
    server.stdin.end();
    await ended;
    rmSync(home, { recursive: true, force: true });
  };
  t.after(close);

  const stack = { start: order("start"), stop: order("stop"), kill: order("kill"), signal: order("signal"), close };
  Object.assign(stack, await answer());
  return stack;
}

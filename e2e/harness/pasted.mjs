// Code that somebody has copied out of the console, run as it stands.

import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { until } from "./until.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const MODULES = join(HERE, "../node_modules");
const STUBS = pathToFileURL(join(HERE, "page-stubs.mjs")).href;
export const PYTHON = join(HERE, "../python/.venv/bin/python");

/** How each language is run; the file lies where Node finds this folder's packages. */
const RUN = {
  javascript: { file: "pasted.mjs", command: (file) => [process.execPath, "--import", STUBS, file] },
  python: { file: "pasted.py", command: (file) => [PYTHON, "-B", file] },
  bash: { file: "pasted.sh", command: (file) => ["sh", file] },
  go: { file: "main.go", command: (file) => ["go", "run", file] },
};

export const hasPython = () => existsSync(PYTHON);

export async function hasGo() {
  try {
    await promisify(execFile)("go", ["version"]);
    return true;
  } catch {
    return false;
  }
}

function folderFor(t) {
  mkdirSync(MODULES, { recursive: true });
  const folder = mkdtempSync(join(MODULES, ".pasted-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs to its end, which has to be a good one; what it printed. */
export async function ranToItsEnd(t, language, code, { prepare = async () => {}, within = 30_000 } = {}) {
  const folder = folderFor(t);
  const { file, command } = RUN[language];
  writeFileSync(join(folder, file), code);
  await prepare(folder);
  const [program, ...args] = command(join(folder, file));
  const { stdout } = await promisify(execFile)(program, args, { cwd: folder, timeout: within });
  return stdout;
}

/** Runs until the test ends; `printed()` is what it has said so far. */
export function running(t, language, code, env = {}) {
  const { file, command } = RUN[language];
  const path = join(folderFor(t), file);
  writeFileSync(path, code);
  const [program, ...args] = command(path);
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let [said, complained] = ["", ""];
  child.stdout.on("data", (piece) => (said += piece));
  child.stderr.on("data", (piece) => (complained += piece));
  const told = () => `${JSON.stringify(said)} and complained ${JSON.stringify(complained)}`;
  const says = (text, within = 10_000) =>
    until(`it says ${text}`, () => said.includes(text), { within }).catch((error) => {
      throw new Error(`${error.message}; it said ${told()}`);
    });
  return { says, told, printed: () => said };
}

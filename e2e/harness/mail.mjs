// What was mailed: the stack writes mail to a folder instead of sending it.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { until } from "./until.mjs";

/** All mail to somebody so far, oldest first. */
export async function mailTo(stack, address) {
  const names = (await readdir(stack.mail).catch(() => [])).filter((name) => name.endsWith(".eml")).sort();
  const mails = await Promise.all(names.map(async (name) => parsed(await readFile(join(stack.mail, name), "utf8"))));
  return mails.filter((mail) => mail.to === address);
}

/** Waits for the first mail to somebody with this subject, after the `skip` ones before it. */
export async function mailed(stack, address, subject, skip = 0) {
  return until(`mail to ${address}: ${subject}`, async () => (await mailTo(stack, address)).filter((mail) => mail.subject === subject)[skip]);
}

function parsed(raw) {
  const [head] = raw.split("\r\n\r\n", 1);
  const field = (name) => head.replace(/\r\n[ \t]/g, " ").match(new RegExp(`^${name}: (.*)$`, "m"))?.[1].trim();
  const text = raw.slice(head.length).replace(/=\r\n/g, "").replace(/=3D/g, "=");
  return { to: field("To"), subject: field("Subject"), text, token: text.match(/#token=(\w+)/)?.[1] };
}

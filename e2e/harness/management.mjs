// The management API as a person's browser uses it: a session cookie, a CSRF token, JSON.

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";

export class Management {
  #url;
  #cookie = "";
  #csrf = "";

  constructor(stack) {
    this.#url = stack.console_url;
  }

  /** Any request; never throws for a status. */
  async send(method, path, body, headers = {}) {
    const response = await fetch(this.#url + path, {
      method,
      redirect: "manual",
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(this.#cookie ? { cookie: this.#cookie } : {}),
        ...(this.#csrf && method !== "GET" ? { "x-csrf-token": this.#csrf } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    });
    for (const cookie of response.headers.getSetCookie()) this.#cookie = cookie.split(";")[0];
    const text = await response.text();
    const json = parsed(text);
    if (json?.csrf_token) this.#csrf = json.csrf_token;
    return { status: response.status, headers: response.headers, text, json };
  }

  /** A request that is expected to succeed. */
  async call(method, path, body) {
    const answer = await this.send(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  }
}

/** What an operator does at a terminal: `signalbox-control-plane …`. Fails unless it exits with 0. */
export async function operator(stack, ...args) {
  const { stdout } = await promisify(execFile)(stack.operator.command, args, { env: stack.operator.env });
  return stdout;
}

/**
 * A new person with a new organisation and its first app. Tests of many apps and connections need a plan that has
 * room for them; `plan: "free"` is what everybody else begins with.
 */
export async function givenAccount(stack, { plan = "enterprise" } = {}) {
  const api = new Management(stack);
  const email = `e2e-${randomBytes(6).toString("hex")}@signalbox.example`;
  const password = `pw-${randomBytes(9).toString("base64url")}`;
  const made = await api.call("POST", "/v1/signup", { email, password, organisation: "E2E" });
  if (plan !== "free") await operator(stack, "bill", "plan", made.organisation.id, plan);
  return { stack, api, email, password, organisation: made.organisation, first: { ...made.app, credential: made.credential } };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

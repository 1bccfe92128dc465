// `signalbox listen`, as a developer has it in a terminal: served by the control plane, against real processes.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { givenApp } from "../harness/apps.mjs";
import { mailed } from "../harness/mail.mjs";
import { givenAccount } from "../harness/management.mjs";
import { rawClient } from "../harness/raw.mjs";
import { lifetime, sharedStack } from "../harness/stack.mjs";
import { sleep, until } from "../harness/until.mjs";

describe("signalbox listen", { timeout: 120000 }, () => {
  const life = lifetime();
  let stack, account, app, cli, token;
  before(async () => {
    stack = await sharedStack();
    account = await givenAccount(stack);
    app = await givenApp(account);
    const proof = await mailed(stack, account.email, "Confirm your e-mail address");
    await account.api.call("POST", "/v1/email/verify", { token: proof.token });
    const made = { name: "terminal", permissions: ["apps.read"] };
    ({ token } = await account.api.call("POST", `/v1/organisations/${account.organisation.id}/tokens`, made));
    const folder = mkdtempSync(join(tmpdir(), "signalbox-cli-"));
    life.after(() => rmSync(folder, { recursive: true }));
    cli = join(folder, "signalbox");
    const served = await fetch(`${stack.console_url}/cli/signalbox`);
    assert.equal(served.status, 200);
    writeFileSync(cli, await served.text());
  });

  /** The program, with what it has printed so far. Ends with the test. */
  function terminal(t, { url = stack.console_url, bearer = token, id = app.id }, ...options) {
    const command = ["-B", cli, "listen", "--url", url, "--app", id, ...options];
    const child = spawn("python3", command, { env: { ...process.env, SIGNALBOX_TOKEN: bearer }, stdio: ["ignore", "pipe", "pipe"] });
    const printed = { out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (text) => (printed.out += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (printed.err += text));
    printed.exit = new Promise((resolve) => child.once("close", resolve));
    printed.end = () => (child.kill(), printed.exit);
    t.after(printed.end);
    return printed;
  }

  /** What a gateway of its own tells, in order. */
  const boot = randomUUID();
  let seq = 0;
  async function happened(...events) {
    const told = events.map((event) => ({ seq: (seq += 1), app: app.id, at_ms: Date.now(), ...event }));
    const answer = await fetch(`${stack.console_url}/internal/v1/channel-events`, {
      method: "POST",
      headers: { authorization: `Bearer ${stack.operator.env.SIGNALBOX_GATEWAY_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify({ gateway: "of-a-test", boot, events: told }),
    });
    assert.equal(answer.status, 204, await answer.text());
  }

  const listening = (printed) => until("it listens", () => printed.err.includes("listening to app"));

  test("prints what happens, for people and for programs", async (t) => {
    const people = terminal(t, {}, "--channels", "room-*");
    const programs = terminal(t, {}, "--events", "member.added,client_event", "--json");
    await Promise.all([listening(people), listening(programs)]);
    const began = performance.now();
    await happened(
      { channel: "elsewhere", name: "channel_occupied" },
      { channel: "room-1", name: "channel_occupied" },
      { channel: "presence-room", name: "member_added", user_id: "ada" },
      { channel: "room-1", name: "client_event", event: "client-typing", data: '{"on":\u001b[2J}', socket_id: "8123.4409", user_id: "ada" },
    );
    await until("all is printed", () => people.out.includes("client-typing") && programs.out.includes("client-typing"));
    assert.ok(performance.now() - began < 2000, `${performance.now() - began} ms`);
    const [occupied, typing] = people.out.trim().split("\n");
    assert.match(occupied, /^\d\d:\d\d:\d\d\.\d{3} {2}channel_occupied {4}room-1$/);
    assert.match(typing, /client_event {8}room-1 {2}client-typing \{"on":\\x1b\[2J\} {2}from 8123\.4409 \(ada\)$/);
    assert.ok(!people.out.includes("\u001b"), "what a terminal would obey is shown, not sent");
    const [added, published] = programs.out.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual([added.type, added.channel, added.data], ["member_added", "presence-room", { user_id: "ada" }]);
    assert.deepEqual(Object.keys(added).sort(), ["at", "channel", "data", "id", "type"]);
    assert.equal(published.data.data, '{"on":\u001b[2J}');
  });

  test("prints what sockets do, without an endpoint", async (t) => {
    const printed = terminal(t, {}, "--channels", "socket-*", "--json");
    await listening(printed);
    let n = 0;
    await until("a channel that a socket occupied is told", async () => {
      const client = await rawClient(t, app);
      await client.subscribe(`socket-${(n += 1)}`);
      await sleep(300);
      return printed.out.includes("channel_occupied");
    });
  });

  test("hands events on, signed in the form that was asked for", async (t) => {
    const requests = [];
    const server = createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        requests.push({ headers: request.headers, raw: request.rawHeaders, body: Buffer.concat(chunks).toString() });
        response.writeHead(202).end();
      });
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const forward = ["--channels", "handed-*", "--events", "channel_occupied", "--forward", `http://127.0.0.1:${server.address().port}/hook?a=b`];
    const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
    const forms = {
      pusher: ["--form", "pusher", "--key", app.key, "--secret", app.secret],
      relay: ["--form", "relay", "--secret", app.secret],
      standard: ["--form", "standard", "--secret", secret],
    };
    for (const [form, options] of Object.entries(forms)) {
      requests.length = 0;
      const printed = terminal(t, {}, ...forward, ...options);
      await listening(printed);
      await happened({ channel: "handed-on", name: "cache_miss" }, { channel: "handed-on", name: "channel_occupied" });
      await until(`${form}: an event is handed on`, () => requests.length > 0);
      const { headers, raw, body } = requests[0];
      const told = JSON.parse(body);
      const hex = createHmac("sha256", app.secret).update(body).digest("hex");
      assert.equal(headers["content-type"], "application/json");
      if (form === "pusher") {
        assert.ok(raw.includes("X-Pusher-Key"), "in exactly this case");
        assert.deepEqual([headers["x-pusher-key"], headers["x-pusher-signature"]], [app.key, hex]);
        assert.deepEqual(Object.keys(told), ["time_ms", "events"]);
        assert.equal(told.events[0].name, "channel_occupied");
      } else if (form === "relay") {
        assert.deepEqual([headers["x-relay-event"], headers["x-relay-signature"]], ["channel.occupied", hex]);
        assert.deepEqual([told.event, told.app_id], ["channel.occupied", app.id]);
      } else {
        const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
        const signature = createHmac("sha256", Buffer.alloc(24, 7)).update(signed).digest("base64");
        assert.equal(headers["webhook-signature"], `v1,${signature}`);
        assert.deepEqual([told.type, told.data.app_id], ["channel.occupied", app.id]);
      }
      await until("the answer is printed", () => /→ http.*: 202 in \d+ ms/.test(printed.err));
      await printed.end();
    }
  });

  test("says why it cannot, and ends with 2", async (t) => {
    const script = async (permissions) => {
      const path = `/v1/organisations/${account.organisation.id}/tokens`;
      return (await account.api.call("POST", path, { name: "other", permissions })).token;
    };
    const usage = await script(["usage.read"]);
    for (const [how, options, said] of [
      [{ bearer: "mt_sbx_nonsense" }, [], /the token is wrong, expired or revoked/],
      [{ bearer: usage }, [], /needs the permission apps\.read/],
      [{ id: "1234567890" }, [], /there is no app 1234567890 that this token can see/],
      [{}, ["--events", "channel_sold"], /channel_sold/],
      [{}, ["--forward", "http://127.0.0.1:9/"], /needs --secret/],
      [{}, ["--forward", "ftp://127.0.0.1/", "--secret", "x"], /must be http/],
      [{ bearer: "" }, [], /a management token is needed/],
    ]) {
      const printed = terminal(t, how, ...options);
      assert.equal(await printed.exit, 2, printed.err);
      assert.match(printed.err, said);
      assert.ok(!printed.err.includes("Traceback"), printed.err);
    }
  });

  test("connects again when the service was away", async (t) => {
    const sockets = new Set();
    let answers = 0;
    const server = createServer((request, response) => {
      answers += 1;
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      response.write('{"heartbeat":true}\n');
      const message = { id: `m${answers}`, type: "cache_miss", channel: "c", at: "2026-01-02T03:04:05Z", data: { text: "\u001b[2J" } };
      response.write(`${JSON.stringify(message)}\n`);
      if (answers === 1) setTimeout(() => response.destroy(), 100);
    });
    server.on("connection", (socket) => sockets.add(socket));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const printed = terminal(t, { url: `http://127.0.0.1:${server.address().port}` });
    await until("it has come back", () => printed.out.split("\n").length === 3, { within: 10000 });
    assert.match(printed.err, /trying again in \d+ s/);
    assert.equal(printed.err.match(/listening to app/g).length, 2);
    assert.ok(!printed.out.includes("\u001b"), "what a terminal would obey is shown, not sent");
  });
});

// The gateway with a certificate of its own, started from an imported directory: no control plane, no Postgres.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import Pusher from "pusher";
import WebSocket from "ws";
import { until } from "../harness/until.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const GATEWAY = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug", "signalbox-gateway");
const APP = { id: "4217", key: "tls-key", secret: "tls-secret" };

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("TLS", { timeout: 60000 }, () => {
  const home = mkdtempSync(join(tmpdir(), "signalbox-tls-"));
  let gateway, port, env;

  before(async () => {
    const [cert, key] = [join(home, "cert.pem"), join(home, "key.pem")];
    const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
    execFileSync("openssl", [...request.split(" "), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert], { stdio: "pipe" });
    const app = {
      type: "app",
      id: APP.id,
      organisation: "one",
      enabled: true,
      credentials: [{ key: APP.key, secret: APP.secret }],
      settings: { tls_only: true },
    };
    const lines = [{ snapshot: { revision: 1 } }, app, { end: { revision: 1, records: 1 } }];
    writeFileSync(join(home, "directory.ndjson"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    port = await freePort();
    env = {
      ...process.env,
      SIGNALBOX_MASTER_KEY: randomBytes(32).toString("base64"),
      SIGNALBOX_GATEWAY_TOKEN: randomBytes(16).toString("hex"),
      SIGNALBOX_STATE_DIR: join(home, "state"),
      SIGNALBOX_LISTEN: `127.0.0.1:${port}`,
      SIGNALBOX_METRICS_LISTEN: `127.0.0.1:${await freePort()}`,
      SIGNALBOX_CONTROL_PLANE_URL: `http://127.0.0.1:${await freePort()}`,
      SIGNALBOX_DRAIN_SECONDS: "1",
    };
    execFileSync(GATEWAY, ["directory-import", join(home, "directory.ndjson")], { env, cwd: home, stdio: "pipe" });
    gateway = spawn(GATEWAY, [], { env: { ...env, SIGNALBOX_TLS_CERT: cert, SIGNALBOX_TLS_KEY: key }, cwd: home, stdio: "ignore" });
    await until("the gateway is up", () => get("/up").then((status) => status === 200, () => false), { within: 10000 });
  });
  after(async () => {
    gateway?.kill("SIGTERM");
    if (gateway) await new Promise((resolve) => gateway.once("exit", resolve));
    rmSync(home, { recursive: true, force: true });
  });

  const get = (path) =>
    new Promise((resolve, reject) => {
      const request = https.get({ host: "127.0.0.1", port, path, rejectUnauthorized: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      request.on("error", reject);
    });

  test("publishes over https arrive over wss, also when they are larger than a TLS record", async () => {
    const socket = new WebSocket(`wss://127.0.0.1:${port}/app/${APP.key}?protocol=7`, { rejectUnauthorized: false });
    const frames = [];
    socket.on("message", (text) => frames.push(JSON.parse(text)));
    await until("a greeting", () => frames.some((frame) => frame.event === "pusher:connection_established"), { within: 5000 });
    socket.send(JSON.stringify({ event: "pusher:subscribe", data: { channel: "news" } }));
    await until("the subscription", () => frames.some((frame) => frame.event === "pusher_internal:subscription_succeeded"), { within: 5000 });

    const agent = new https.Agent({ rejectUnauthorized: false });
    const server = new Pusher({ appId: APP.id, key: APP.key, secret: APP.secret, host: "127.0.0.1", port, useTLS: true, agent });
    const large = "x".repeat(10000);
    for (let n = 0; n < 50; n++) await server.trigger("news", "large", { n, large });
    await until("all events", () => frames.filter((frame) => frame.event === "large").length === 50, { within: 10000 });
    const numbers = frames.filter((frame) => frame.event === "large").map((frame) => JSON.parse(frame.data).n);
    assert.deepEqual(numbers, [...Array(50).keys()]);
    socket.close(1000);
    const code = await new Promise((resolve) => socket.once("close", resolve));
    assert.equal(code, 1000);
  });

  test("a plain connection to a TLS port gets no answer that could be mistaken for one", async () => {
    await assert.rejects(fetch(`http://127.0.0.1:${port}/up`));
  });
});

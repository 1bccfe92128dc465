// Connections that fall silent, and those that were to show who they are.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { connected } from "../harness/browsers.mjs";
import { rawClient } from "../harness/raw.mjs";
import { givenSuite } from "../harness/suite.mjs";
import { sleep } from "../harness/until.mjs";
import { FrameSocket, frame } from "../harness/wire.mjs";

describe("heartbeat", { timeout: 120000, concurrency: true }, () => {
  let app, fenced;
  before(async () => {
    const suite = await givenSuite();
    app = await suite.givenApp({ settings: { activity_timeout_s: 10 } });
    fenced = await suite.givenApp({ settings: { authorized_connections_only: true } });
  });
  const seconds = (began) => (performance.now() - began) / 1000;

  test("a silent connection is pinged natively after the timeout and closed with 4201 half a minute later", async (t) => {
    const socket = await FrameSocket.open(t, app);
    const began = performance.now();
    await socket.next(9, { within: 16000 });
    const pinged = seconds(began);
    assert.ok(pinged > 8.5 && pinged < 15, `pinged after ${pinged.toFixed(1)} s`);
    const error = await socket.text({ within: 40000 });
    assert.deepEqual([error.event, error.data.code], ["pusher:error", 4201]);
    assert.equal(await socket.closeCode(), 4201);
    const closed = seconds(began);
    assert.ok(closed > 38 && closed < 50, `closed after ${closed.toFixed(1)} s`);
  });

  test("one that answers native pings alone is kept, whether it subscribes or not", async (t) => {
    const socket = await FrameSocket.open(t, app);
    const began = performance.now();
    let pings = 0;
    while (seconds(began) < 46) {
      const ping = await socket.next(9, { within: 16000 });
      socket.send(frame({ opcode: 10, payload: ping.payload }));
      pings++;
    }
    assert.ok(pings >= 3, `${pings} pings`);
    assert.ok(await socket.answers());
  });

  test("one that speaks is not pinged", async (t) => {
    const socket = await FrameSocket.open(t, app);
    for (let n = 0; n < 8; n++) {
      socket.sendText({ event: "pusher:ping", data: {} });
      assert.equal((await socket.text()).event, "pusher:pong");
      await sleep(2000);
    }
    assert.equal(socket.frames.filter(({ opcode }) => opcode === 9).length, 0);
  });

  test("pusher-js takes the timeout over and stays", async (t) => {
    const pusher = await connected(t, app);
    const states = [];
    pusher.connection.bind("state_change", ({ current }) => states.push(current));
    await sleep(45000);
    assert.deepEqual(states, []);
  });

  test("the first frame tells the app's timeout", async (t) => {
    const client = await rawClient(t, app, { settled: false });
    const { data } = await client.next("pusher:connection_established");
    assert.equal(JSON.parse(data).activity_timeout, 10);
  });

  test("where only known clients may stay, an unknown one is closed with 4009 after half a minute", async (t) => {
    const [unknown, outsider, signedIn, member] = [await rawClient(t, fenced), await rawClient(t, fenced), await rawClient(t, fenced), await rawClient(t, fenced)];
    const began = performance.now();
    await outsider.subscribe("public");
    await signedIn.signIn({ id: "ann" });
    await member.subscribe("private-cache-a");
    assert.equal((await unknown.closing({ within: 40000 })).code, 4009);
    const took = seconds(began);
    assert.ok(took > 28 && took < 38, `after ${took.toFixed(1)} s`);
    assert.equal((await outsider.closing()).code, 4009);
    await sleep(2000);
    await signedIn.staysOpen();
    await member.staysOpen();
  });
});

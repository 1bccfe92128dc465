// Frames that break RFC 6455 or announce more than anybody will hold.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { EVERYTHING_ON, givenSuite } from "../harness/suite.mjs";
import { FrameSocket, frame } from "../harness/wire.mjs";

describe("bad WebSocket frames", { concurrency: true }, () => {
  let app;
  before(async () => {
    app = await (await givenSuite()).givenApp({ settings: EVERYTHING_ON, limits: { max_connections: 1000 } });
  });

  const half = { fin: false, payload: '{"event":' };
  const ROWS = [
    ["a text frame announcing 64 KiB + 1", [frame({ announce: 65537 })], 1009],
    ["a text frame announcing 1 GiB", [frame({ announce: 2 ** 30 })], 1009],
    ["a text frame announcing 2^53 - 1", [frame({ announce: Number.MAX_SAFE_INTEGER })], 1009],
    ["a binary frame announcing 1 GiB", [frame({ opcode: 2, announce: 2 ** 30 })], 1009],
    ["fragments that add up to too much", [frame({ fin: false, payload: "a".repeat(40000) }), frame({ opcode: 0, announce: 40000 })], 1009],
    ["a ping of 126 bytes", [frame({ opcode: 9, announce: 126 })], 1002],
    ["a pong of 126 bytes", [frame({ opcode: 10, announce: 126 })], 1002],
    ["a close of 126 bytes", [frame({ opcode: 8, announce: 126 })], 1002],
    ["the first reserved bit", [frame({ rsv: 4, payload: "{}" })], 1002],
    ["the second reserved bit", [frame({ rsv: 2, payload: "{}" })], 1002],
    ["the third reserved bit", [frame({ rsv: 1, payload: "{}" })], 1002],
    ["a reserved bit on a ping", [frame({ rsv: 4, opcode: 9 })], 1002],
    ["an unmasked text", [frame({ masked: false, payload: "{}" })], 1002],
    ["an unmasked ping", [frame({ masked: false, opcode: 9 })], 1002],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`opcode ${opcode}`, [frame({ opcode, payload: "x" })], 1002]),
    ["a fragmented ping", [frame({ fin: false, opcode: 9 })], 1002],
    ["a continuation of nothing", [frame({ opcode: 0, payload: "x" })], 1002],
    ["a text inside a text", [frame(half), frame({ payload: "{}" })], 1002],
    ["a close of one byte", [frame({ opcode: 8, payload: "x" })], 1002],
    ["a close with code 999", [frame({ opcode: 8, payload: Buffer.from([3, 231]) })], 1002],
    ["a close with code 1005", [frame({ opcode: 8, payload: Buffer.from([3, 237]) })], 1002],
    ["a close with code 1006", [frame({ opcode: 8, payload: Buffer.from([3, 238]) })], 1002],
    ["a close with a reason that is not UTF-8", [frame({ opcode: 8, payload: Buffer.from([3, 232, 0xc3, 0x28]) })], 1007],
    ["text that is not UTF-8", [frame({ payload: Buffer.from([0xc3, 0x28]) })], 1007],
    ["overlong UTF-8", [frame({ payload: Buffer.from([0xc0, 0xaf]) })], 1007],
    ["a surrogate in UTF-8", [frame({ payload: Buffer.from([0xed, 0xa0, 0x80]) })], 1007],
    ["UTF-8 that breaks off", [frame({ payload: Buffer.from([0xe2, 0x82]) })], 1007],
    ["UTF-8 that breaks off between fragments", [frame({ fin: false, payload: Buffer.from([0xe2, 0x82]) }), frame({ opcode: 0, payload: "x" })], 1007],
  ];
  for (const [what, frames, code] of ROWS) {
    test(`${what}: closed with ${code}`, async (t) => {
      const socket = await FrameSocket.open(t, app);
      for (const each of frames) socket.send(each);
      assert.equal(await socket.closeCode(), code);
    });
  }

  test("a length with its highest bit set is refused", async (t) => {
    const socket = await FrameSocket.open(t, app);
    socket.send(Buffer.from([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]));
    assert.ok([1002, 1009].includes(await socket.closeCode()));
  });

  test("a proper close is answered with its code", async (t) => {
    for (const [payload, code] of [
      [Buffer.from([3, 232]), 1000],
      [Buffer.alloc(0), [1000, 1005]],
      [Buffer.from([0x0f, 0xa0]), 4000],
    ]) {
      const socket = await FrameSocket.open(t, app);
      socket.send(frame({ opcode: 8, payload }));
      assert.ok([code].flat().includes(await socket.closeCode()));
    }
  });

  test("a flood of tiny fragments is cut", async (t) => {
    const socket = await FrameSocket.open(t, app);
    socket.send(frame({ fin: false, payload: "" }));
    socket.send(Buffer.concat(Array.from({ length: 20000 }, () => frame({ fin: false, opcode: 0 }))));
    assert.ok([1002, 1008, 1009].includes(await socket.closeCode()));
  });

  test("a message that never ends is cut in time", { timeout: 60000 }, async (t) => {
    const socket = await FrameSocket.open(t, app);
    socket.send(frame(half));
    assert.ok([1008, 4100].includes(await socket.closeCode({ within: 45000 })));
  });

  test("a message of exactly 64 KiB is read", async (t) => {
    const socket = await FrameSocket.open(t, app);
    const head = '{"event":"pusher:ping","data":"';
    socket.sendText(`${head}${"a".repeat(65536 - head.length - 2)}"}`);
    assert.equal((await socket.text()).event, "pusher:pong");
  });

  test("fragments with a ping between them are one message", async (t) => {
    const socket = await FrameSocket.open(t, app);
    const text = '{"event":"pusher:subscribe","data":{"channel":"fragments"}}';
    socket.send(frame({ fin: false, payload: text.slice(0, 20) }));
    socket.send(frame({ opcode: 9, payload: "between" }));
    socket.send(frame({ fin: false, opcode: 0, payload: text.slice(20, 40) }));
    socket.send(frame({ opcode: 0, payload: text.slice(40) }));
    assert.equal((await socket.pong()).toString(), "between");
    assert.equal((await socket.text()).event, "pusher_internal:subscription_succeeded");
  });

  test("bytes that arrive one at a time are a message all the same", async (t) => {
    const socket = await FrameSocket.open(t, app);
    for (const byte of frame({ payload: '{"event":"pusher:ping"}' })) {
      socket.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    assert.equal((await socket.text()).event, "pusher:pong");
  });

  test("a thousand messages in one write are all answered", async (t) => {
    const socket = await FrameSocket.open(t, app);
    socket.send(Buffer.concat(Array.from({ length: 1000 }, () => frame({ payload: '{"event":"pusher:ping"}' }))));
    for (let n = 0; n < 1000; n++) assert.equal((await socket.text()).event, "pusher:pong");
  });

  test("a binary frame is answered with an error, not a close", async (t) => {
    const socket = await FrameSocket.open(t, app);
    socket.send(frame({ opcode: 2, payload: Buffer.from([0, 1, 2, 255]) }));
    const error = await socket.text();
    assert.deepEqual([error.event, error.data.code], ["pusher:error", null]);
    assert.ok(await socket.answers());
  });

  test("compression is not negotiated", async (t) => {
    const socket = await FrameSocket.open(t, app);
    assert.doesNotMatch(socket.upgrade, /sec-websocket-extensions/i);
  });

  test("native pings are answered with their payload, at the limit of 125 bytes too", async (t) => {
    const socket = await FrameSocket.open(t, app);
    socket.send(frame({ opcode: 9, payload: "p".repeat(125) }));
    assert.equal((await socket.pong()).toString(), "p".repeat(125));
    socket.send(frame({ opcode: 10, payload: "unasked" }));
    assert.ok(await socket.answers());
  });
});

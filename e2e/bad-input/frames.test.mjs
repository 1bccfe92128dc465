// Frames that break RFC 6455, in each dialect's socket: the layer below is one, and so are its answers.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { FrameSocket, frame } from "../harness/wire.mjs";

describe("bad WebSocket frames in every dialect", { concurrency: true }, () => {
  let app, sockets;
  before(async () => {
    app = await (await givenSuite()).givenApp({ settings: OPEN, limits: { max_connections: 1000 } });
    const { key } = await app.givenPublishableKey();
    sockets = {
      Relay: { path: `/app/${app.key}` },
      AnyCable: { path: `/apps/${app.key}/cable`, protocol: "actioncable-v1-json" },
      "AnyCable ext": { path: `/apps/${app.key}/cable`, protocol: "actioncable-v1-ext-json" },
      Metered: { path: `/v1?key=${key}` },
    };
  });

  const ROWS = [
    ["a text frame announcing 1 MiB", [frame({ announce: 2 ** 20 })], 1009],
    ["a binary frame announcing 1 GiB", [frame({ opcode: 2, announce: 2 ** 30 })], 1009],
    ["fragments that add up to too much", [frame({ fin: false, payload: "a".repeat(60000) }), frame({ opcode: 0, announce: 90000 })], 1009],
    ["a ping of 126 bytes", [frame({ opcode: 9, announce: 126 })], 1002],
    ["a reserved bit", [frame({ rsv: 4, payload: "{}" })], 1002],
    ["an unmasked text", [frame({ masked: false, payload: "{}" })], 1002],
    ["an unknown opcode", [frame({ opcode: 3, payload: "x" })], 1002],
    ["a continuation of nothing", [frame({ opcode: 0, payload: "x" })], 1002],
    ["text that is not UTF-8", [frame({ payload: Buffer.from([0xc3, 0x28]) })], 1007],
    ["a surrogate in UTF-8", [frame({ payload: Buffer.from([0xed, 0xa0, 0x80]) })], 1007],
  ];
  for (const dialect of ["Relay", "AnyCable", "AnyCable ext", "Metered"]) {
    for (const [what, frames, code] of ROWS) {
      test(`${dialect}, ${what}: closed with ${code}`, async (t) => {
        const socket = await FrameSocket.open(t, app, sockets[dialect]);
        for (const each of frames) socket.send(each);
        assert.equal(await socket.closeCode(), code);
      });
    }

    test(`${dialect}: compression is not negotiated, native pings are answered, a close with its code`, async (t) => {
      const socket = await FrameSocket.open(t, app, sockets[dialect]);
      assert.doesNotMatch(socket.upgrade, /sec-websocket-extensions/i);
      assert.ok(await socket.answers());
      socket.send(frame({ opcode: 8, payload: Buffer.from([3, 232]) }));
      assert.equal(await socket.closeCode(), 1000);
    });
  }
});

// HTTP and WebSocket byte by byte, for what no well-behaved client would send.

import { randomBytes } from "node:crypto";
import net from "node:net";
import { until } from "./until.mjs";

/** A plain TCP connection to the gateway that keeps what it reads. */
export class Wire {
  bytes = Buffer.alloc(0);
  ended = false;

  static async to(t, url) {
    const { hostname, port } = new URL(url);
    const wire = new Wire();
    wire.socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
    t.after(() => wire.socket.destroy());
    wire.socket.on("data", (chunk) => (wire.bytes = Buffer.concat([wire.bytes, chunk])));
    wire.socket.on("end", () => (wire.ended = true));
    wire.socket.on("close", () => (wire.ended = true));
    wire.socket.on("error", () => (wire.ended = true)); // a reset is an end like any other here
    await new Promise((resolve) => wire.socket.once("connect", resolve));
    return wire;
  }

  write(bytes) {
    if (!this.ended) this.socket.write(bytes);
  }

  /** The first HTTP response on this connection, `undefined` if it ended without one. */
  async response({ within = 5000 } = {}) {
    return until("an HTTP response", () => parseResponse(this.bytes) ?? (this.ended ? { status: undefined } : undefined), { within, every: 5 });
  }

  async end({ within = 6000 } = {}) {
    await until("the end of the connection", () => this.ended, { within, every: 5 });
  }
}

export function parseResponse(bytes) {
  const head = bytes.indexOf("\r\n\r\n");
  if (head < 0) return undefined;
  const [statusLine, ...rows] = bytes.subarray(0, head).toString("latin1").split("\r\n");
  const headers = Object.fromEntries(rows.map((row) => [row.slice(0, row.indexOf(":")).toLowerCase(), row.slice(row.indexOf(":") + 1).trim()]));
  const length = Number(headers["content-length"] ?? 0);
  const body = bytes.subarray(head + 4);
  if (body.length < length) return undefined;
  return { status: Number(statusLine.split(" ")[1]), headers, text: body.subarray(0, length).toString(), rest: body.subarray(length) };
}

/** A WebSocket after its handshake, frame by frame. */
export class FrameSocket {
  frames = [];

  /** A socket of the Pusher dialect, or of the one that `path` and `protocol` choose. */
  static async open(t, app, { path = `/app/${app.key}?protocol=7&client=wire&version=1`, protocol } = {}) {
    const wire = await Wire.to(t, app.stack.gateway_url);
    const key = randomBytes(16).toString("base64");
    wire.write(
      [
        `GET ${path} HTTP/1.1`,
        `Host: ${new URL(app.stack.gateway_url).host}`,
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Extensions: permessage-deflate",
        ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
        `Sec-WebSocket-Key: ${key}`,
        "\r\n",
      ].join("\r\n"),
    );
    const socket = new FrameSocket();
    socket.wire = wire;
    socket.upgrade = await until("the upgrade", () => {
      const head = wire.bytes.indexOf("\r\n\r\n");
      return head >= 0 && wire.bytes.subarray(0, head).toString("latin1");
    });
    socket.at = wire.bytes.indexOf("\r\n\r\n") + 4;
    socket.greeting = await socket.text();
    return socket;
  }

  send(frame) {
    this.wire.write(frame);
  }

  sendText(value) {
    this.send(frame({ payload: typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value) }));
  }

  #read() {
    const bytes = this.wire.bytes;
    for (;;) {
      if (bytes.length < this.at + 2) return;
      let length = bytes[this.at + 1] & 0x7f;
      let body = this.at + 2;
      if (length === 126) [length, body] = [bytes.readUInt16BE(body), body + 2];
      else if (length === 127) [length, body] = [Number(bytes.readBigUInt64BE(body)), body + 8];
      if (bytes.length < body + length) return;
      this.frames.push({ opcode: bytes[this.at] & 0x0f, payload: bytes.subarray(body, body + length) });
      this.at = body + length;
    }
  }

  async next(opcode, options) {
    return until(
      `a frame with opcode ${opcode}; the connection ${this.wire.ended ? "ended" : "is open"}`,
      () => {
        this.#read();
        const at = this.frames.findIndex((each) => each.opcode === opcode);
        return at >= 0 && this.frames.splice(at, 1)[0];
      },
      { every: 5, ...options },
    );
  }

  async text(options) {
    return JSON.parse((await this.next(1, options)).payload.toString());
  }

  async pong(options) {
    return (await this.next(10, options)).payload;
  }

  /** The code of the close frame, once the server has also ended the connection. */
  async closeCode(options) {
    const { payload } = await this.next(8, options);
    await this.wire.end();
    return payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
  }

  async answers() {
    this.send(frame({ opcode: 9, payload: "still there" }));
    return (await this.pong()).toString() === "still there";
  }
}

/** One frame; `announce` puts another length into its header than the payload has. */
export function frame({ fin = true, rsv = 0, opcode = 1, masked = true, payload = "", announce } = {}) {
  const body = Buffer.from(payload);
  const length = announce ?? body.length;
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const maskBit = masked ? 0x80 : 0;
  let head;
  if (length < 126) head = Buffer.from([first, maskBit | length]);
  else if (length < 65536) {
    head = Buffer.from([first, maskBit | 126, 0, 0]);
    head.writeUInt16BE(length, 2);
  } else {
    head = Buffer.alloc(10);
    head[0] = first;
    head[1] = maskBit | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  if (!masked) return Buffer.concat([head, body]);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, body.map((byte, at) => byte ^ mask[at % 4])]);
}

// Servers that are told things: one that takes them and remembers, and one of every bad temper.

import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";

/**
 * A server that takes webhooks. `answer(request)` may return a status or `{ status, headers, body }`, or a promise of it;
 * nothing: 200. `requests` are as they came: raw headers, raw body, parsed body.
 */
export async function givenSink(t, answer = () => 200) {
  const sink = { requests: [], answer };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      const rawBody = Buffer.concat(chunks).toString("utf8");
      const { method, url, headers, rawHeaders } = request;
      const seen = { at: performance.now(), method, url, headers, rawHeaders, rawBody, body: JSON.parse(rawBody) };
      sink.requests.push(seen);
      const given = (await sink.answer(seen)) ?? 200;
      const { status, headers: sent, body = "" } = typeof given === "number" ? { status: given } : given;
      response.writeHead(status, sent).end(body);
    });
  });
  sink.url = await listening(t, server);
  return sink;
}

/** All events of a sink that is told in Pusher's form, in the order in which they came. */
export function eventsOf(sink) {
  return sink.requests.flatMap(({ body }) => body.events);
}

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

/** What a connection to a bad server lives through, by its temper. */
export const TEMPERS = {
  "never answers": () => {},
  "drips a byte a second": (socket) => dripping(socket, HEAD.repeat(10)),
  "says yes and drips the rest": (socket) => {
    socket.write(`${HEAD}Content-Length: 100\r\n\r\n`);
    dripping(socket, "x".repeat(100));
  },
  "answers endlessly": (socket) => {
    socket.write(`${HEAD}\r\n`);
    const more = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65536, "x")));
    };
    socket.on("drain", more);
    more();
  },
  "hangs up": (socket) => socket.destroy(),
  "talks nonsense": (socket) => socket.end("go away\r\n\r\n"),
  "answers 500": (socket) => socket.end("HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
  "redirects to us": (socket) => socket.end("HTTP/1.1 302 Over There\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
};

/** A server of a bad temper. `requests`: when each came and how long its connection lived; `ended` the first of that. */
export async function givenBadSink(t, temper) {
  const sink = { requests: [], bytes: 0 };
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    let request;
    socket.on("data", () => {
      if (request) return;
      request = { at: performance.now() };
      sink.requests.push(request);
      TEMPERS[temper](socket);
    });
    socket.on("close", () => {
      sink.bytes += socket.bytesWritten;
      if (!request) return;
      request.lived = performance.now() - request.at;
      sink.onFirstEnd?.();
      sink.onFirstEnd = undefined;
    });
  });
  sink.url = await listening(t, server);
  return sink;
}

function dripping(socket, text) {
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++ % text.length]), 1000);
  socket.on("close", () => clearInterval(timer));
}

function listening(t, server) {
  const sockets = new Set();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((closed) => server.close(closed));
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}/hook`));
  });
}
